"""From Pillow's many modes to eight-bit sRGB."""

from __future__ import annotations

import io
from typing import Any, Final

from PIL import Image, ImageChops, ImageCms

from workflows.engine.wide_grey import is_wide_grey, to_eight_bits

#: What Pillow calls a JPEG, and a file of several.
_JPEGS: Final = ("JPEG", "MPO")


def to_plain_mode(image: Image.Image) -> Image.Image:
    """Turn a picture into one of eight bits per channel that can be resized and managed.

    Parameters
    ----------
    image
        In any mode.

    Returns
    -------
    PIL.Image.Image
        In mode L, LA, RGB, RGBA, CMYK or LAB.
    """
    if is_wide_grey(image):
        return to_eight_bits(image)
    if image.mode == "CMYK" and image.format in _JPEGS and "adobe" not in image.info:
        # Only Adobe writes ink inverted, and says so; Pillow inverts all, as if all were Adobe's.
        return ImageChops.invert(image)
    if image.mode in ("P", "PA") or "transparency" in image.info:
        transparent = image.mode == "PA" or image.has_transparency_data
        return image.convert("RGBA" if transparent else "RGB")
    if image.mode in ("L", "LA", "RGB", "RGBA", "CMYK", "LAB"):
        return image
    if image.mode in ("1", "La"):
        return image.convert("LA" if image.mode == "La" else "L")
    return image.convert("RGBA" if image.mode == "RGBa" else "RGB")


def to_srgb(image: Image.Image, profile: bytes | None) -> tuple[Image.Image, Image.Image | None]:
    """Convert colours to sRGB and take alpha apart.

    Parameters
    ----------
    image
        In a mode that `to_plain_mode` returns.
    profile
        The ICC profile that came with it. One that is broken, or is made for another mode,
        is ignored: the picture is still there.

    Returns
    -------
    colors : PIL.Image.Image
        In mode RGB.
    alpha : PIL.Image.Image or None
        In mode L.
    """
    alpha = image.getchannel("A") if image.mode in ("LA", "RGBA") else None
    colors = image.convert(image.mode[:-1]) if alpha is not None else image
    if colors.mode == "LAB":  # as TIFF stores it; LAB is a profile of its own
        return _transform(colors, ImageCms.createProfile("LAB")), alpha
    if profile:
        try:
            source = ImageCms.getOpenProfile(io.BytesIO(profile))
            return _transform(colors, source), alpha
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass
    return colors.convert("RGB"), alpha


def _transform(image: Image.Image, source: Any) -> Image.Image:
    converted = ImageCms.profileToProfile(
        image,
        source,
        ImageCms.createProfile("sRGB"),
        renderingIntent=ImageCms.Intent.PERCEPTUAL,
        outputMode="RGB",
    )
    assert converted is not None  # only with inPlace=True
    return converted
