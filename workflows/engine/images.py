"""Read any picture that people upload; write one that every program shows the same way.

The order of reading keeps cost bounded: bytes, header (format, size), one decode, shrink,
and only then whatever touches every pixel. Pillow's security handbook asks for the
allow-list of formats and for limits that are checked on the header.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import ExifTags, Image

from workflows.engine.arrays import Alpha, Pixels
from workflows.engine.encoding import EncodedPicture, write_picture
from workflows.engine.modes import to_plain_mode, to_srgb
from workflows.engine.opening import damaged, open_picture
from workflows.engine.rejections import (
    DamagedPictureError,
    EmptyFileError,
    NotAPictureError,
    PictureError,
    PictureTooLargeError,
    PictureTooSmallError,
    TransparentPictureError,
)

__all__ = [
    "DamagedPictureError",
    "EmptyFileError",
    "EncodedPicture",
    "NotAPictureError",
    "Picture",
    "PictureError",
    "PictureTooLargeError",
    "PictureTooSmallError",
    "TransparentPictureError",
    "read_picture",
    "read_style",
    "write_picture",
]

#: VGG19 cannot see less: four poolings leave one position of 16 pixels.
MIN_SIDE: Final = 16

_TRANSPOSE: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A decoded picture.

    Attributes
    ----------
    pixels
        Height x width x 3, sRGB in [0, 1].
    alpha
        Height x width in [0, 1], or None where everything is opaque.
    """

    pixels: Pixels
    alpha: Alpha | None

    @property
    def width(self) -> int:
        """Pixels from left to right."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Pixels from top to bottom."""
        return int(self.pixels.shape[0])


def read_picture(data: bytes, *, longest_side: int) -> Picture:
    """Decode a picture, upright, in sRGB, no larger than asked for and never enlarged.

    Of an animation the first frame is read. Colours of fully transparent pixels, which nobody
    has ever seen, become the mean colour of the visible ones.

    Parameters
    ----------
    data
        The file.
    longest_side
        Shrink to this many pixels, if the picture is larger.

    Returns
    -------
    Picture

    Raises
    ------
    PictureError
        One of its kinds, if the file cannot be used; the message says why.
    """
    return _read(data, longest_side, 1.0)


def read_style(data: bytes, *, longest_side: int, scale: float = 1.0) -> Picture:
    """Decode a style picture so that its strokes have the size that is wanted.

    Parameters
    ----------
    data
        The file.
    longest_side
        The size of the result, to which a style picture is shrunk as a photo is.
    scale
        What then is multiplied. Detail comes from the file as long as it has any; only
        beyond that, and only for a style, a picture is enlarged.

    Returns
    -------
    Picture

    Raises
    ------
    PictureError
        As from `read_picture`.
    """
    return _read(data, longest_side, scale)


def _read(data: bytes, longest_side: int, scale: float) -> Picture:
    # Pillow warns of odd metadata, which is odd and no more, and at its own limit of pixels,
    # which is near ours.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _read_quietly(data, longest_side, scale)


def _read_quietly(data: bytes, longest_side: int, scale: float) -> Picture:
    image = open_picture(data)
    target = _scaled(image.size, longest_side, scale)
    _check_size(image.size, target)
    plain = _decode(image, target)
    if plain.size != target:
        # Pillow multiplies colours with alpha for this, so that hidden ones do not bleed.
        plain = plain.resize(target, Image.Resampling.LANCZOS, reducing_gap=3.0)
    upright = _upright(plain, _orientation(image))
    colors, alpha = to_srgb(upright, image.info.get("icc_profile"))
    if alpha is None:
        return Picture(_floats(colors), None)
    return _with_alpha(_floats(colors), _floats(alpha))


def _check_size(size: tuple[int, int], target: tuple[int, int]) -> None:
    width, height = size
    if min(width, height) < MIN_SIDE:
        raise PictureTooSmallError(
            f"the picture is too small: {width} x {height} pixels; "
            f"each side must have at least {MIN_SIDE}"
        )
    if min(target) < MIN_SIDE:
        raise PictureTooSmallError(
            f"the picture is too narrow: {width} x {height} pixels would become "
            f"{target[0]} x {target[1]}; each side must keep at least {MIN_SIDE}"
        )


def _scaled(size: tuple[int, int], longest_side: int, factor: float) -> tuple[int, int]:
    width, height = size
    scale = factor * min(1.0, longest_side / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _decode(image: Image.Image, target: tuple[int, int]) -> Image.Image:
    """Decode the first frame, a JPEG at the smallest of its scales that still has detail."""
    try:
        image.draft(None, (2 * target[0], 2 * target[1]))
        image.load()
        return to_plain_mode(image)
    except MemoryError:
        raise
    except Exception as error:  # OSError, SyntaxError, struct.error, EOFError, AssertionError...
        raise damaged() from error


def _orientation(image: Image.Image) -> int:
    try:
        orientation: int = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # a broken EXIF block is no reason to refuse its picture
        return 1
    return orientation


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    method = _TRANSPOSE.get(orientation)
    return image if method is None else image.transpose(method)


def _floats(image: Image.Image) -> Pixels:
    return np.asarray(image, np.float32) / np.float32(255)


def _with_alpha(colors: Pixels, alpha: Alpha) -> Picture:
    if alpha.min() == 1:
        return Picture(colors, None)
    if alpha.max() == 0:
        raise TransparentPictureError("the picture is completely transparent")
    hidden = alpha == 0
    mean = np.average(colors.reshape(-1, 3), axis=0, weights=alpha.reshape(-1))
    return Picture(np.where(hidden[:, :, np.newaxis], mean.astype(np.float32), colors), alpha)
