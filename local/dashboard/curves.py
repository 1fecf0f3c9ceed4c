"""Lines of a graph or an alarm, computed from what was measured."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from local.dashboard.body import Line
from local.dashboard.expressions import evaluate, search_of
from local.dashboard.measurements import Measurements, Points


@dataclass(frozen=True)
class Curve:
    """Something to draw."""

    label: str
    color: str | None
    points: Points


def curves(lines: Iterable[Line], measurements: Measurements) -> list[Curve]:
    """Return the visible lines, computed; a search becomes a curve for each metric it finds."""
    lines = list(lines)
    by_id = {
        line.id: measurements.points(line.metric, line.stat, line.period)
        for line in lines
        if line.metric and line.id
    }
    return [curve for line in lines if line.visible for curve in _curves(line, by_id, measurements)]


def _curves(line: Line, by_id: dict[str, Points], measurements: Measurements) -> list[Curve]:
    if line.metric:
        points = measurements.points(line.metric, line.stat, line.period)
        return [Curve(line.label, line.color, points)]
    if not (search := search_of(line.expression)):
        return [Curve(line.label, line.color, evaluate(line.expression, by_id))]
    namespace, dimensions, name, stat = search
    # The label is the value of a dimension, as in ${PROP('Dim.reason')}.
    split = line.label.partition("Dim.")[2].rstrip("')}")
    return [
        Curve(
            dict(metric.dimensions).get(split, name),
            None,
            measurements.points(metric, stat, line.period),
        )
        for metric in measurements.find(namespace, name, dimensions)
    ]
