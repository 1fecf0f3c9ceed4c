"""The dashboard as one web page that needs nothing beside it."""

from __future__ import annotations

import io
import re
from html import escape

import matplotlib as mpl
from matplotlib.figure import Figure

from local.dashboard.drawing import Box, draw_graph
from local.dashboard.markdown import read
from local.dashboard.page import Page, Shown, ShownAlarms, ShownGraph, ShownTable, ShownText
from local.dashboard.png import COLUMN, ROW, footnote

STYLE = """
body { margin: 0; padding: 12px; background: #f2f3f3; color: #16191f;
       font: 14px/1.4 system-ui, "Helvetica Neue", Arial, sans-serif; }
main { display: grid; grid-template-columns: repeat(24, 1fr); gap: 8px; max-width: 1900px;
       margin: auto; }
section { min-width: 0; overflow: auto; }
section.card { background: #fff; border: 1px solid #d5dbdb; border-radius: 4px; }
svg { display: block; width: 100%; height: auto; }
h1, h2, h3, p { margin: 0; padding: 4px 8px; }
h1 { font-size: 24px; } h2 { font-size: 19px; } h3 { font-size: 14px; }
h1 a, h2 a, p a { font-size: 13px; font-weight: normal; margin-left: 12px; color: #0073bb; }
table { border-collapse: collapse; font: 12px ui-monospace, Menlo, monospace; margin: 4px 8px; }
td, th { text-align: left; padding: 2px 16px 2px 0; vertical-align: top; font-weight: normal; }
th, footer { color: #687078; }
ul { display: flex; flex-wrap: wrap; gap: 8px; list-style: none; margin: 4px 8px 10px; padding: 0; }
li { flex: 1; padding: 8px 10px; border-radius: 3px; color: #fff; font-size: 13px; }
li b { display: block; }
.OK { background: #1d8102; }
.ALARM { background: #d13212; }
.INSUFFICIENT_DATA { background: #687078; }
footer { max-width: 1900px; margin: 8px auto; text-align: right; font-size: 12px; }
"""


def draw_web_page(page: Page) -> str:
    """Draw a page as HTML."""
    sections = "\n".join(_section(shown, page) for shown in page.shown)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>nst dashboard</title>
<style>{STYLE}</style>
</head>
<body>
<main>
{sections}
</main>
<footer>{escape(footnote(page))}</footer>
</body>
</html>
"""


def _section(shown: Shown, page: Page) -> str:
    place = shown.place
    where = f"grid-column: {place.x + 1} / span {place.width}; grid-row: {place.y + 1} / span "
    kind = "plain" if isinstance(shown, ShownText | ShownGraph) else "card"
    return (
        f'<section class="{kind}" style="{where}{place.height}">{_content(shown, page)}</section>'
    )


def _content(shown: Shown, page: Page) -> str:
    match shown:
        case ShownText(_, markdown):
            return _text(markdown)
        case ShownGraph():
            return _svg(shown, page)
        case ShownTable(_, title, table):
            head = "".join(f"<th>{escape(column)}</th>" for column in table.columns)
            rows = ["".join(f"<td>{escape(cell)}</td>" for cell in row) for row in table.rows]
            body = "".join(f"<tr>{row}</tr>" for row in rows)
            return f"<h3>{escape(title)}</h3><table><tr>{head}</tr>{body}</table>"
        case ShownAlarms(_, title, states):
            items = "".join(
                f'<li class="{state}"><b>{escape(name)}</b>{state}</li>' for name, state in states
            )
            return f"<h3>{escape(title)}</h3><ul>{items}</ul>"


def _text(markdown: str) -> str:
    lines = []
    for line in read(markdown):
        tag = f"h{line.level}" if line.level else "p"
        links = "".join(
            f' <a href="{escape(address)}">{escape(name)}</a>' for name, address in line.links
        )
        lines.append(f"<{tag}>{escape(line.text)}{links}</{tag}>")
    return "".join(lines)


def _svg(shown: ShownGraph, page: Page) -> str:
    width, height = shown.place.width * COLUMN, shown.place.height * ROW
    figure = Figure(figsize=(width, height), facecolor="none")
    box = Box(0, 0, width, height)
    draw_graph(figure, box, shown.graph, shown.curves, page.begin, page.end)
    drawn = io.StringIO()
    # Letters stay letters; the salt keeps ids apart, of which all pictures share one page.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": shown.graph.title}):
        figure.savefig(drawn, format="svg", metadata={"Date": None})
    return _element(drawn.getvalue())


def _element(document: str) -> str:
    """Return the picture without what only a file of its own has: heading, metadata, group ids."""
    element = document[document.index("<svg") :]
    element = re.sub(r"\s+<metadata>.*?</metadata>", "", element, flags=re.DOTALL)
    return re.sub(r'<g id="[^"]*"', "<g", element)
