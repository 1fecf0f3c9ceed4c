"""The page that Flyte's console shows for a batch: contact sheet and loss curves.

Plain HTML and SVG with the pictures inlined: a deck is one file, and nothing can be fetched later.
Everything that comes from a user's file name is escaped; Flyte does not do it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from html import escape
from math import log10
from typing import Any

_WIDTH, _HEIGHT = 240, 80


def contact_sheet(results: Sequence[Mapping[str, Any]], previews: Mapping[str, bytes]) -> str:
    """Return the page as HTML.

    Parameters
    ----------
    results
        ``result.json`` of each upload.
    previews
        JPEG bytes by upload id, for those that have a picture.
    """
    cards = "".join(_card(result, previews.get(result["upload"])) for result in results)
    return (
        "<style>.nst{display:flex;flex-wrap:wrap;gap:16px;font:14px sans-serif}"
        ".nst figure{margin:0;max-width:256px}.nst img{width:256px;border-radius:4px}"
        ".nst small{color:#666}</style>"
        f'<div class="nst">{cards}</div>'
    )


def _card(result: Mapping[str, Any], preview: bytes | None) -> str:
    name = escape(result["source"]["key"])
    if preview is None:
        why = escape(f"{result['status']}: {result['reason']}")
        return f"<figure><b>{name}</b><br>{why}</figure>"
    data = base64.b64encode(preview).decode()
    return (
        f'<figure><img alt="{name}" src="data:image/jpeg;base64,{data}">'
        f"<figcaption><b>{name}</b><br><small>{result['width']} x {result['height']}, "
        f"{result['evaluations']} evaluations, {result['seconds']:.1f} s</small></figcaption>"
        f"{loss_curve([point[2] for point in result['loss']])}</figure>"
    )


def loss_curve(losses: Sequence[float]) -> str:
    """Return a small SVG of a loss falling over evaluations, on a logarithmic axis."""
    heights = [log10(max(loss, 1e-12)) for loss in losses]
    if len(heights) < 2:
        return ""
    low, high = min(heights), max(heights)
    span = (high - low) or 1.0
    points = " ".join(
        f"{_WIDTH * step / (len(heights) - 1):.1f},{_HEIGHT * (high - height) / span:.1f}"
        for step, height in enumerate(heights)
    )
    return (
        f'<svg viewBox="-2 -2 {_WIDTH + 4} {_HEIGHT + 4}" width="{_WIDTH}" height="{_HEIGHT}">'
        f"<title>loss {losses[0]:.3g} to {losses[-1]:.3g}</title>"
        f'<polyline points="{points}" fill="none" stroke="#c2552d" stroke-width="2"/></svg>'
    )
