"""A church window: a tree of life before a rising sun, in leaded glass.

Large shapes are drawn first; inside each, panes are cut as a Voronoi diagram whose points lie along
the shape, and wherever two panes meet, a lead came holds them.
"""

import numpy as np
from scipy import ndimage, spatial

from styles.craft.colour import Colours, palette, ramp, vary
from styles.craft.light import impasto
from styles.craft.noise import Field, Labels, Mask, clouds, grid, smoothstep
from styles.craft.sheet import Sheet

SUNLIGHT = palette("#fff0a6", "#ffc93c", "#f58b1f", "#d9381e", "#8c1c4b")
SKY = palette("#7fd1e8", "#2a8fd0", "#1c4fa3", "#2a1f73", "#43186b")
LEAVES = palette("#d8e24a", "#7cc142", "#1f9a55", "#0f6b5c")
BARK = palette("#a8622a", "#6e2f1d", "#8a3f5e")
HILLS = palette("#3fae6a", "#12806a", "#0d5a73", "#1a3a7a")
FRUIT = palette("#e3172e", "#ff5a36", "#c2185b")
LEAD = palette("#16161c")[0]

SUN = (0.5, 0.46)  # x, y, of the longest side
CROWN = [
    (0.50, 0.27, 0.16), (0.35, 0.33, 0.115), (0.65, 0.33, 0.115), (0.42, 0.20, 0.10),
    (0.58, 0.20, 0.10), (0.28, 0.41, 0.07), (0.72, 0.41, 0.07),
]  # fmt: skip
# How far to the side, and how high, each branch reaches from the trunk.
LIMBS = [(0.17, 0.28), (-0.17, 0.28), (0.06, 0.15), (-0.06, 0.15), (0.25, 0.42), (-0.25, 0.42)]


def paint(size: int, rng: np.random.Generator) -> Colours:
    """Glaze the window: size x size x 3, sRGB in [0, 1] (see `styles.painters`)."""
    sheet = Sheet(size, aspect=1.0, oversampling=1.5)
    x, y = grid(*sheet.shape)
    shapes = _shapes(x, y)
    panes, centres = _panes(sheet, shapes, x, y, rng)
    colours = _tint(panes, centres, shapes, rng)
    glass = _shine_through(sheet, panes, centres, colours, rng)
    return sheet.finish(_lead(sheet, glass, panes, shapes, rng))


def _shapes(x: Field, y: Field) -> Labels:
    """Divide the window: sky rings are 0 to 6, hills 10 to 12, the trunk 20, the crown from 30."""
    r = np.hypot(x - SUN[0], y - SUN[1])
    shapes = np.digitize(r, [0.085, 0.15, 0.225, 0.31, 0.40, 0.50])
    for depth, (base, swing) in enumerate([(0.66, 0.045), (0.74, 0.05), (0.83, 0.04)]):
        hill = y > base + swing * np.sin(7 * x + 2.3 * depth)
        shapes = np.where(hill, 10 + depth, shapes)
    for number, (cx, cy, radius) in enumerate(CROWN):
        lobed = radius * (1 + 0.05 * np.sin(9 * np.arctan2(y - cy, x - cx)))
        shapes = np.where(np.hypot(x - cx, y - cy) < lobed, 30 + number, shapes)
    return np.where(_trunk(x, y), 20, shapes)


def _trunk(x: Field, y: Field) -> Mask:
    """Grow a twisted trunk that flares into roots below and into branches above."""
    middle = 0.5 + 0.012 * np.sin(16 * y)
    half = 0.030 + 0.12 * np.clip((y - 0.60) / 0.3, 0, 1) ** 2.4
    floor = 0.90 - 1.6 * (x - 0.5) ** 2
    trunk: Mask = (np.abs(x - middle) < half) & (y > 0.42) & (y < floor)
    for reach, top in LIMBS:
        t = np.clip((0.58 - y) / (0.58 - top), 0, 1)
        limb = 0.5 + reach * t**1.5
        trunk |= (np.abs(x - limb) < 0.030 * (1.15 - t)) & (y > top) & (y < 0.58)
    return trunk


