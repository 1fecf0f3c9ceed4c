"""Read the header of a file: what it is, how large, and whether it may be decoded at all."""

from __future__ import annotations

import io
import re
from typing import Final

from PIL import Image, TiffImagePlugin, UnidentifiedImageError

from workflows.engine.rejections import (
    DamagedPictureError,
    EmptyFileError,
    NotAPictureError,
    PictureTooLargeError,
)
from workflows.engine.signatures import describe, starts_readable

#: What Pillow may try. The rest of its plugins is older, rarer, or runs other programs (EPS).
#: MPO, two JPEGs in one file, comes in as JPEG.
FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF")
FORMAT_NAMES: Final = "JPEG, PNG, WebP, GIF, TIFF, BMP or AVIF"

#: Four bytes for each of these pixels, and once more while they change mode, fit a pod.
MAX_PIXELS: Final = 100_000_000

_PLANES: Final = 2


def open_picture(data: bytes) -> Image.Image:
    """Open a file without decoding it.

    Parameters
    ----------
    data
        The file.

    Returns
    -------
    PIL.Image.Image
        Not loaded yet, of at most `MAX_PIXELS`.

    Raises
    ------
    PictureError
        If the file is no picture that can be read, or too large.
    """
    if not data:
        raise EmptyFileError("the file is empty")
    image = _open(data)
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise _too_large(width * height)
    if _is_misread(image):
        raise _rare_tiff()
    return image


def damaged() -> DamagedPictureError:
    """Say that a picture cannot be decoded."""
    return DamagedPictureError("the picture is damaged or incomplete: it cannot be decoded")


def _open(data: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError as error:
        # Its message is all that is left of the header: "Image size (900000000 pixels) ..."
        found = re.search(r"\d+", str(error))
        raise _too_large(int(found[0]) if found else None) from error
    except UnidentifiedImageError as error:
        if not starts_readable(data):
            raise NotAPictureError(
                f"this is not a picture nst can read: {describe(data)}; use {FORMAT_NAMES}"
            ) from error
        raise _rare_tiff() if _is_unknown_tiff(data) else damaged() from error
    except MemoryError:
        raise
    except Exception as error:  # a plugin that chokes on its header raises whatever it likes
        raise damaged() from error


def _is_unknown_tiff(data: bytes) -> bool:
    """Tell whether a TIFF is whole but has channels that Pillow has no mode for."""
    try:
        TiffImagePlugin.TiffImageFile(io.BytesIO(data))
    except SyntaxError as error:
        return "unknown pixel mode" in str(error)
    except Exception:
        return False
    return False


def _is_misread(image: Image.Image) -> bool:
    """Tell whether Pillow would take the bytes of 16-bit planes for pixels of eight bits.

    It does where it unpacks them itself; compressed ones are unpacked by libtiff.
    """
    tags = getattr(image, "tag_v2", {})
    return (
        any(tile.codec_name == "raw" for tile in getattr(image, "tile", ()))
        and tags.get(TiffImagePlugin.PLANAR_CONFIGURATION) == _PLANES
        and max(tags.get(TiffImagePlugin.BITSPERSAMPLE, (8,))) > 8
        and len(image.getbands()) > 1
    )


def _rare_tiff() -> NotAPictureError:
    return NotAPictureError(
        "this kind of TIFF cannot be read; save it with 8 bits per channel, or as PNG or JPEG"
    )


def _too_large(pixels: int | None) -> PictureTooLargeError:
    size = "too many" if pixels is None else f"{pixels / 1e6:.0f} million"
    return PictureTooLargeError(
        f"the picture has {size} pixels; the limit is {MAX_PIXELS / 1e6:.0f} million"
    )
