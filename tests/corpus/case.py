"""One file of the corpus, and what must become of it."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from tests.unit.engine.conftest import landscape

PHOTO = Image.fromarray((landscape(48, 64) * 255).astype(np.uint8))
GREY = ImageOps.autocontrast(PHOTO.convert("L"))  # from black to white

LOSSLESS = 0.003
LOSSY = 0.02


@dataclass(frozen=True, eq=False)
class Shows:
    """The file is read: upright, in these colours, as large as this and no larger.

    Attributes
    ----------
    image
        What a person sees.
    alpha
        Opacity, 0 to 1; None where all is opaque.
    tolerance
        Mean difference of colours, of 1.
    """

    image: Image.Image
    alpha: npt.NDArray[np.float32] | None = None
    tolerance: float = LOSSLESS


@dataclass(frozen=True)
class Refused:
    """The file is refused, with an error of this name and a reason that contains this."""

    error: str
    reason: str


@dataclass(frozen=True)
class Either:
    """The file is damaged where some would not notice: any picture, or any reason."""


@dataclass(frozen=True)
class Case:
    """A file and its outcome.

    Attributes
    ----------
    name
        As a file name; its extension is what a person would have given it.
    data
        The bytes.
    outcome
        What must become of it.
    """

    name: str
    data: bytes
    outcome: Shows | Refused | Either


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    """Write a picture with Pillow."""
    file = io.BytesIO()
    image.save(file, kind, **options)  # type: ignore[arg-type]
    return file.getvalue()


def see_through() -> Image.Image:
    """The photo, fading out to the right, never quite gone."""
    image = PHOTO.convert("RGBA")
    row = np.linspace(255, 20, image.width).astype(np.uint8)
    image.putalpha(Image.fromarray(np.tile(row, (image.height, 1))))
    return image


def alpha_of(image: Image.Image) -> npt.NDArray[np.float32]:
    """Opacity of a picture."""
    return np.asarray(image.getchannel("A"), np.float32) / 255
