"""Write a result: a file that every program shows the same way and that says how it was made."""

from __future__ import annotations

import functools
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms, PngImagePlugin

from workflows.engine.arrays import Alpha, Floats, Pixels

JPEG_QUALITY: Final = 95

#: 4:4:4. Painted strokes are coloured to the pixel; halving chroma would smear them.
JPEG_SUBSAMPLING: Final = 0

#: Bytes 24 to 35 of an ICC profile tell when it was made (ICC.1:2022, 7.2.8).
_ICC_DATE: Final = slice(24, 36)
_FIXED_DATE: Final = b"".join(part.to_bytes(2, "big") for part in (2026, 1, 1, 0, 0, 0))


@dataclass(frozen=True, slots=True)
class EncodedPicture:
    """A picture as a file.

    Attributes
    ----------
    data
        The bytes.
    extension
        ``jpg``, or ``png`` for a picture with transparency.
    content_type
        Its media type.
    """

    data: bytes
    extension: Literal["jpg", "png"]
    content_type: Literal["image/jpeg", "image/png"]


def write_picture(
    pixels: Pixels, alpha: Alpha | None = None, *, parameters: Mapping[str, str]
) -> EncodedPicture:
    """Encode a picture as JPEG (quality 95, 4:4:4), or as PNG if it has transparency.

    The file carries an sRGB profile and no EXIF: nothing of the photo's place, time or
    camera. Equal input gives equal bytes.

    Parameters
    ----------
    pixels
        Height x width x 3, sRGB in [0, 1].
    alpha
        Height x width in [0, 1], or None.
    parameters
        How the picture was made, recorded as JSON in the JPEG comment or PNG text `Comment`.

    Returns
    -------
    EncodedPicture
    """
    comment = json.dumps(dict(parameters), sort_keys=True, ensure_ascii=True)
    blob = io.BytesIO()
    if alpha is None:
        Image.fromarray(eight_bits(pixels)).save(
            blob,
            "JPEG",
            quality=JPEG_QUALITY,
            subsampling=JPEG_SUBSAMPLING,
            optimize=True,
            icc_profile=_srgb_profile(),
            comment=comment,
        )
        return EncodedPicture(blob.getvalue(), "jpg", "image/jpeg")
    text = PngImagePlugin.PngInfo()
    text.add_text("Software", "nst")
    text.add_text("Comment", comment)
    Image.fromarray(eight_bits(np.dstack([pixels, alpha]))).save(
        blob, "PNG", icc_profile=_srgb_profile(), pnginfo=text
    )
    return EncodedPicture(blob.getvalue(), "png", "image/png")


def eight_bits(values: Floats) -> npt.NDArray[np.uint8]:
    """Turn values in [0, 1], of any shape, into levels from 0 to 255."""
    # Rounded: cutting off would darken every picture by half a level.
    levels: npt.NDArray[np.uint8] = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
    return levels


@functools.cache
def _srgb_profile() -> bytes:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[_ICC_DATE] = _FIXED_DATE
    return bytes(profile)
