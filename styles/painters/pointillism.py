"""Dots of pure colour: an avenue of autumn trees beside a pond, in the manner of Seurat.

Colours are not mixed on the palette. Each is split: most dots take the motif's hue, some lean to
its neighbours, a few are its complement, and the eye does the mixing (Chevreul, 1839).
"""

import numpy as np

from styles.craft.brush import blank, pick, scatter
from styles.craft.colour import Colours, from_oklab, mix, palette, ramp, to_oklab
from styles.craft.light import impasto
from styles.craft.noise import Field, clouds, grid, smoothstep
from styles.craft.sheet import Sheet

SKY = palette("#5b8fd6", "#93bfe8", "#f3e3b3", "#f7b983", "#ef8e6f")
LEAVES = palette("#5a1733", "#a8261f", "#e4571b", "#f79a1e", "#ffd23f", "#fff0a0")
TRUNK = palette("#2b1740", "#5a2a4f", "#9a5a4a")
GRASS = palette("#1d4a3c", "#3f8a3c", "#a3b83a", "#f0d24a")
FARWOOD = palette("#3b3f8f", "#6a62b0", "#b07aa8", "#e59a86")
GROUND = palette("#f1e4c3")[0]
SUNLIGHT = palette("#fff4c2")[0]
DEEP = palette("#24408a")[0]
SUN = (0.53, 0.24)
SHORE = 0.47  # of the longest side: above is land, below is water

# x of the trunk, height of the crown's middle, and its radius.
TREES = [(0.08, 0.19, 0.165), (0.29, 0.25, 0.110), (0.43, 0.30, 0.072), (0.62, 0.305, 0.066),
         (0.74, 0.26, 0.105), (0.93, 0.18, 0.175)]  # fmt: skip


def paint(size: int, rng: np.random.Generator) -> Colours:
    """Paint the picture: 3/4 size x size x 3, sRGB in [0, 1] (see `styles.painters`)."""
    sheet = Sheet(size, aspect=4 / 3)
    sketch = Sheet(size, aspect=4 / 3, oversampling=0.5)  # dots hide what is finer
    motif = _reflect(sketch, _land(sketch, rng), rng)
    canvas = blank(np.broadcast_to(GROUND, (*sheet.shape, 3)))
    for radius, spacing, split in [(7.0, 8.0, 0.03), (5.2, 7.0, 0.05), (4.0, 6.4, 0.06)]:
        places = scatter(sheet.shape, sheet.px(spacing), rng)
        colours = _divide(pick(motif, places * sketch.px(1) / sheet.px(1)), split, rng)
        _dots(canvas.pixels, canvas.height, places, colours, sheet.px(radius), rng)
    return sheet.finish(impasto(canvas.pixels, canvas.height * sheet.px(1.5), depth=0.28))


def _land(sheet: Sheet, rng: np.random.Generator) -> Colours:
    """Lay out sky, far wood, bank and trees."""
    x, y = grid(*sheet.shape)
    drift = clouds(sheet.shape, rng, scale=sheet.px(150), stretch=2.2)
    picture = ramp(y / 0.44 + 0.10 * drift, SKY)
    sun = np.hypot(x - SUN[0], y - SUN[1])
    picture = mix(picture, SUNLIGHT, np.exp(-((sun / 0.085) ** 2)))
    wood = 0.375 + 0.022 * np.sin(15 * x) + 0.012 * clouds(sheet.shape, rng, scale=sheet.px(40))
    shade = clouds(sheet.shape, rng, scale=sheet.px(50), octaves=3)
    picture = mix(picture, ramp(0.45 + 0.25 * shade, FARWOOD), smoothstep(0, 0.006, y - wood))
    bank = smoothstep(0, 0.005, y - 0.425 - 0.006 * np.sin(19 * x))
    stripes = np.sin(90 * y + 14 * x)
    picture = mix(picture, ramp(0.55 + 0.2 * shade + 0.2 * stripes, GRASS), bank)
    for place, middle, radius in sorted(TREES, key=lambda tree: tree[2]):
        picture = _tree(sheet, picture, x, y, (place, middle, radius), rng)
    return picture


