"""A contact sheet: photo, style and result side by side, one row per upload, as one PNG."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont, ImageOps

CELL = (384, 288)  # every picture is fitted into this, in pixels
MARGIN = 44
GUTTER = 56  # between the pictures of a row; holds the sign that joins them
CAPTION = 58  # below every picture, two lines
MOUNT = 8  # white card around every picture

WALL = (243, 239, 230)
CARD = (255, 255, 255)
SHADOW = (221, 214, 200)
EMPTY = (232, 226, 214)
INK = (44, 40, 37)
FAINT = (139, 130, 118)

UNREADABLE = "not a picture"


@dataclass(frozen=True)
class Panel:
    """One picture on the sheet.

    Parameters
    ----------
    picture
        An encoded picture (JPEG, PNG, ...), or None where there is none.
    caption
        What it is.
    note
        A fainter second line: an attribution, a duration, a reason.
    """

    picture: bytes | None
    caption: str
    note: str = ""


@dataclass(frozen=True)
class Row:
    """What came of one upload: photo and style make the result."""

    photo: Panel
    style: Panel
    result: Panel


def draw_contact_sheet(rows: Sequence[Row], *, title: str = "") -> bytes:
    """Draw the sheet.

    Parameters
    ----------
    rows
        From top to bottom.
    title
        A heading; none if empty.

    Returns
    -------
    bytes
        A PNG file. A panel without a picture, or with bytes that are none, shows as an empty card.
    """
    heading = 64 if title else 0
    row_height = CELL[1] + 2 * MOUNT + CAPTION + 22
    width = 2 * MARGIN + 3 * (CELL[0] + 2 * MOUNT) + 2 * GUTTER
    height = 2 * MARGIN + heading + row_height * len(rows)
    sheet = Image.new("RGB", (width, height), WALL)
    pen = ImageDraw.Draw(sheet)
    if title:
        pen.text((width / 2, MARGIN), _fit(title, width - 2 * MARGIN, 30), INK, _font(30), "mt")
    for number, row in enumerate(rows):
        _draw_row(sheet, row, MARGIN + heading + number * row_height)
    file = io.BytesIO()
    sheet.save(file, "PNG", optimize=True)
    return file.getvalue()


def _draw_row(sheet: Image.Image, row: Row, top: int) -> None:
    """Hang three panels, joined by the signs of a sum."""
    step = CELL[0] + 2 * MOUNT + GUTTER
    pen = ImageDraw.Draw(sheet)
    middle = top + MOUNT + CELL[1] / 2
    for number, panel in enumerate((row.photo, row.style, row.result)):
        left = MARGIN + number * step
        _draw_panel(sheet, panel, left, top)
        if number:
            pen.text((left - GUTTER / 2, middle), "+="[number - 1], FAINT, _font(34), "mm")


def _draw_panel(sheet: Image.Image, panel: Panel, left: int, top: int) -> None:
    """Mount a picture on a card, in the middle of its cell, with its caption below."""
    pen = ImageDraw.Draw(sheet)
    picture, reason = _open(panel.picture)
    x = left + MOUNT + (CELL[0] - picture.width) // 2
    y = top + MOUNT + (CELL[1] - picture.height) // 2
    card = (x - MOUNT, y - MOUNT, x + picture.width + MOUNT - 1, y + picture.height + MOUNT - 1)
    pen.rectangle([edge + 3 for edge in card], fill=SHADOW)
    pen.rectangle(card, fill=CARD)
    sheet.paste(picture, (x, y))
    centre, below = left + MOUNT + CELL[0] / 2, top + CELL[1] + 2 * MOUNT + 27
    if reason:
        pen.text((centre, top + MOUNT + CELL[1] / 2), reason, FAINT, _font(18), "mm")
    pen.text((centre, below), _fit(panel.caption, CELL[0], 19), INK, _font(19), "ms")
    pen.text((centre, below + 25), _fit(panel.note, CELL[0], 14), FAINT, _font(14), "ms")


def _open(data: bytes | None) -> tuple[Image.Image, str]:
    """Open a picture as it is to be seen: upright, on white, fitted into the cell.

    Returns
    -------
    tuple of Image and str
        The picture, and why it is only an empty card ("" if it is not).
    """
    empty = Image.new("RGB", CELL, EMPTY)
    if data is None:
        return empty, "no picture"
    try:
        with Image.open(io.BytesIO(data)) as opened:
            upright = ImageOps.exif_transpose(opened).convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return empty, UNREADABLE
    fitted = ImageOps.contain(upright, CELL, Image.Resampling.LANCZOS)
    flat = Image.new("RGBA", fitted.size, CARD)
    return Image.alpha_composite(flat, fitted).convert("RGB"), ""


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _fit(text: str, width: int, size: int) -> str:
    """Shorten a text to one line, in its middle until it fits: names differ at both ends."""
    text = " ".join(text.split())  # a key may hold line breaks, which Pillow would draw as such
    font, kept = _font(size), len(text)
    line = text
    while font.getlength(line) > width and kept > 2:
        kept -= 1
        line = f"{text[: (kept + 1) // 2].rstrip()} ... {text[len(text) - kept // 2 :].lstrip()}"
    return line
