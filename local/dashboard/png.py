"""The dashboard as one picture."""

from __future__ import annotations

import io
from datetime import UTC, datetime

from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch
from PIL import Image

from local.dashboard.drawing import FAINT, INK, PAPER, Box, draw_card, draw_graph, write
from local.dashboard.markdown import read
from local.dashboard.page import Page, Shown, ShownAlarms, ShownGraph, ShownTable, ShownText
from local.dashboard.states import State

COLUMN, ROW = 0.8, 0.43  # inches of a cell of the grid
GAP = 0.05  # inches around a widget
FOOT = 0.35
DPI = 100
COLORS = 255
"""Enough for lines and letters on white; a picture in the docs is to stay small."""

LINK_COLOR = "#0073bb"
STATE_COLORS = {
    State.OK: "#1d8102",
    State.ALARM: "#d13212",
    State.INSUFFICIENT_DATA: "#879596",
}
LETTER = 0.068  # inches; of the letters in tables, which all have the same width
LINE = 0.21


def draw_png(page: Page) -> bytes:
    """Draw a page as PNG."""
    width, height = 24 * COLUMN, page.rows * ROW + FOOT
    figure = Figure(figsize=(width, height), dpi=DPI, facecolor=PAPER)
    for shown in page.shown:
        place = shown.place
        box = Box(
            left=place.x * COLUMN + GAP,
            bottom=height - (place.y + place.height) * ROW + GAP,
            width=place.width * COLUMN - 2 * GAP,
            height=place.height * ROW - 2 * GAP,
        )
        _draw(figure, box, shown, page)
    write(figure, width - 0.15, 0.12, footnote(page), size=8, color=FAINT, align="right")
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png")
    return _lean(drawn.getvalue())


def footnote(page: Page) -> str:
    """Say what is drawn."""
    begin, end = (datetime.fromtimestamp(each, UTC) for each in (page.begin, page.end))
    return (
        f"infra/sam-template.yaml, drawn by nst dashboard from a run on one machine, "
        f"{begin:%Y-%m-%d %H:%M:%S} to {end:%H:%M:%S} UTC"
    )


def _draw(figure: Figure, box: Box, shown: Shown, page: Page) -> None:
    match shown:
        case ShownText(_, markdown):
            _draw_text(figure, box, markdown)
        case ShownGraph(_, graph, curves):
            draw_graph(figure, box, graph, curves, page.begin, page.end)
        case ShownTable(_, title, table):
            draw_card(figure, box, title)
            _draw_table(figure, box, table.columns, table.rows)
        case ShownAlarms(_, title, states):
            draw_card(figure, box, title)
            _draw_states(figure, box, states)


def _draw_text(figure: Figure, box: Box, markdown: str) -> None:
    y = box.top - 0.27
    for line in read(markdown):
        size, color, weight = {1: (17, INK, "bold"), 2: (13, INK, "bold")}.get(
            line.level, (9.5, FAINT, "normal")
        )
        write(figure, box.left + 0.1, y, line.text, size=size, color=color, weight=weight)
        links = "   ".join(name for name, _ in line.links)
        write(figure, box.right - 0.1, y, links, size=8.5, color=LINK_COLOR, align="right")
        y -= 0.32


def _draw_states(figure: Figure, box: Box, states: tuple[tuple[str, State], ...]) -> None:
    width = (box.width - 0.24) / len(states)
    for number, (name, state) in enumerate(states):
        left = box.left + 0.12 + number * width
        tile = FancyBboxPatch(
            (left, box.bottom + 0.12),
            width - 0.1,
            box.height - 0.55,
            boxstyle="round,pad=0,rounding_size=0.04",
            facecolor=STATE_COLORS[state],
            edgecolor="none",
            transform=figure.dpi_scale_trans,
            zorder=-1,
        )
        figure.patches.append(tile)
        middle = box.bottom + 0.12 + (box.height - 0.55) / 2
        said = state.replace("_", " ").lower() if state is not State.OK else "OK"
        write(figure, left + 0.12, middle + 0.05, name, size=8.2, color="white", weight="bold")
        write(figure, left + 0.12, middle - 0.16, said, size=8, color="white")


def _draw_table(
    figure: Figure, box: Box, columns: tuple[str, ...], rows: tuple[tuple[str, ...], ...]
) -> None:
    y = box.top - 0.48
    fitting = [tuple(map(_one_line, row)) for row in rows[: int((y - box.bottom - 0.1) / LINE)]]
    letters = int((box.width - 0.24) / LETTER)
    widths = _widths(columns, fitting, letters)
    for number, row in enumerate((columns, *fitting)):
        x = box.left + 0.12
        for cell, width in zip(row, widths, strict=True):
            text = cell if len(cell) <= width else cell[: width - 1] + "…"
            color = FAINT if number == 0 else INK
            write(figure, x, y, text, size=7.5, color=color, family="monospace")
            x += (width + 2) * LETTER
        y -= LINE
    if not rows:
        write(figure, box.left + 0.12, y, "nothing in this run", size=8, color=FAINT)


def _widths(columns: tuple[str, ...], rows: list[tuple[str, ...]], letters: int) -> list[int]:
    """Give each column what it needs, and take from the widest what is too much."""
    widths = [max(map(len, cells)) for cells in zip(columns, *rows, strict=True)]
    while sum(widths) + 2 * (len(widths) - 1) > letters:
        widths[widths.index(max(widths))] -= 1
    return widths


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _lean(png: bytes) -> bytes:
    lean = io.BytesIO()
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    quantized = picture.quantize(COLORS, dither=Image.Dither.NONE)
    quantized.save(lean, format="PNG", optimize=True)
    return lean.getvalue()
