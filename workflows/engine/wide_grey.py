"""Greys of 16 and 32 bits and floats: Pillow reads them but would clip them all to white."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from PIL import Image, TiffTags

from workflows.engine.arrays import Floats

_SIXTEEN_BIT: Final = 65535.0

#: What white may be in modes that do not say it.
_RANGES: Final = {"F": (1.0, 255.0, _SIXTEEN_BIT), "I": (255.0, _SIXTEEN_BIT)}

#: Pixels that are floats at the same time: 16 MiB, however large the picture is.
_BAND: Final = 2**22

_TAGS: Final = {tag.name: number for number, tag in TiffTags.TAGS_V2.items()}
_WHITE_IS_ZERO: Final = 0
_SIGNED: Final = 2

Box = tuple[int, int, int, int]


def is_wide_grey(image: Image.Image) -> bool:
    """Tell whether a picture has one channel of more than eight bits."""
    return image.mode.startswith("I") or image.mode == "F"


def to_eight_bits(image: Image.Image) -> Image.Image:
    """Scale wide greys to eight bits.

    Modes I;16, I;16B and their like say their range. 32-bit integers and floats do not: the
    smallest usual one that holds all values is taken, above it their own maximum.

    Parameters
    ----------
    image
        Of a mode that `is_wide_grey` knows.

    Returns
    -------
    PIL.Image.Image
        In mode L, or LA if one grey is declared transparent.
    """
    highest = max(float(values.max(initial=0.0)) for _, values in _bands(image))
    ranges = _RANGES.get(image.mode, (_SIXTEEN_BIT,))
    white = next((limit for limit in ranges if highest <= limit), highest)
    hidden = image.info.get("transparency")
    narrow = Image.new("L" if hidden is None else "LA", image.size)
    inverted = _tag(image, "PhotometricInterpretation") == _WHITE_IS_ZERO
    for box, values in _bands(image):
        levels = np.clip(values * (255 / white) + 0.5, 0, 255).astype(np.uint8)
        grey = Image.fromarray(255 - levels if inverted else levels)
        if hidden is not None:
            grey.putalpha(Image.fromarray((values != hidden).astype(np.uint8) * 255))
        narrow.paste(grey, box)
    return narrow


def _bands(image: Image.Image) -> Iterator[tuple[Box, Floats]]:
    """Cut a picture into bands of whole rows; what is no number is black."""
    # Pillow keeps 32-bit integers as signed ones, whatever the file says.
    unsigned = image.format == "TIFF" and _tag(image, "SampleFormat") != _SIGNED
    rows = max(1, _BAND // image.width)
    for top in range(0, image.height, rows):
        box = (0, top, image.width, min(top + rows, image.height))
        values = np.asarray(image.crop(box))
        if image.mode == "I" and unsigned:
            values = values.view(np.uint32)
        yield box, np.nan_to_num(values.astype(np.float32), copy=False, posinf=0, neginf=0)


def _tag(image: Image.Image, name: str) -> int | None:
    """Return the first value of a TIFF tag."""
    value = getattr(image, "tag_v2", {}).get(_TAGS[name])
    return value[0] if isinstance(value, tuple) else value
