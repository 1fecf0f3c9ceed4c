"""Paint the pictures of docs/styles.md: `nice python -m docs.make_styles`.

Two dozen small pictures, five minutes on two cores. They are painted by the engine alone, from a
demo photo and the styles of this project, and hung side by side with what was asked for below.
"""

from __future__ import annotations

import functools
import io
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeAlias

from PIL import Image, ImageDraw, ImageFont

from local.pictures import find_photo, find_style, style_pictures
from services.core.blend import label
from workflows.engine import Options, WeightedStyle, stylize
from workflows.engine.arrays import Pixels
from workflows.engine.encoding import eight_bits
from workflows.engine.images import read_picture, read_style

PICTURES: Final = Path(__file__).resolve().parent / "pictures" / "styles"

PHOTO: Final = "chelsea"
STYLE: Final = "starry-swirl"
SIZE: Final = 192

#: Enough to show what an option does; `standard` would take three times as long.
ORDINARY: Final = Options(size=SIZE, quality="preview")

#: A page with all of them must open at once, on a telephone too.
MOST_BYTES: Final = 60_000
JPEG_QUALITIES: Final = (88, 82, 76, 70, 64, 58, 50, 40)

CELL: Final = (192, 128)
GAP: Final = 10
CAPTION: Final = 26
WALL: Final = (243, 239, 230)
INK: Final = (44, 40, 37)

#: A picture and what is written below it.
Panel: TypeAlias = tuple[Pixels, str]

Rows: TypeAlias = Sequence[Sequence[Panel]]

Blend: TypeAlias = tuple[tuple[str, float], ...]

BLENDED: Final = ("mosaic", "woodcut")


@functools.cache
def paint(blend: Blend, options: Options) -> Pixels:
    """Paint the photo in one style, or in several with weights."""
    photo = read_picture(find_photo(PHOTO).read(), longest_side=options.size)
    pictures = [
        WeightedStyle(_style(name, options.size, options.style_scale), weight)
        for name, weight in blend
    ]
    return stylize(photo.pixels, pictures, options).pixels


def strength() -> Rows:
    """Go from the photo to the full style."""
    return [[(_with(strength=each), f"strength {each:g}") for each in (0.0, 0.1, 0.4, 1.0)]]


def preserve_colors() -> Rows:
    """Show the style, its colours on the photo, and the photo's own."""
    changed = [(_with(preserve_colors=each), f"preserve-colors {each}") for each in (False, True)]
    return [[(_style(STYLE), "style"), *((pixels, text.lower()) for pixels, text in changed)]]


def style_scale() -> Rows:
    """Show small, ordinary and large strokes."""
    return [[(_with(style_scale=each), f"style-scale {each:g}") for each in (0.5, 1.0, 2.0)]]


def blend() -> Rows:
    """Mix two styles in four shares."""
    shares = ((1.0, 0.0), (2.0, 1.0), (1.0, 2.0), (0.0, 1.0))
    blends = [
        tuple((name, share) for name, share in zip(BLENDED, each, strict=True) if share)
        for each in shares
    ]
    return [[(paint(each, ORDINARY), label(each)) for each in blends]]


def styles() -> Rows:
    """Show four styles and what they make of the photo."""
    return _gallery(list(style_pictures())[:4])


def more_styles() -> Rows:
    """Show the other styles, and the photo."""
    photo = read_picture(find_photo(PHOTO).read(), longest_side=SIZE).pixels
    above, below = _gallery(list(style_pictures())[4:])
    return [[*above, (photo, "photo")], below]


def size() -> Rows:
    """Show small, ordinary and large results."""
    return [[(_with(size=each), f"size {each}") for each in (96, 192, 288)]]


def quality() -> Rows:
    """Spend little, ordinary and much work."""
    qualities = ("preview", "standard", "high")
    return [[(_with(quality=each), f"quality {each}") for each in qualities]]


SHEETS: Final = (
    strength,
    preserve_colors,
    style_scale,
    blend,
    styles,
    more_styles,
    size,
    quality,
)


def draw(rows: Rows) -> bytes:
    """Hang pictures side by side: a JPEG of at most `MOST_BYTES`."""
    heights = [CELL[1] + (CAPTION if any(caption for _, caption in row) else 0) for row in rows]
    columns = max(len(row) for row in rows)
    size = (GAP + columns * (CELL[0] + GAP), GAP + sum(heights) + GAP * len(rows))
    sheet = Image.new("RGB", size, WALL)
    pen = ImageDraw.Draw(sheet)
    top = GAP
    for row, height in zip(rows, heights, strict=True):
        for column, (pixels, caption) in enumerate(row):
            left = GAP + column * (CELL[0] + GAP)
            picture = _framed(pixels)
            x = left + (CELL[0] - picture.width) // 2
            sheet.paste(picture, (x, top + (CELL[1] - picture.height) // 2))
            below = (left + CELL[0] / 2, top + CELL[1] + CAPTION - 8)
            pen.text(below, caption, INK, ImageFont.load_default(14), "ms")
        top += height + GAP
    return next(
        data
        for data in map(functools.partial(_jpeg, sheet), JPEG_QUALITIES)
        if len(data) <= MOST_BYTES
    )


def main() -> None:
    """Paint and write all sheets, or those that are named."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for sheet in SHEETS:
        name = sheet.__name__.replace("_", "-")
        if name in sys.argv[1:] or not sys.argv[1:]:
            (PICTURES / f"{name}.jpg").write_bytes(draw(sheet()))


def _gallery(names: Sequence[str]) -> Rows:
    above = [(_style(name), name) for name in names]
    return [above, [(paint(((name, 1.0),), ORDINARY), "") for name in names]]


def _with(**options: object) -> Pixels:
    return paint(((STYLE, 1.0),), replace(ORDINARY, **options))  # type: ignore[arg-type]


def _style(name: str, size: int = SIZE, scale: float = 1.0) -> Pixels:
    return read_style(find_style(name).read_bytes(), longest_side=size, scale=scale).pixels


def _framed(pixels: Pixels) -> Image.Image:
    """Fit a picture into its cell; what is smaller keeps its pixels and shows them."""
    picture = Image.fromarray(eight_bits(pixels))
    scale = min(CELL[0] / picture.width, CELL[1] / picture.height)
    method = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.LANCZOS
    return picture.resize((round(picture.width * scale), round(picture.height * scale)), method)


def _jpeg(sheet: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    sheet.save(file, "JPEG", quality=quality, optimize=True, progressive=True)
    return file.getvalue()


if __name__ == "__main__":
    main()
