"""A Roman floor: three fish in waves, laid in small stones that follow every outline.

The stones are a centroidal Voronoi diagram in a metric that is square and turns with the design:
A. Hausner, "Simulating decorative mosaics", SIGGRAPH 2001.
"""

import numpy as np
from scipy import ndimage, spatial

from styles.craft.colour import Colours, palette, ramp, vary
from styles.craft.light import impasto
from styles.craft.noise import Field, Labels, clouds, grid, smoothstep
from styles.craft.sheet import Sheet

GROUT = palette("#3a322b")[0]
WATER = palette("#e9e2c6", "#a9d0c3", "#4fa3a8", "#1e6f8a", "#123f63")
TERRACOTTA = palette("#7c2d1a", "#b8452a", "#d97b4a")
GOLD = palette("#b9812a", "#e0ad3c", "#f3d27a")
SLATE = palette("#16222e", "#2c4154", "#4c6a80")
IVORY = palette("#f4ead0", "#e7d5ad")
STONES = {  # what each part of the design is laid in
    "water": WATER, "outline": SLATE[:2], "back": TERRACOTTA, "flank": GOLD, "belly": IVORY,
    "fin": TERRACOTTA[1:], "eye": IVORY[:1], "pupil": SLATE[:1], "gill": SLATE[1:],
    "band": SLATE, "teeth": TERRACOTTA[:2], "gaps": IVORY, "rim": GOLD,
}  # fmt: skip
PARTS = list(STONES)

# Middle (x, y), length, heading in radians, and bend of each fish.
FISH = [
    (0.305, 0.215, 0.35, 0.14, 0.34),
    (0.665, 0.375, 0.42, 3.06, -0.30),
    (0.315, 0.545, 0.36, -0.12, 0.30),
]
STONE = 15.0  # side of a tessera, in pixels of the full-size picture
NEIGHBOURS = 6  # stones whose cells can touch a place
RELAXATIONS = 14  # of Lloyd's algorithm; more changes nothing that is seen
FOREIGN = 4.0  # how much farther a stone of another part seems: stones never straddle an outline


def paint(size: int, rng: np.random.Generator) -> Colours:
    """Lay the floor: 3/4 size x size x 3, sRGB in [0, 1] (see `styles.painters`)."""
    sheet = Sheet(size, aspect=4 / 3)
    design, tone = _design(sheet, rng)
    angles = _courses(sheet, design)
    stones = _relax(sheet, design, angles, rng)
    return sheet.finish(_set(sheet, stones, design, tone, angles, rng))


def _design(sheet: Sheet, rng: np.random.Generator) -> tuple[Labels, Field]:
    """Draw the cartoon: which part every place belongs to, and its tone along that part's ramp."""
    x, y = grid(*sheet.shape)
    swell = np.sin(34 * y + 2.4 * np.sin(6 * x) + 1.2 * np.sin(11 * x - 9 * y))
    tone = 0.52 + 0.34 * swell + 0.08 * clouds(sheet.shape, rng, scale=sheet.px(120))
    design = np.full(sheet.shape, PARTS.index("water"))
    for fish in FISH:
        design, tone = _fish(design, tone, x, y, *fish)
    return _border(design, tone, x, y)


