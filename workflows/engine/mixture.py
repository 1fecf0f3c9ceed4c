"""Several styles at once: what is asked of the picture is the weighted mean of their statistics."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from workflows.engine.arrays import Pixels


@dataclass(frozen=True, slots=True, eq=False)
class WeightedStyle:
    """A style and how much it counts beside the others.

    Attributes
    ----------
    pixels
        Height x width x 3, sRGB in [0, 1].
    weight
        Above 0; only the ratios of the weights matter.
    """

    pixels: Pixels
    weight: float = 1.0


#: One style picture, or several with weights.
Styles: TypeAlias = Pixels | Sequence[WeightedStyle]


def mixture(styles: Styles) -> tuple[WeightedStyle, ...]:
    """Make shares of weights.

    Parameters
    ----------
    styles
        One picture or several, of any sizes.

    Returns
    -------
    tuple of WeightedStyle
        The same pictures in the same order; the weights add up to 1.

    Raises
    ------
    ValueError
        If there is no style, or a weight is not a number above 0.
    """
    several = (WeightedStyle(styles),) if isinstance(styles, np.ndarray) else tuple(styles)
    if not several:
        raise ValueError("at least one style is needed")
    for style in several:
        if not (math.isfinite(style.weight) and style.weight > 0):
            raise ValueError(f"the weight of a style must be above 0, not {style.weight!r}")
    whole = math.fsum(style.weight for style in several)
    return tuple(replace(style, weight=style.weight / whole) for style in several)


def tiled(styles: Sequence[WeightedStyle], longest_side: int) -> tuple[WeightedStyle, ...]:
    """Cut pictures into tiles, so that statistics of a large style need no more memory.

    A Gram matrix is a mean over locations: that of a picture is the mean of its tiles',
    weighted by their areas, but for what the network sees across the cuts.

    Parameters
    ----------
    styles
        Pictures of any size.
    longest_side
        No side of a tile is longer. A picture within it stays whole.

    Returns
    -------
    tuple of WeightedStyle
        All tiles; the weight of a picture is shared by its tiles.
    """
    return tuple(tile for style in styles for tile in _tiles(style, longest_side))


def _tiles(style: WeightedStyle, longest_side: int) -> list[WeightedStyle]:
    height, width = style.pixels.shape[:2]
    tiles = [
        np.ascontiguousarray(tile)
        for row in np.array_split(style.pixels, math.ceil(height / longest_side), axis=0)
        for tile in np.array_split(row, math.ceil(width / longest_side), axis=1)
    ]
    return [WeightedStyle(tile, style.weight * tile.size / style.pixels.size) for tile in tiles]
