"""Colours that mix as paint does: interpolated in Oklab, so that a blend never turns grey.

Oklab: https://bottosson.github.io/posts/oklab/ (Björn Ottosson, public domain).
"""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Colours: TypeAlias = NDArray[np.floating[Any]]

_RGB_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    np.float32,
)
_LMS_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ],
    np.float32,
)
_LAB_TO_LMS = np.linalg.inv(_LMS_TO_LAB)
_LMS_TO_RGB = np.linalg.inv(_RGB_TO_LMS)


def palette(*codes: str) -> Colours:
    """Read colours such as ``#1b3a5f`` as sRGB in [0, 1], one row each."""
    return np.array([[b / 255 for b in bytes.fromhex(c.lstrip("#"))] for c in codes], np.float32)


def to_oklab(srgb: Colours) -> Colours:
    """Turn sRGB in [0, 1] (last axis) into Oklab."""
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return (np.cbrt(linear @ _RGB_TO_LMS.T) @ _LMS_TO_LAB.T).astype(np.float32)


def from_oklab(lab: Colours) -> Colours:
    """Turn Oklab (last axis) into sRGB, clipped to [0, 1]."""
    linear = np.clip((lab @ _LAB_TO_LMS.T) ** 3 @ _LMS_TO_RGB.T, 0, 1)
    srgb = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    colours: Colours = np.clip(srgb, 0, 1).astype(np.float32)
    return colours


def ramp(values: ArrayLike, colours: Colours) -> Colours:
    """Colour a field: 0 is the first colour, 1 the last, all between are blends.

    Parameters
    ----------
    values
        Any shape; clipped to [0, 1].
    colours
        The palette, n x 3, evenly spaced along the ramp.

    Returns
    -------
    Colours
        The shape of `values`, and 3.
    """
    values = np.asarray(values, np.float32)
    stops = np.linspace(0, 1, len(colours))
    lab = to_oklab(colours)
    channels = [np.interp(values, stops, lab[:, c]) for c in range(3)]
    return from_oklab(np.stack(channels, -1).astype(np.float32))


def mix(under: Colours, over: Colours, amount: ArrayLike) -> Colours:
    """Lay `over` upon `under`; `amount` is 0 to 1, one number or one per pixel."""
    amount = np.asarray(amount, np.float32)
    if amount.ndim:
        amount = amount[..., None]
    mixed: Colours = (under + (over - under) * amount).astype(np.float32)
    return mixed


def vary(
    colours: Colours, rng: np.random.Generator, *, light: float, hue: float = 0.0, rich: float = 1.0
) -> Colours:
    """Give every colour a shade of its own, as a palette knife never mixes the same twice.

    Parameters
    ----------
    colours
        n x 3 sRGB.
    rng
        Source of the variation.
    light
        Standard deviation of lightness (Oklab, where white is 1).
    hue
        Standard deviation along both colour axes of Oklab.
    rich
        Factor on the chroma: above 1 the colours glow.

    Returns
    -------
    Colours
        n x 3 sRGB.
    """
    lab = to_oklab(colours)
    lab[..., 0] += light * rng.standard_normal(lab.shape[:-1]).astype(np.float32)
    lab[..., 1:] *= rich
    lab[..., 1:] += hue * rng.standard_normal((*lab.shape[:-1], 2)).astype(np.float32)
    return from_oklab(lab)
