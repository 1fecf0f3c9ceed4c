"""What may be asked for, and how it travels."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.engine import OptionError, Options
from workflows.engine.options import EVALUATIONS

any_options = st.builds(
    Options,
    size=st.integers(64, 2048),
    strength=st.floats(0, 1),
    quality=st.sampled_from(sorted(EVALUATIONS)),
    preserve_colors=st.booleans(),
    style_scale=st.floats(0.5, 2),
)


def test_defaults_are_spelled_as_the_launch_plan_expects_them() -> None:
    assert Options().to_strings() == {
        "size": "512",
        "strength": "1.0",
        "quality": "standard",
        "preserve_colors": "false",
        "style_scale": "1.0",
    }


@settings(deadline=None)
@given(any_options)
def test_what_is_written_is_read_back_unchanged(options: Options) -> None:
    assert Options.from_strings(options.to_strings()) == options


def test_a_missing_option_takes_its_default() -> None:
    assert Options.from_strings({"size": "256"}) == Options(size=256)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"size": 63}, "size must be a whole number from 64 to 2048"),
        ({"size": 2049}, "size must be"),
        ({"size": 512.0}, "size must be"),
        ({"size": True}, "size must be"),
        ({"strength": -0.01}, "strength must be a number from 0 to 1"),
        ({"strength": 1.01}, "strength must be"),
        ({"strength": float("nan")}, "strength must be"),
        ({"strength": True}, "strength must be"),
        ({"style_scale": 0.49}, "style_scale must be a number from 0.5 to 2, not 0.49"),
        ({"style_scale": float("inf")}, "style_scale must be"),
        ({"quality": "best"}, "quality must be one of preview, standard, high, not 'best'"),
        ({"preserve_colors": 1}, "preserve_colors must be true or false"),
    ],
)
def test_a_value_out_of_range_is_refused_with_what_is_offered(
    values: dict[str, object], reason: str
) -> None:
    with pytest.raises(OptionError, match=reason):
        Options(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("strings", "reason"),
    [
        ({"size": "big"}, "size must be a whole number, not 'big'"),
        ({"strength": "strong"}, "strength must be a number, not 'strong'"),
        ({"style_scale": "big"}, "style_scale must be a number, not 'big'"),
        ({"preserve_colors": "yes"}, "preserve_colors must be true or false, not 'yes'"),
        ({"colour": "red"}, "unknown option 'colour'; nst has size, strength"),
    ],
)
def test_text_that_cannot_be_read_is_refused_with_a_reason(
    strings: dict[str, str], reason: str
) -> None:
    with pytest.raises(OptionError, match=reason):
        Options.from_strings(strings)


def test_better_quality_costs_more_evaluations() -> None:
    costs = [Options(quality=quality).evaluations for quality in ("preview", "standard", "high")]  # type: ignore[arg-type]
    assert costs == sorted(costs)
    assert costs[0] < costs[1] < costs[2]
