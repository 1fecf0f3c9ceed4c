"""Thick oil: a poppy field, hills and a windy sunset, in strokes that follow the land."""

import numpy as np

from styles.craft.brush import Brush, Canvas, blank, lay, pick, scatter
from styles.craft.colour import Colours, mix, palette, ramp, vary
from styles.craft.light import impasto, weave
from styles.craft.noise import Field, clouds, grid, smoothstep, wander
from styles.craft.sheet import Sheet

SKY = palette("#0e3a5c", "#1f6f8b", "#4fa3a5", "#f0c987", "#f58a4b", "#e4572e")
EMBERS = palette("#f7d488", "#f2a65a", "#d1495b")
SUN = palette("#fff1b8")[0]
HILLS = [
    palette("#6d5a8d", "#9b6a8f"),
    palette("#31577a", "#4f86a0"),
    palette("#155a57", "#3c9d7f"),
    palette("#4d7c2c", "#b5b13a"),
    palette("#c9881f", "#f2c14e"),
]
POPPIES = palette("#d7263d", "#f4442e", "#a4161a", "#ff7d5c")
BLOSSOMS = palette("#fff3d6", "#f6e27f", "#8fb8de")
MEADOW = 3  # from this hill on, flowers grow
HORIZON = 0.36  # of the longest side, from the top


def paint(size: int, rng: np.random.Generator) -> Colours:
    """Paint the picture.

    Parameters
    ----------
    size
        Longest side, in pixels.
    rng
        Source of everything that no hand repeats.

    Returns
    -------
    Colours
        3/4 size x size x 3, sRGB in [0, 1].
    """
    sheet = Sheet(size, aspect=4 / 3)
    motif, angles, meadow = _scene(sheet, rng)
    canvas = blank(ramp(clouds(sheet.shape, rng, scale=sheet.px(90)) * 0.2 + 0.5, EMBERS[1:]))
    for width, length, spacing, light in [
        (46, 150, 18, 0.04),
        (28, 120, 13, 0.06),
        (17, 84, 11, 0.075),
    ]:
        starts = scatter(sheet.shape, sheet.px(spacing), rng)
        brush = Brush(sheet.px(width), sheet.px(length), load=0.5 + 12 / width)
        tint = vary(pick(motif, starts), rng, light=light, hue=0.022, rich=1.12)
        lay(canvas, angles, brush, starts, tint, rng)
    _flowers(sheet, canvas, angles, meadow, rng)
    relief = canvas.height + 0.12 * weave(sheet.shape, thread=sheet.px(2.6))
    return sheet.finish(impasto(canvas.pixels, relief, depth=0.95))


def _scene(sheet: Sheet, rng: np.random.Generator) -> tuple[Colours, Field, Field]:
    """Lay out what is seen, which way it flows (radians), and where flowers grow (0 or 1)."""
    x, y = grid(*sheet.shape)
    motif, angles = _sky(sheet, x, y, rng)
    meadow = np.zeros(sheet.shape, np.float32)
    for depth, shades in enumerate(HILLS):
        near = depth / (len(HILLS) - 1)
        rise = 0.05 * (1 - near) + 0.035
        crest = (
            HORIZON
            + 0.33 * near**1.25
            + rise * wander(sheet.shape[1], rng, scale=sheet.px(330 - 90 * near), octaves=3)
        )
        below = (y - crest) / (0.1 + 0.22 * near)
        furrows = np.sin(
            70 * below * (1 - 0.4 * near) + 3 * clouds(sheet.shape, rng, scale=sheet.px(160))
        )
        light = 0.75 - below + 0.22 * furrows + 0.12 * clouds(sheet.shape, rng, scale=sheet.px(120))
        mask = smoothstep(0, 0.004, y - crest)
        motif = mix(motif, ramp(light, shades), mask)
        slope = np.arctan(np.gradient(crest, 1 / max(sheet.shape)))
        lean = slope * np.exp(-2 * np.maximum(below, 0)) + 0.5 * np.sin(9 * x + 5 * near) * below
        angles = np.where(mask > 0.5, lean, angles)
        meadow = np.where(mask > 0.5, np.float32(depth >= MEADOW), meadow)
    return motif, angles.astype(np.float32), meadow


def _sky(sheet: Sheet, x: Field, y: Field, rng: np.random.Generator) -> tuple[Colours, Field]:
    """Let wind comb the clouds around a low sun."""
    wind = clouds(sheet.shape, rng, scale=sheet.px(420), octaves=2, stretch=1.6)
    streaks = clouds(sheet.shape, rng, scale=sheet.px(110), octaves=4, stretch=3)
    sky = ramp(y / HORIZON * 0.95 + 0.10 * streaks + 0.05 * wind, SKY)
    lit_clouds = smoothstep(0.5, 1.5, streaks + 0.6 * wind)
    sky = mix(sky, ramp(1.1 - y / HORIZON + 0.2 * streaks, EMBERS[::-1]), 0.85 * lit_clouds)
    from_sun = np.hypot(x - 0.52, y - 0.235)
    sky = mix(sky, EMBERS[0], 0.8 * np.exp(-((from_sun / 0.1) ** 2)))
    sky = mix(sky, SUN, 1 - smoothstep(0.040, 0.046, from_sun))
    around_sun = np.arctan2(y - 0.235, x - 0.52) + np.pi / 2
    pull = np.exp(-((from_sun / 0.13) ** 2))
    flow = 0.75 * wind
    angles = np.arctan2(
        (1 - pull) * np.sin(flow) + pull * np.sin(around_sun),
        (1 - pull) * np.cos(flow) + pull * np.cos(around_sun),
    )
    return sky, angles


def _flowers(
    sheet: Sheet, canvas: Canvas, angles: Field, meadow: Field, rng: np.random.Generator
) -> None:
    """Dab poppies and a few other blossoms on the meadow, larger the nearer they stand."""
    drifts = clouds(sheet.shape, rng, scale=sheet.px(150), octaves=2, stretch=2)
    grows = meadow * smoothstep(-1.0, 0.3, drifts)
    for distance in np.linspace(0.60, 1.0, 9):
        near = (distance - 0.55) / 0.45
        size = sheet.px(5 + 12 * near)
        starts = scatter(sheet.shape, 1.1 * size, rng)
        row = distance * sheet.shape[0]
        starts = starts[(np.abs(starts[:, 0] - row) < sheet.px(22))]
        starts = starts[rng.random(len(starts)) < 0.8 * pick(grows, starts)]
        poppies = POPPIES[rng.integers(len(POPPIES), size=len(starts))]
        others = BLOSSOMS[rng.integers(len(BLOSSOMS), size=len(starts))]
        colours = np.where(rng.random((len(starts), 1)) < 0.82, poppies, others)
        petals = vary(colours, rng, light=0.04, hue=0.01)
        shaded = vary(0.62 * colours, rng, light=0.02)
        lower = starts + np.array([0.22 * size, 0])
        lay(canvas, angles, Brush(size, 1.2 * size, load=1.2), lower, shaded, rng)
        lay(canvas, angles, Brush(0.85 * size, 1.1 * size, load=1.8), starts, petals, rng)
