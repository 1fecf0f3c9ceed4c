"""The Markdown of the dashboard's headings: a level, a text, and links to the runbook."""

from __future__ import annotations

import re
from dataclasses import dataclass

LINK = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")


@dataclass(frozen=True)
class MarkdownLine:
    """A line, its links taken out and put beside it.

    Attributes
    ----------
    level
        1 and 2 for headings, 0 for text.
    text
        What it says.
    links
        Name and address of each link.
    """

    level: int
    text: str
    links: tuple[tuple[str, str], ...]


def read(markdown: str) -> list[MarkdownLine]:
    """Read what a text widget says."""
    return [_line(line) for line in markdown.splitlines()]


def _line(line: str) -> MarkdownLine:
    hashes = len(line) - len(line.lstrip("#"))
    links = [(found[1], found[2]) for found in LINK.finditer(line)]
    text = LINK.sub("", line[hashes:]).strip(" ·:.")
    return MarkdownLine(hashes, text, tuple(links))
