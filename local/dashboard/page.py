"""The dashboard of a run: each widget of the template with what it shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.dashboard import insights
from local.dashboard.body import AlarmRow, Graph, LogTable, Place, Text, alarms, dashboard
from local.dashboard.curves import Curve, curves
from local.dashboard.references import References
from local.dashboard.states import State, state

if TYPE_CHECKING:
    from local.dashboard.recording import Recording

PERIODS = (5, 10, 30, 60, 300)
"""Seconds. The template's own are made for hours; of a run of minutes they would leave a dot."""

POINTS = 60
"""As many periods as a graph has at most, where a shorter period allows it."""


@dataclass(frozen=True)
class ShownText:
    """A heading."""

    place: Place
    markdown: str


@dataclass(frozen=True)
class ShownGraph:
    """A graph and its curves."""

    place: Place
    graph: Graph
    curves: tuple[Curve, ...]


@dataclass(frozen=True)
class ShownTable:
    """What a query found."""

    place: Place
    title: str
    table: insights.Table


@dataclass(frozen=True)
class ShownAlarms:
    """Alarms and their states at the end of the run."""

    place: Place
    title: str
    states: tuple[tuple[str, State], ...]


Shown = ShownText | ShownGraph | ShownTable | ShownAlarms


@dataclass(frozen=True)
class Page:
    """Everything that there is to draw."""

    begin: float  # seconds since 1970
    end: float
    shown: Sequence[Shown]

    @property
    def rows(self) -> int:
        """Height of the grid, in its cells."""
        return max(each.place.y + each.place.height for each in self.shown)


def compose(template: dict[str, Any], recording: Recording, *, stack: str) -> Page:
    """Fill the template's dashboard with a run.

    Parameters
    ----------
    template
        The template, with intrinsics in their long form.
    recording
        The run.
    stack
        Name of the stack, which is the namespace of its metrics, too.
    """
    references = References(template, stack=stack)
    measurements = recording.measurements(
        references.fill("${UploadsQueue}"), references.fill("${DeadLetterQueue}")
    )
    begin, end = measurements.span()
    period = next((each for each in PERIODS if (end - begin) / each <= POINTS), PERIODS[-1])
    watched = {alarm.arn: alarm for alarm in alarms(template, references)}
    shown: list[Shown] = []
    for widget in dashboard(template, references):
        match widget:
            case Text(place, markdown):
                shown.append(ShownText(place, markdown))
            case Graph():
                paced = widget.paced(period)
                drawn = tuple(curves(paced.lines, measurements))
                shown.append(ShownGraph(widget.place, paced, drawn))
            case LogTable(place, title, groups, query):
                lines = [line for line in recording.logs if line.group in groups]
                records = [insights.record_of(line.moment, line.message) for line in lines]
                shown.append(ShownTable(place, title, insights.run(query, records)))
            case AlarmRow(place, title, arns):
                found = [watched[arn] for arn in arns]
                states = [(each.logical_id, state(each, measurements, end)) for each in found]
                shown.append(ShownAlarms(place, title, tuple(states)))
    return Page(begin, end, shown)
