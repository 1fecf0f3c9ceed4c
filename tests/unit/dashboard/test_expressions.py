"""Metric math: what the template uses is computed as CloudWatch does; the rest is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.dashboard.expressions import ExpressionError, evaluate, names_in, search_of

POINTS = st.dictionaries(st.integers(0, 20), st.floats(0, 1e6), max_size=8)


def test_lines_are_combined_where_all_have_a_value() -> None:
    lines = {"errors": {0: 1.0, 60: 1.0}, "launched": {60: 3.0, 120: 5.0}}

    assert evaluate("100 * errors / (launched + errors)", lines) == {60: 25.0}


def test_nothing_divided_by_nothing_is_no_point() -> None:
    assert evaluate("a / b", {"a": {0: 0.0, 60: 4.0}, "b": {0: 0.0, 60: 2.0}}) == {60: 2.0}


@pytest.mark.parametrize(
    ("waiting", "deleted", "stuck"), [(0.0, 0.0, 0.0), (3.0, 0.0, 1.0), (3.0, 1.0, 0.0)]
)
def test_conditions_choose(waiting: float, deleted: float, stuck: float) -> None:
    lines = {"waiting": {0: waiting}, "deleted": {0: deleted}}

    assert evaluate("IF(waiting > 0 AND deleted == 0, 1, 0)", lines) == {0: stuck}


@given(POINTS, POINTS)
def test_a_sum_misses_no_point_of_any_line(a: dict[int, float], b: dict[int, float]) -> None:
    added = evaluate("SUM([a, b])", {"a": a, "b": b})

    assert added == {at: a.get(at, 0.0) + b.get(at, 0.0) for at in sorted(a.keys() | b.keys())}


@pytest.mark.parametrize(
    "expression", ["ANOMALY_DETECTION_BAND(a, 2)", "a ** 2", "a +", "unknown", "1 + 1", "a < 1 < 2"]
)
def test_what_is_not_understood_is_refused(expression: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(expression, {"a": {0: 1.0}})


def test_the_ids_of_an_expression_are_known_from_its_functions() -> None:
    assert names_in("100 * SUM([da, ta]) / IF(du > 0, du, 1)") == {"da", "ta", "du"}


def test_a_search_tells_what_it_is_for() -> None:
    search = """SEARCH('{"nst",service,code} MetricName="LaunchErrors"', 'Sum', 60)"""

    assert search_of(search) == ("nst", frozenset({"service", "code"}), "LaunchErrors", "Sum")
    assert search_of("a + b") is None
