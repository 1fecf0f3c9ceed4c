"""Light on paint, and the ground beneath it: impasto relief, canvas weave, paper fibres."""

import numpy as np
from scipy import ndimage

from styles.craft.colour import Colours
from styles.craft.noise import Field, clouds


def impasto(pixels: Colours, height: Field, *, depth: float, gloss: float = 0.12) -> Colours:
    """Light thick paint from the upper left.

    Parameters
    ----------
    pixels
        The paint, H x W x 3 in [0, 1].
    height
        How thick it lies, H x W.
    depth
        How strongly slopes turn to or from the light (Lambert's law).
    gloss
        How bright wet ridges shine.

    Returns
    -------
    Colours
        The lit painting.
    """
    dy, dx = np.gradient(ndimage.gaussian_filter(height, 0.6))
    normal = np.stack([-dx * depth, -dy * depth, np.ones_like(height)], -1)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    lamp = np.array([-0.45, -0.6, 0.66], np.float32)
    between = lamp + np.array([0, 0, 1], np.float32)  # half-way to the eye (Blinn, 1977)
    between /= np.linalg.norm(between)
    lit = normal @ lamp / lamp[2]  # 1 where the paint is flat
    shine = np.clip(normal @ between, 0, 1) ** 60
    shine -= np.median(shine)
    shaded = pixels * np.clip(lit, 0.45, 1.35)[..., None] + gloss * np.clip(shine, 0, 1)[..., None]
    painting: Colours = np.clip(shaded, 0, 1).astype(np.float32)
    return painting


def weave(shape: tuple[int, int], *, thread: float) -> Field:
    """Weave a canvas: warp over weft, `thread` pixels each; heights in [0, 1]."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32) * (np.pi / thread)
    over = np.sin(x) * np.sin(y) > 0
    cloth: Field = np.where(over, np.abs(np.sin(x)), np.abs(np.sin(y)))
    return cloth


def paper(shape: tuple[int, int], rng: np.random.Generator, *, grain: float) -> Field:
    """Make handmade paper: fibres lying both ways, and a cloudy look-through; mean about zero."""
    along = clouds(shape, rng, scale=grain, octaves=2, stretch=7)
    across = clouds((shape[1], shape[0]), rng, scale=grain, octaves=2, stretch=7).T
    look_through = clouds(shape, rng, scale=40 * grain, octaves=3)
    sheet: Field = 0.4 * along + 0.4 * across + 0.5 * look_through
    return sheet
