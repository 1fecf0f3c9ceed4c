"""Metrics: read from log lines, and summed up by period as CloudWatch does."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.dashboard.body import Identity
from local.dashboard.measurements import Measured, Measurements, read_emf, statistic

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30)


def test_each_set_of_dimensions_is_a_metric_of_its_own() -> None:
    metrics = [{"Name": "Launched", "Unit": "Count"}, {"Name": "Seconds", "Unit": "Seconds"}]
    directive = {"Namespace": "nst", "Dimensions": [["service"], []], "Metrics": metrics}
    line = {
        "_aws": {"Timestamp": 1500, "CloudWatchMetrics": [directive]},
        "service": "dispatcher",
        "Launched": 2,
        "Seconds": [0.5, 1.5],
    }

    told = list(read_emf(json.dumps(line)))

    by_service = frozenset({("service", "dispatcher")})
    assert told == [
        Measured(Identity("nst", "Launched", by_service), 1.5, (2.0,)),
        Measured(Identity("nst", "Seconds", by_service), 1.5, (0.5, 1.5)),
        Measured(Identity("nst", "Launched"), 1.5, (2.0,)),
        Measured(Identity("nst", "Seconds"), 1.5, (0.5, 1.5)),
    ]


@pytest.mark.parametrize(
    "line", ["START RequestId: 1", "", "7", "[]", '{"level": "INFO"}', '{"_aws": {}}']
)
def test_other_lines_measure_nothing(line: str) -> None:
    assert list(read_emf(line)) == []


def test_values_are_summed_up_by_period() -> None:
    metric = Identity("nst", "Launched")
    measurements = Measurements()
    for moment, value in ((0, 1.0), (59, 2.0), (60, 4.0), (200, 8.0)):
        measurements.add(Measured(metric, moment, (value,)))

    assert measurements.points(metric, "Sum", 60) == {0: 3.0, 60: 4.0, 180: 8.0}
    assert measurements.points(metric, "SampleCount", 300) == {0: 4.0}
    assert measurements.points(Identity("nst", "Other"), "Sum", 60) == {}


@given(VALUES)
def test_percentiles_are_values_that_were_measured_and_grow(values: list[float]) -> None:
    percentiles = [statistic(f"p{share}", values) for share in (10, 50, 90, 99, 100)]

    assert set(percentiles) <= set(values)
    assert percentiles == sorted(percentiles)
    assert percentiles[-1] == statistic("Maximum", values)


def test_an_unknown_statistic_is_refused() -> None:
    with pytest.raises(ValueError, match="'Median' is no statistic"):
        statistic("Median", [1.0])