def _tree(
    sheet: Sheet, picture: Colours, x: Field, y: Field,
    tree: tuple[float, float, float], rng: np.random.Generator,
) -> Colours:  # fmt: skip
    """Grow a tree: a leaning trunk, and a crown of clumps that are lit from the sun's side."""
    place, middle, radius = tree
    foot = SHORE - 0.02 + 0.10 * radius
    up = np.clip((foot - y) / (foot - middle), 0, 1)
    lean = place + 0.012 * np.sin(9 * y + 20 * place)
    trunk = (np.abs(x - lean) < radius * (0.15 - 0.09 * up)) & (y > middle) & (y < foot)
    picture = mix(picture, ramp(0.5 + 6 * (SUN[0] - place) * (x - lean) / radius, TRUNK), trunk)
    for _ in range(48):
        angle, far = rng.uniform(0, 2 * np.pi), radius * np.sqrt(rng.random())
        cx, cy = place + 1.05 * far * np.cos(angle), middle + 0.85 * far * np.sin(angle)
        clump = radius * rng.uniform(0.20, 0.36)
        dx, dy = (x - cx) / clump, (y - cy) / clump
        r = np.hypot(dx, dy)
        light = 0.55 + 0.28 * (dx * np.sign(SUN[0] - place) * 0.8 - dy) * np.minimum(
            1, 1 / (r + 0.3)
        )
        light += rng.normal(0, 0.10)
        picture = mix(picture, ramp(light, LEAVES), smoothstep(1.05, 0.80, r))
    return picture


def _reflect(sheet: Sheet, land: Colours, rng: np.random.Generator) -> Colours:
    """Mirror the land in the pond, shaken sideways and cut by streaks of sky."""
    height, width = sheet.shape
    longest = max(sheet.shape)
    shore = int(SHORE * longest)
    y, x = np.mgrid[0:height, 0:width]
    depth = np.clip(y - shore, 0, None) / longest
    ripple = np.sin(520 * depth**0.8 + 8 * x / longest) * (0.004 + 0.03 * depth) * longest
    row = np.clip(shore - 1.55 * (y - shore), 0, height - 1).astype(int)
    column = np.clip(x + ripple, 0, width - 1).astype(int)
    mirrored = mix(land[row, column], DEEP, 0.26)
    streaks = clouds(sheet.shape, rng, scale=sheet.px(12), octaves=3, stretch=12)
    mirrored = mix(mirrored, SKY[1], 0.6 * smoothstep(0.9, 1.8, streaks))
    picture = np.where((y > shore)[..., None], mirrored, land)
    leaves = clouds(sheet.shape, rng, scale=sheet.px(9), octaves=2, stretch=2)
    fallen = smoothstep(1.35, 1.6, leaves) * smoothstep(0.04, 0.22, depth)
    return mix(picture, LEAVES[3], fallen).astype(np.float32)


def _divide(colours: Colours, split: float, rng: np.random.Generator) -> Colours:
    """Split each colour into purer neighbours; one dot in twenty becomes the complement."""
    lab = to_oklab(colours)
    lab[:, 0] += rng.normal(0, 0.7 * split, len(lab))
    lab[:, 1:] = 1.25 * lab[:, 1:] + rng.normal(0, 0.55 * split, (len(lab), 2))
    complement = rng.random(len(lab)) < 1 / 20
    lab[complement, 1:] *= -0.8
    return from_oklab(lab)


def _dots(
    pixels: Colours, height: Field, places: Field, colours: Colours, radius: float,
    rng: np.random.Generator,
) -> None:  # fmt: skip
    """Touch the canvas with a round brush, many dots at once; later dots lie upon earlier ones."""
    reach = int(np.ceil(radius * 1.3))
    dy, dx = np.mgrid[-reach : reach + 1, -reach : reach + 1].reshape(2, -1)
    sizes = radius * rng.uniform(0.75, 1.2, len(places)).astype(np.float32)
    squash = rng.uniform(0.8, 1.2, len(places)).astype(np.float32)
    for part in np.array_split(np.arange(len(places)), max(1, len(places) // 4000)):
        far = np.hypot(dy * squash[part, None], dx / squash[part, None]) / sizes[part, None]
        rows = places[part, :1].astype(int) + dy
        columns = places[part, 1:].astype(int) + dx
        touched = (far < 1) & (rows >= 0) & (rows < height.shape[0])
        touched &= (columns >= 0) & (columns < height.shape[1])
        dot = np.broadcast_to(part[:, None], far.shape)[touched]
        pixels[rows[touched], columns[touched]] = colours[dot]
        height[rows[touched], columns[touched]] = np.sqrt(1 - far[touched] ** 2)
