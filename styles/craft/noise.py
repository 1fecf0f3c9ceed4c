"""Smooth randomness: the hills, clouds and wobbles that no ruler draws."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

# Single precision is enough for paint, but double is as welcome.
Field: TypeAlias = NDArray[np.floating[Any]]
Labels: TypeAlias = NDArray[np.integer[Any]]  # which part every pixel belongs to
Mask: TypeAlias = NDArray[np.bool_]


def grid(height: int, width: int) -> tuple[Field, Field]:
    """Give every pixel its place, in units of the picture's longest side.

    Returns
    -------
    tuple of Field
        x (0 at the left) and y (0 at the top), each height x width.
    """
    longest = max(height, width)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    return (x + 0.5) / longest, (y + 0.5) / longest


def clouds(
    shape: tuple[int, int],
    rng: np.random.Generator,
    *,
    scale: float,
    octaves: int = 4,
    gain: float = 0.5,
    stretch: float = 1.0,
) -> Field:
    """Make fractal value noise: random lattices, interpolated, finer and fainter.

    Parameters
    ----------
    shape
        Height and width of the field.
    rng
        Source of the lattices.
    scale
        Size of the biggest features, in pixels.
    octaves
        How many lattices are added, each twice as fine as the last.
    gain
        Strength of each lattice relative to the one before.
    stretch
        How many times longer than high the features are.

    Returns
    -------
    Field
        About zero in the mean, one in standard deviation.
    """
    height, width = shape
    field = np.zeros(shape, np.float32)
    for octave in range(octaves):
        cell = max(scale / 2**octave, 1.0)
        lattice = rng.standard_normal(
            (int(height / cell) + 4, int(width / (cell * stretch)) + 4)
        ).astype(np.float32)
        rows = (np.arange(height, dtype=np.float32) / cell)[:, None] + 1
        columns = (np.arange(width, dtype=np.float32) / (cell * stretch))[None, :] + 1
        places = np.broadcast_arrays(rows, columns)
        field += gain**octave * ndimage.map_coordinates(lattice, places, order=3, mode="nearest")
    even: Field = (field - field.mean()) / (field.std() + 1e-6)
    return even


def wander(length: int, rng: np.random.Generator, *, scale: float, octaves: int = 4) -> Field:
    """Make one line of fractal noise: the outline of a range of hills, for example."""
    return clouds((1, length), rng, scale=scale, octaves=octaves).ravel()


def smoothstep(low: float, high: float, values: Field) -> Field:
    """Rise softly from 0 at `low` to 1 at `high` (Hermite interpolation)."""
    t = np.clip((values - low) / (high - low), 0, 1)
    rise: Field = t * t * (3 - 2 * t)
    return rise
