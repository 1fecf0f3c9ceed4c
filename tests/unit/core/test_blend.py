"""A blend of styles is read as people write it, and written so that it can be read again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.blend import BlendError, blend_label, label, read_blend
from services.core.model import Style

names = st.text(st.characters(categories=["L", "N"], include_characters="-_. "), min_size=1).filter(
    lambda name: name == name.strip()
)
weights = st.floats(0.01, 100).map(lambda weight: float(f"{weight:g}"))


@pytest.mark.parametrize(
    ("text", "blend"),
    [
        ("mosaic", [("mosaic", 1.0)]),
        ("mosaic + woodcut", [("mosaic", 1.0), ("woodcut", 1.0)]),
        ("mosaic*2+woodcut", [("mosaic", 2.0), ("woodcut", 1.0)]),
        (" great-wave * .5 + ink*1e1 ", [("great-wave", 0.5), ("ink", 10.0)]),
        # the weight of a single style weighs against nothing
        ("mosaic*2", [("mosaic", 1.0)]),
    ],
)
def test_names_and_weights_are_read(text: str, blend: list[tuple[str, float]]) -> None:
    assert read_blend(text) == tuple(blend)


@given(st.lists(st.tuples(names, weights), min_size=2, max_size=8, unique_by=lambda one: one[0]))
def test_what_is_written_can_be_read_again(blend: list[tuple[str, float]]) -> None:
    assert read_blend(label(blend)) == tuple(blend)


def test_the_weight_one_goes_without_saying() -> None:
    mosaic = Style("mosaic", "b", "styles/mosaic.jpg", weight=2.0)
    assert blend_label([mosaic, Style("ink", "b", "styles/ink.jpg")]) == "mosaic*2 + ink"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("mosaic +", "a style is missing; write a blend as 'mosaic*2 + woodcut'"),
        ("*2", "a style is missing"),
        ("", "a style is missing"),
        ("mosaic*two + ink", "the weight of style 'mosaic' must be a number from 0.01 to 100"),
        ("mosaic*0 + ink", "not '0'"),
        ("mosaic*nan + ink", "not 'nan'"),
        ("mosaic*-1 + ink", "not '-1'"),
        ("ink + mosaic + ink*3", "style 'ink' is named twice; give it one weight"),
        ("+".join("abcdefghi"), "at most 8 styles can be blended, not 9"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_would_be(text: str, reason: str) -> None:
    with pytest.raises(BlendError) as error:
        read_blend(text)
    assert reason in str(error.value)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        blend = read_blend(text)
    except BlendError:
        return
    assert all(name for name, _ in blend)