def _fish(
    design: Labels, tone: Field, x: Field, y: Field,
    cx: float, cy: float, length: float, heading: float, bend: float,
) -> tuple[Labels, Field]:  # fmt: skip
    """Put one fish into the design: u runs from its nose (0) to its tail (1), v across."""
    dx, dy = (x - cx) / length, (y - cy) / length
    u = 0.5 - dx * np.cos(heading) - dy * np.sin(heading)
    v = -dx * np.sin(heading) + dy * np.cos(heading) + bend * (u - 0.45) ** 2
    v = v * np.sign(np.cos(heading))  # bellies down, whichever way it swims
    within = np.clip(u / 0.82, 0, 1)
    half = 0.20 * np.sin(np.pi * within**0.80) ** 1.1 + 0.022 * (u > 0.6)
    body = (np.abs(v) < half) & (u > 0) & (u < 0.84)
    tail = (
        (u > 0.79) & (np.abs(v) < 0.03 + (u - 0.79) * 1.15) & (u < 1.04 - 0.5 * (0.24 - np.abs(v)))
    )
    dorsal = (v < 0) & (-v < half + 0.085 * np.sin(np.pi * np.clip((u - 0.22) / 0.42, 0, 1)) ** 0.6)
    ventral = (v > 0) & (v < half + 0.075 * np.sin(np.pi * np.clip((u - 0.45) / 0.22, 0, 1)) ** 0.6)
    fins = tail | ((dorsal | ventral) & (u > 0.2) & (u < 0.7) & ~body)

    scales = 0.5 + 0.5 * np.sin(70 * u) * np.cos(45 * v)
    eye = np.hypot(u - 0.13, v + 0.03)
    layers = [
        (
            ndimage.binary_dilation(body | fins, iterations=max(1, len(design) // 120)),
            "outline",
            0.3,
        ),
        (fins, "fin", 0.5 + 0.5 * np.sin(60 * (np.abs(v) + 0.3 * u))),
        (body, "flank", scales),
        (body & (v < -0.30 * half), "back", 0.2 + 0.7 * scales),
        (body & (v > 0.50 * half), "belly", 0.5 + 0.5 * scales),
        (body & (u < 0.21), "flank", 0.9),
        (body & (np.abs(np.hypot(u - 0.06, v) - 0.17) < 0.014), "gill", 0.5),
        (eye < 0.043, "eye", 0.0),
        (eye < 0.022, "pupil", 0.0),
    ]
    for where, part, shade in layers:
        design = np.where(where, PARTS.index(part), design)
        tone = np.where(where, shade, tone)
    return design, tone


def _border(design: Labels, tone: Field, x: Field, y: Field) -> tuple[Labels, Field]:
    """Frame the floor: a dark band, a row of wolf's teeth, a gold rim."""
    edge = np.minimum(np.minimum(x, 1 - x), np.minimum(y, 0.75 - y))
    along = np.where(np.minimum(x, 1 - x) < np.minimum(y, 0.75 - y), y, x)
    tooth = np.abs((along / 0.0625) % 1 - 0.5) * 2
    for limit, part in [(0.090, "rim"), (0.078, "gaps"), (0.040, "band"), (0.028, "teeth")]:
        design = np.where(edge < limit, PARTS.index(part), design)
    teeth = (edge < 0.078) & (edge > 0.040) & ((edge - 0.040) / 0.038 < tooth)
    design = np.where(teeth, PARTS.index("teeth"), design)
    return design, np.where(edge < 0.090, 0.5, tone)


def _courses(sheet: Sheet, design: Labels) -> Field:
    """Turn stones along the nearest outline: the angle of the distance's gradient, in radians."""
    outline = ndimage.maximum_filter(design, 3) != ndimage.minimum_filter(design, 3)
    away = ndimage.gaussian_filter(ndimage.distance_transform_edt(~outline), sheet.px(5))
    dy, dx = np.gradient(away)
    # A square looks the same after a quarter turn, so angles are averaged four times wound up.
    wound = np.exp(4j * np.arctan2(dy, dx)) * np.hypot(dy, dx)
    soft = sheet.px(6)
    real, imaginary = (ndimage.gaussian_filter(f, soft) for f in (wound.real, wound.imag))
    return (np.arctan2(imaginary, real) / 4).astype(np.float32)


def _nearest(
    places: Field, stones: Field, design: Labels, angles: Field
) -> tuple[Labels, Field, Field]:
    """Find the stone of every place (n x 2), how far it is, and how much farther the second is."""
    _, near = spatial.cKDTree(stones).query(places, k=NEIGHBOURS)
    offset = (places[:, None] - stones[near]).astype(np.float32)
    row, column = np.clip(stones.astype(int), 0, np.array(design.shape) - 1).T
    turn = angles[row, column][near]
    cos, sin = np.cos(turn), np.sin(turn)
    a = np.abs(offset[..., 1] * cos + offset[..., 0] * sin)
    b = np.abs(offset[..., 0] * cos - offset[..., 1] * sin)
    far = np.maximum(a, b)
    here = design[places[:, 0].astype(int), places[:, 1].astype(int)]
    far *= np.where(design[row, column][near] != here[:, None], FOREIGN, 1)
    order = np.argpartition(far, 1, axis=1)[:, :2]
    best, second = np.take_along_axis(far, order, 1).T
    chosen = np.take_along_axis(near, order, 1)
    return chosen[:, 0], best, second - best


def _relax(sheet: Sheet, design: Labels, angles: Field, rng: np.random.Generator) -> Field:
    """Move stones to the middles of their cells until they lie in courses (n x 2, y and x)."""
    height, width = sheet.shape
    side = sheet.px(STONE)
    count = int(height * width / side**2)
    stones = rng.uniform(0, 1, (count, 2)) * [height - 1, width - 1]
    stride = max(1, int(side / 6))
    places = np.mgrid[0:height:stride, 0:width:stride].reshape(2, -1).T
    for _ in range(RELAXATIONS):
        owner, _, _ = _nearest(places, stones, design, angles)
        members = np.bincount(owner, minlength=count)
        middles = [np.bincount(owner, places[:, axis], count) for axis in (0, 1)]
        moved = np.stack(middles, -1) / np.maximum(members, 1)[:, None]
        stones = np.where(members[:, None] > 0, moved, stones)
    return stones


def _set(
    sheet: Sheet, stones: Field, design: Labels, tone: Field, angles: Field,
    rng: np.random.Generator,
) -> Colours:  # fmt: skip
    """Set every stone in the grout: its own shade, a chipped edge, a slight tilt to the light."""
    places = np.mgrid[: sheet.shape[0], : sheet.shape[1]].reshape(2, -1).T
    owner, far, margin = (f.reshape(sheet.shape) for f in _nearest(places, stones, design, angles))
    row, column = np.clip(stones.astype(int), 0, np.array(sheet.shape) - 1).T
    colours = np.zeros((len(stones), 3), np.float32)
    for number, part in enumerate(PARTS):
        of_part = design[row, column] == number
        colours[of_part] = ramp(tone[row, column][of_part], STONES[part])
    colours = vary(colours, rng, light=0.045, hue=0.014, rich=1.12)

    chips = clouds(sheet.shape, rng, scale=sheet.px(7), octaves=2)
    gap = sheet.px(1.5) + 0.25 * sheet.px(1) * chips
    depth = np.minimum(margin, sheet.px(0.66 * STONE) - far) - gap
    stone = smoothstep(0, sheet.px(0.9), depth)[..., None]
    veins = clouds(sheet.shape, rng, scale=sheet.px(12), octaves=3)
    face = colours[owner] * (1 + 0.05 * veins[..., None])
    sand = GROUT * (1 + 0.14 * clouds(sheet.shape, rng, scale=sheet.px(4), octaves=2))[..., None]
    tilt = rng.normal(0, 0.10, (len(stones), 2))[owner]
    offset = places.reshape(*sheet.shape, 2) - stones[owner]
    height = np.clip(depth / sheet.px(2.2), 0, 1) * sheet.px(1.1) + (tilt * offset).sum(-1)
    return impasto(sand * (1 - stone) + face * stone, height * stone[..., 0], depth=0.9, gloss=0.2)
