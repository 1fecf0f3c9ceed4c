"""The files that ``nst dashboard`` leaves: the picture, the page, and what they are drawn from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.dashboard.page import compose
from local.dashboard.png import draw_png
from local.dashboard.web import draw_web_page
from local.deploy import STACK
from local.template import load_template

if TYPE_CHECKING:
    from pathlib import Path

    from local.dashboard.recording import Recording


def draw(recording: Recording, folder: Path) -> None:
    """Draw the template's dashboard as it looks after a run.

    Parameters
    ----------
    recording
        The run.
    folder
        Takes ``dashboard.png``, ``dashboard.html``, and the run itself as ``recording.json``.
    """
    page = compose(load_template(), recording, stack=STACK)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dashboard.png").write_bytes(draw_png(page))
    (folder / "dashboard.html").write_text(draw_web_page(page), encoding="utf-8")
    recording.save(folder / "recording.json")