def _panes(
    sheet: Sheet, shapes: Labels, x: Field, y: Field, rng: np.random.Generator
) -> tuple[Labels, Field]:
    """Cut panes: the nearest point, within the same shape, of a loose set of points."""
    spacing = sheet.px(43)
    points = np.mgrid[0 : sheet.shape[0] : spacing, 0 : sheet.shape[1] : spacing]
    points = points.reshape(2, -1).T + rng.uniform(0, spacing, (points[0].size, 2))
    pixels = np.mgrid[: sheet.shape[0], : sheet.shape[1]].reshape(2, -1).T
    for _ in range(2):  # Lloyd's relaxation: panes of about one size
        _, coarse = spatial.cKDTree(points).query(pixels[::13])
        count = np.maximum(np.bincount(coarse, minlength=len(points)), 1)[:, None]
        sums = [np.bincount(coarse, pixels[::13, axis], len(points)) for axis in (0, 1)]
        points = np.stack(sums, -1) / count
    _, nearest = spatial.cKDTree(points).query(pixels)
    key = nearest.reshape(sheet.shape) * 64 + shapes
    _, panes = np.unique(key, return_inverse=True)
    panes = panes.reshape(sheet.shape)
    size = np.bincount(panes.ravel())
    centres = [np.bincount(panes.ravel(), field.ravel()) / size for field in (x, y)]
    return panes, np.stack(centres, -1).astype(np.float32)


def _tint(panes: Labels, centres: Field, shapes: Labels, rng: np.random.Generator) -> Colours:
    """Choose a glass for every pane, by the shape that it belongs to (n x 3)."""
    first = np.unique(panes, return_index=True)[1]
    kind = shapes.ravel()[first]
    chance = rng.random(len(kind))
    to_sun = np.hypot(*(centres - SUN).T)
    fruit = (kind >= 30) & (rng.random(len(kind)) < 0.15)
    colours = ramp(0.24 * (np.minimum(kind, 6) - 2.6) + 0.10 * chance - 0.05, SKY)
    for where, glass in [
        (kind <= 2, ramp(kind / 3 + 0.25 * chance, SUNLIGHT)),
        ((kind >= 10) & (kind < 20), ramp((kind - 10) / 3.2 + 0.3 * chance, HILLS)),
        (kind == 20, ramp(chance, BARK)),
        (kind >= 30, ramp(1.9 * to_sun - 0.1 + 0.5 * (chance - 0.5), LEAVES)),
        (fruit, FRUIT[rng.integers(len(FRUIT), size=len(kind))]),
    ]:
        colours[where] = glass[where]
    return vary(colours, rng, light=0.045, hue=0.012, rich=1.1)


def _shine_through(
    sheet: Sheet, panes: Labels, centres: Field, colours: Colours, rng: np.random.Generator
) -> Colours:
    """Let the sun through the glass, with its streaks, its seeds and its uneven thickness."""
    x, y = grid(*sheet.shape)
    streaks = clouds(sheet.shape, rng, scale=sheet.px(34), octaves=4, stretch=3)
    seeds = clouds(sheet.shape, rng, scale=sheet.px(6), octaves=2)
    glow = 1.14 - 0.75 * np.hypot(x - SUN[0], y - SUN[1]) ** 2
    # Mouth-blown glass is a wedge: each pane is lighter towards one side.
    tilt = rng.normal(0, 3.0, centres.shape)[panes]
    wedge = (tilt * (np.stack([x, y], -1) - centres[panes])).sum(-1)
    through = glow + 0.075 * streaks + 0.025 * seeds + wedge
    glass: Colours = np.clip(colours[panes] * through[..., None], 0, 1)
    return glass


def _lead(
    sheet: Sheet, glass: Colours, panes: Labels, shapes: Labels, rng: np.random.Generator
) -> Colours:
    """Solder the panes: rounded lead, thick where shapes meet, thin between panes of one shape."""
    wobble = 0.6 * clouds(sheet.shape, rng, scale=sheet.px(40), octaves=2)
    came = np.zeros(sheet.shape, np.float32)
    for labels, width in [(panes, 2.6), (shapes, 4.4)]:
        border = ndimage.maximum_filter(labels, 3) != ndimage.minimum_filter(labels, 3)
        away = ndimage.distance_transform_edt(~border)
        half = sheet.px(width + 0.4) + wobble
        came = np.maximum(came, np.sqrt(np.clip(1 - (away / half) ** 2, 0, 1)))
    x, y = grid(*sheet.shape)
    edge = np.minimum(np.minimum(x, 1 - x), np.minimum(y, 1 - y)) * max(sheet.shape)
    came = np.where(edge < sheet.px(7), 1, came)
    # Light that passes a pane also bleeds over its lead.
    halo = np.stack([ndimage.gaussian_filter(glass[..., c], sheet.px(9)) for c in range(3)], -1)
    solid = smoothstep(0.05, 0.45, came)[..., None]
    metal = LEAD + 0.16 * halo
    window = glass * (1 - solid) + metal * solid
    height = came * sheet.px(4) + 0.25 * clouds(sheet.shape, rng, scale=sheet.px(22), octaves=2)
    return impasto(window, height, depth=0.5, gloss=0.35)
