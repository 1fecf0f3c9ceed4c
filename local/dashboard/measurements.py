"""What was measured: values by metric and moment, and their statistics by period."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from local.dashboard.body import Identity

Points = dict[int, float]  # value by the beginning of its period, in seconds since 1970


@dataclass(frozen=True)
class Measured:
    """Values of a metric at a moment, in seconds since 1970."""

    metric: Identity
    moment: float
    values: tuple[float, ...]


class Measurements:
    """Everything that was measured in a run."""

    def __init__(self) -> None:
        self._values: dict[Identity, list[tuple[float, float]]] = defaultdict(list)

    def add(self, measured: Measured) -> None:
        """Take values in."""
        self._values[measured.metric] += [(measured.moment, value) for value in measured.values]

    def points(self, metric: Identity, stat: str, period: int) -> Points:
        """Return a statistic of a metric for each period in which there are values."""
        buckets: dict[int, list[float]] = defaultdict(list)
        for moment, value in self._values.get(metric, []):
            buckets[int(moment // period) * period].append(value)
        return {begin: statistic(stat, values) for begin, values in sorted(buckets.items())}

    def find(self, namespace: str, name: str, dimensions: frozenset[str]) -> list[Identity]:
        """Return the metrics of a name that have exactly these dimensions."""
        found = [
            metric
            for metric in self._values
            if (metric.namespace, metric.name) == (namespace, name)
            and {dimension for dimension, _ in metric.dimensions} == dimensions
        ]
        return sorted(found, key=lambda metric: sorted(metric.dimensions))

    def span(self) -> tuple[float, float]:
        """Return the first and the last moment of which something is known."""
        moments = [moment for values in self._values.values() for moment, _ in values]
        return (min(moments), max(moments)) if moments else (0.0, 0.0)


def statistic(stat: str, values: Sequence[float]) -> float:
    """Return a statistic of values, by CloudWatch's name of it: ``Sum``, ``p90``, ..."""
    match stat:
        case "Sum":
            return math.fsum(values)
        case "Maximum":
            return max(values)
        case "Minimum":
            return min(values)
        case "Average":
            return math.fsum(values) / len(values)
        case "SampleCount":
            return float(len(values))
    if stat.startswith("p"):
        # The nearest rank: a value that was really measured.
        rank = math.ceil(float(stat[1:]) / 100 * len(values))
        return sorted(values)[max(0, rank - 1)]
    message = f"{stat!r} is no statistic that is known here"
    raise ValueError(message)


def read_emf(line: str) -> Iterator[Measured]:
    """Read what a log line measures in CloudWatch's embedded metric format; other lines, nothing.

    The format is specified in the CloudWatch user guide, "Embedded metric format".
    """
    try:
        told = json.loads(line)
        directives = told["_aws"]["CloudWatchMetrics"]
    except (ValueError, KeyError, TypeError):
        return
    moment = told["_aws"]["Timestamp"] / 1000
    for directive in directives:
        for dimensions in directive["Dimensions"]:
            pairs = frozenset((name, str(told[name])) for name in dimensions)
            for metric in directive["Metrics"]:
                identity = Identity(directive["Namespace"], metric["Name"], pairs)
                values = told[metric["Name"]]
                values = values if isinstance(values, list) else [values]
                yield Measured(identity, moment, tuple(map(float, values)))
