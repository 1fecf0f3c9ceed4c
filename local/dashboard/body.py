"""The dashboard and the alarms as the template says them, with its references filled in."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from local.dashboard.references import References

DEFAULT_PERIOD = 300  # seconds; what CloudWatch takes where a widget tells none
SOURCE = re.compile(r"SOURCE '([^']+)'")


@dataclass(frozen=True)
class Identity:
    """What CloudWatch tells one metric from another by."""

    namespace: str
    name: str
    dimensions: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True)
class Line:
    """One line of a graph: a metric, or an expression over other lines."""

    label: str
    stat: str
    period: int
    metric: Identity | None = None
    expression: str = ""
    id: str = ""
    color: str | None = None
    visible: bool = True


@dataclass(frozen=True)
class Threshold:
    """A line that values should stay below, or above."""

    value: float
    label: str
    color: str
    fill: str = ""


@dataclass(frozen=True)
class Place:
    """Where a widget is on the grid of 24 columns, in its cells."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Graph:
    """Metrics over time."""

    place: Place
    title: str
    unit: str
    period: int
    lines: tuple[Line, ...]
    thresholds: tuple[Threshold, ...] = ()
    stacked: bool = False
    top: float | None = None

    def paced(self, period: int) -> Graph:
        """Return the same graph with at most this period, for a run of minutes."""
        lines = tuple(replace(line, period=min(period, line.period)) for line in self.lines)
        return replace(self, period=min(period, self.period), lines=lines)


@dataclass(frozen=True)
class Text:
    """A heading, or an explanation, in Markdown."""

    place: Place
    markdown: str


@dataclass(frozen=True)
class LogTable:
    """What a query finds in log groups."""

    place: Place
    title: str
    groups: tuple[str, ...]
    query: str


@dataclass(frozen=True)
class AlarmRow:
    """The states of alarms, by their addresses."""

    place: Place
    title: str
    alarms: tuple[str, ...]


Widget = Graph | Text | LogTable | AlarmRow


@dataclass(frozen=True)
class Alarm:
    """What is watched, and from when on it is too much."""

    logical_id: str
    arn: str
    description: str
    lines: tuple[Line, ...]  # the watched one is visible
    threshold: float
    periods: int
    datapoints: int
    missing: str
    actions: tuple[str, ...]


def dashboard(template: Mapping[str, Any], references: References) -> list[Widget]:
    """Return the widgets of the template's dashboard, in the order of its text."""
    (resource,) = (
        each
        for each in template["Resources"].values()
        if each["Type"] == "AWS::CloudWatch::Dashboard"
    )
    body = json.loads(references.fill(resource["Properties"]["DashboardBody"]))
    return [_widget(widget) for widget in body["widgets"]]


def alarms(template: Mapping[str, Any], references: References) -> list[Alarm]:
    """Return the template's alarms."""
    return [
        _alarm(name, references.fill_all(resource["Properties"]), references)
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    ]


def _widget(widget: Mapping[str, Any]) -> Widget:
    place = Place(widget["x"], widget["y"], widget["width"], widget["height"])
    said = widget["properties"]
    match widget["type"]:
        case "text":
            return Text(place, said["markdown"])
        case "alarm":
            return AlarmRow(place, said["title"], tuple(said["alarms"]))
        case "log":
            sources, query = SOURCE.findall(said["query"]), said["query"].split(" | ")
            stages = [stage for stage in query if not SOURCE.fullmatch(stage)]
            return LogTable(place, said["title"], tuple(sources), " | ".join(stages))
        case "metric":
            return _graph(place, said)
    message = f"the dashboard has a widget of type {widget['type']!r}, which nobody here can draw"
    raise ValueError(message)


def _graph(place: Place, said: Mapping[str, Any]) -> Graph:
    period = int(said.get("period", DEFAULT_PERIOD))
    left = said.get("yAxis", {}).get("left", {})
    horizontal = said.get("annotations", {}).get("horizontal", [])
    return Graph(
        place=place,
        title=said["title"],
        unit=left.get("label", ""),
        period=period,
        lines=tuple(_line(line, said.get("stat", "Average"), period) for line in said["metrics"]),
        thresholds=tuple(
            Threshold(each["value"], each["label"], each["color"], each.get("fill", ""))
            for each in horizontal
        ),
        stacked=said["stacked"],
        top=left.get("max"),
    )


def _line(line: Sequence[Any], stat: str, period: int) -> Line:
    *words, options = line if isinstance(line[-1], dict) else [*line, {}]
    common = {
        "stat": options.get("stat", stat),
        "period": int(options.get("period", period)),
        "id": options.get("id", ""),
        "color": options.get("color"),
        "visible": options.get("visible", True),
    }
    if "expression" in options:
        label = options.get("label", options["expression"])
        return Line(label=label, expression=options["expression"], **common)
    namespace, name, *dimensions = words
    pairs = frozenset(zip(dimensions[::2], dimensions[1::2], strict=True))
    label = options.get("label", name)
    return Line(label=label, metric=Identity(namespace, name, pairs), **common)


def _alarm(logical_id: str, said: Mapping[str, Any], references: References) -> Alarm:
    periods = int(said["EvaluationPeriods"])
    return Alarm(
        logical_id=logical_id,
        arn=references.fill(f"${{{logical_id}.Arn}}"),
        description=said["AlarmDescription"],
        lines=tuple(_queries(said)),
        threshold=float(said["Threshold"]),
        periods=periods,
        datapoints=int(said.get("DatapointsToAlarm", periods)),
        missing=said["TreatMissingData"],
        actions=tuple(said["AlarmActions"]),
    )


def _queries(said: Mapping[str, Any]) -> list[Line]:
    if "Metrics" not in said:
        return [Line(said["MetricName"], said["Statistic"], said["Period"], _identity(said))]
    stats = [query["MetricStat"] for query in said["Metrics"] if "MetricStat" in query]
    period = max(stat["Period"] for stat in stats)
    return [
        Line(query["Label"], "", period, expression=query["Expression"], id=query["Id"])
        if "Expression" in query
        else Line(
            label=query["Id"],
            stat=query["MetricStat"]["Stat"],
            period=query["MetricStat"]["Period"],
            metric=_identity(query["MetricStat"]["Metric"]),
            id=query["Id"],
            visible=query.get("ReturnData", True),
        )
        for query in said["Metrics"]
    ]


def _identity(said: Mapping[str, Any]) -> Identity:
    pairs = frozenset((each["Name"], each["Value"]) for each in said.get("Dimensions", []))
    return Identity(said["Namespace"], said["MetricName"], pairs)
