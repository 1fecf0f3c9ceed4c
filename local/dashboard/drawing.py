"""One graph, drawn with matplotlib the way CloudWatch draws it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from local.dashboard.body import Graph, Threshold
from local.dashboard.curves import Curve

INK, FAINT, EDGE, PAPER, CARD = "#16191f", "#687078", "#d5dbdb", "#f2f3f3", "#ffffff"
PALETTE = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f")
LETTER = 0.058  # inches; of the legend's letters, on average
HEADROOM = 1.25
FAR = 4.0
"""A threshold this many times above all values is told at the edge, and does not flatten them."""


@dataclass(frozen=True)
class Box:
    """A part of a figure, in inches from its lower left corner."""

    left: float
    bottom: float
    width: float
    height: float

    @property
    def top(self) -> float:
        """Its upper edge."""
        return self.bottom + self.height

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.left + self.width


def draw_card(figure: Figure, box: Box, title: str = "") -> None:
    """Draw the frame of a widget and its title."""
    frame = FancyBboxPatch(
        (box.left, box.bottom),
        box.width,
        box.height,
        boxstyle="round,pad=0,rounding_size=0.05",
        facecolor=CARD,
        edgecolor=EDGE,
        linewidth=0.8,
        transform=figure.dpi_scale_trans,
        zorder=-2,  # under the axes
    )
    figure.patches.append(frame)
    write(figure, box.left + 0.12, box.top - 0.22, title, size=10, weight="bold")


def write(
    figure: Figure,
    x: float,
    y: float,
    text: str,
    *,
    size: float = 8,
    color: str = INK,
    weight: str = "normal",
    align: str = "left",
    family: str = "sans-serif",
) -> None:
    """Write a text whose baseline begins, or ends, at a point in inches."""
    figure.text(
        x,
        y,
        text,
        fontsize=size,
        color=color,
        fontweight=weight,
        ha=align,
        va="baseline",
        family=family,
        transform=figure.dpi_scale_trans,
        parse_math=False,
    )


def draw_graph(
    figure: Figure, box: Box, graph: Graph, curves: tuple[Curve, ...], begin: float, end: float
) -> None:
    """Draw a graph into a box: title, unit, curves, thresholds, legend and period.

    Parameters
    ----------
    figure, box
        Where.
    graph, curves
        What.
    begin, end
        The time shown, in seconds since 1970.
    """
    draw_card(figure, box, graph.title)
    write(figure, box.left + 0.12, box.top - 0.4, graph.unit, size=7.5, color=FAINT)
    write(
        figure,
        box.right - 0.12,
        box.top - 0.4,
        f"period {graph.period} s",
        size=7.5,
        color=FAINT,
        align="right",
    )
    axes = _axes(figure, box)
    axes.set_xlim(begin - graph.period, end + graph.period)
    seen = [curve for curve in curves if curve.points]
    _draw_curves(axes, graph, seen)
    _scale(axes, graph, seen)
    if all(value == int(value) for curve in seen for value in curve.points.values()):
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True, min_n_ticks=2))
    for threshold in graph.thresholds:
        _draw_threshold(axes, threshold)
    if not seen:
        middle = (box.left + box.width / 2, box.bottom + box.height / 2)
        write(figure, *middle, "no data in this run", size=9, color=FAINT, align="center")
    _draw_legend(figure, box, axes, curves)


def _axes(figure: Figure, box: Box) -> Axes:
    width, height = figure.get_size_inches()
    left, bottom = box.left + 0.5, box.bottom + 0.52
    inside = (box.width - 0.68, box.height - 1.02)
    axes = figure.add_axes(
        (left / width, bottom / height, inside[0] / width, inside[1] / height), facecolor="none"
    )
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(EDGE)
    axes.tick_params(length=0, labelsize=7, labelcolor=FAINT, pad=3)
    axes.grid(axis="y", color="#eaeded", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 1.5, 3, 6, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(_time))
    axes.yaxis.set_major_locator(MaxNLocator(4, min_n_ticks=2))
    axes.yaxis.set_major_formatter(FuncFormatter(_number))
    return axes


def _draw_curves(axes: Axes, graph: Graph, curves: list[Curve]) -> None:
    if graph.stacked:
        _draw_columns(axes, graph, curves)
        return
    for number, curve in enumerate(curves):
        moments = [begin + graph.period / 2 for begin in curve.points]
        color = _color(curve, number)
        marker = "o" if len(moments) <= 40 else None
        values = list(curve.points.values())
        axes.plot(moments, values, color=color, linewidth=1.5, marker=marker, markersize=2.8)


def _draw_columns(axes: Axes, graph: Graph, curves: list[Curve]) -> None:
    """Stack columns: of an area over a few sparse points there would be nothing to see."""
    moments = sorted({moment for curve in curves for moment in curve.points})
    width = float(graph.period)
    if any(line.stat == "Maximum" for line in graph.lines):
        # A level that was seen lasts until it is looked at again; the patrol looks each minute.
        width = min([late - early for early, late in pairwise(moments)], default=width)
    floor = dict.fromkeys(moments, 0.0)
    for number, curve in enumerate(curves):
        heights = [curve.points.get(moment, 0.0) for moment in moments]
        axes.bar(
            moments,
            heights,
            width=width * 0.92,
            bottom=list(floor.values()),
            align="edge",
            color=_color(curve, number),
            alpha=0.85,
        )
        floor = {
            moment: floor[moment] + height for moment, height in zip(moments, heights, strict=True)
        }


def _scale(axes: Axes, graph: Graph, curves: list[Curve]) -> None:
    highest = max([value for curve in curves for value in curve.points.values()], default=0.0)
    if graph.stacked:
        moments = {moment for curve in curves for moment in curve.points}
        sums = [sum(curve.points.get(moment, 0.0) for curve in curves) for moment in moments]
        highest = max(sums, default=0.0)
    near = [each.value for each in graph.thresholds if each.value <= max(highest, 1.0) * FAR]
    top = graph.top * 1.05 if graph.top else max([highest, *near, 1.0]) * HEADROOM
    axes.set_ylim(0, top)


def _draw_threshold(axes: Axes, threshold: Threshold) -> None:
    bottom, top = axes.get_ylim()
    beyond = threshold.value > top
    at = top if beyond else threshold.value
    axes.axhline(at, color=threshold.color, linewidth=1.0, linestyle=(0, (5, 3)), clip_on=False)
    if not beyond and threshold.fill:
        edges = (at, top) if threshold.fill == "above" else (bottom, at)
        axes.axhspan(*edges, color=threshold.color, alpha=0.06, linewidth=0)
    value = f"{threshold.value:,.0f}"
    told = f"{threshold.label}: {value}{' ↑' if beyond else ''}"
    below = beyond or at > (top - bottom) * 0.82
    axes.annotate(
        told,
        (1.0, at),
        xycoords=("axes fraction", "data"),
        xytext=(0, -3 if below else 3),
        textcoords="offset points",
        ha="right",
        va="top" if below else "bottom",
        fontsize=7,
        color=threshold.color,
    )


def _draw_legend(figure: Figure, box: Box, axes: Axes, curves: tuple[Curve, ...]) -> None:
    seen = [curve for curve in curves if curve.points]
    numbers = {id(curve): number for number, curve in enumerate(seen)}
    handles, labels = [], []
    for curve in curves:
        color = _color(curve, numbers.get(id(curve), 0)) if curve.points else EDGE
        handles.append(axes.plot([], [], color=color, linewidth=3, solid_capstyle="butt")[0])
        labels.append(curve.label)
    if not labels:
        return
    fits = sum(len(label) * LETTER + 0.35 for label in labels) < box.width
    axes.legend(
        handles,
        labels,
        loc="upper left",
        bbox_to_anchor=(box.left + 0.12, box.bottom + 0.34),
        bbox_transform=figure.dpi_scale_trans,
        ncols=len(labels) if fits else (len(labels) + 1) // 2,
        fontsize=7,
        frameon=False,
        labelcolor=INK,
        handlelength=0.9,
        handletextpad=0.4,
        columnspacing=1.1,
        borderaxespad=0,
        labelspacing=0.25,
    )


def _color(curve: Curve, number: int) -> str:
    return curve.color or PALETTE[number % len(PALETTE)]


def _time(moment: float, _: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%H:%M:%S")


def _number(value: float, _: int) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.2g}"
