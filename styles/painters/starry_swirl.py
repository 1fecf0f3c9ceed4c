"""Night in whirls: stars, a moon and a village, in short strokes that turn with the wind."""

import numpy as np

from styles.craft.brush import Brush, blank, lay, pick, scatter
from styles.craft.colour import Colours, mix, palette, ramp, vary
from styles.craft.light import impasto, weave
from styles.craft.noise import Field, clouds, grid, smoothstep, wander
from styles.craft.sheet import Sheet

NIGHT = palette("#0b1640", "#15307a", "#2257a8", "#4b8ec8", "#9fcbd9", "#e9e6b8")
GLOW = palette("#ffd95a", "#fff3c4", "#f0a030")
LAND = palette("#0a1a2f", "#123a4a", "#1f6b5e", "#5c8a3a")
CYPRESS = palette("#0b1512", "#1a3324", "#4a4a1e", "#7a4b1c")
WINDOWS = palette("#ffd23f", "#ff9f1c")

# x, y (of the longest side), radius of influence, and turn: positive is clockwise.
WHIRLS = [
    (0.43, 0.26, 0.135, 1.0),
    (0.60, 0.335, 0.09, -1.0),
    (0.20, 0.36, 0.10, -0.8),
    (0.80, 0.40, 0.09, 0.8),
]
# x, y, radius of the disc: the last is the moon.
STARS = [
    (0.07, 0.07, 0.013), (0.22, 0.13, 0.017), (0.30, 0.045, 0.010), (0.53, 0.075, 0.015),
    (0.66, 0.17, 0.013), (0.33, 0.37, 0.012), (0.72, 0.045, 0.011), (0.94, 0.31, 0.014),
    (0.09, 0.25, 0.010), (0.70, 0.29, 0.009), (0.86, 0.13, 0.036),
]  # fmt: skip


def paint(size: int, rng: np.random.Generator) -> Colours:
    """Paint the picture: 3/4 size x size x 3, sRGB in [0, 1] (see `styles.painters`)."""
    sheet = Sheet(size, aspect=4 / 3)
    motif, angles = _scene(sheet, rng)
    canvas = blank(np.broadcast_to(NIGHT[1], motif.shape).astype(np.float32))
    for width, length, spacing, light in [
        (28, 96, 14, 0.03),
        (15, 68, 10, 0.06),
        (9.5, 50, 8.5, 0.085),
    ]:
        starts = scatter(sheet.shape, sheet.px(spacing), rng)
        brush = Brush(sheet.px(width), sheet.px(length), load=0.5 + 7 / width)
        tint = vary(pick(motif, starts), rng, light=light, hue=0.02, rich=1.1)
        lay(canvas, angles, brush, starts, tint, rng)
    relief = canvas.height + 0.1 * weave(sheet.shape, thread=sheet.px(2.6))
    return sheet.finish(impasto(canvas.pixels, relief, depth=1.0))


def _scene(sheet: Sheet, rng: np.random.Generator) -> tuple[Colours, Field]:
    """Lay out sky, hills, village and cypress, and which way each flows (radians)."""
    x, y = grid(*sheet.shape)
    motif, angles = _sky(sheet, x, y, rng)
    for depth in range(3):
        crest = (
            0.50
            + 0.07 * depth
            + 0.028 * wander(sheet.shape[1], rng, scale=sheet.px(260), octaves=2)
        )
        crest += 0.05 * (0.5 - x[0]) * (1 if depth % 2 else -1)
        below = (y - crest) / 0.12
        bands = 0.5 + 0.5 * np.sin(26 * below + 2 * clouds(sheet.shape, rng, scale=sheet.px(140)))
        mask = smoothstep(0, 0.004, y - crest)
        motif = mix(motif, ramp(0.15 + 0.22 * depth + 0.45 * bands * np.exp(-below), LAND), mask)
        slope = np.arctan(np.gradient(crest, 1 / max(sheet.shape)))
        angles = np.where(mask > 0.5, slope + 0.4 * np.sin(14 * x + depth), angles)
    motif = _village(motif, x, y, rng)
    return _cypress(motif, angles, x, y)


def _sky(sheet: Sheet, x: Field, y: Field, rng: np.random.Generator) -> tuple[Colours, Field]:
    """Stir the sky: a steady wind, whirls in it, and halos round the stars."""
    push_x = np.full(x.shape, 0.55, np.float32)
    push_y = 0.35 * np.cos(7 * x + 2 * y)
    bands = 0.9 * np.sin(34 * (y + 0.03 * np.sin(7 * x)))
    for cx, cy, radius, turn in WHIRLS:
        dx, dy = x - cx, (y - cy) * 1.15
        r = np.hypot(dx, dy)
        pull = 2.6 * np.exp(-((r / radius) ** 2))
        push_x += -turn * dy / (r + 1e-4) * pull
        push_y += turn * dx / (r + 1e-4) * pull
        arms = np.sin(46 * r / (0.4 + radius * 5) * 2.2 - turn * 2 * np.arctan2(dy, dx))
        bands += pull * (arms + 0.15 - bands / 3) * 0.8
    tone = 0.38 + 0.17 * bands + 0.07 * clouds(sheet.shape, rng, scale=sheet.px(90))
    sky = ramp(tone + 0.25 * smoothstep(0.38, 0.52, y), NIGHT)
    for cx, cy, radius in STARS:
        dx, dy = x - cx, y - cy
        r = np.hypot(dx, dy)
        halo = np.exp(-((r / (3.0 * radius)) ** 2))
        rings = 0.75 + 0.25 * np.cos(r / radius * 4.2)
        sky = mix(sky, ramp(halo * 1.15, GLOW[[2, 0, 0, 1]]), np.clip(halo * rings * 1.25, 0, 1))
        push_x += -dy / (r + 1e-4) * 4 * halo
        push_y += dx / (r + 1e-4) * 4 * halo
    mx, my, mr = STARS[-1]
    crescent = (np.hypot(x - mx, y - my) < mr) & (np.hypot(x - mx - 0.4 * mr, y - my) > 0.75 * mr)
    sky = mix(sky, GLOW[2], crescent)
    return sky, np.arctan2(push_y, push_x)


def _village(motif: Colours, x: Field, y: Field, rng: np.random.Generator) -> Colours:
    """Set small houses with lit windows at the foot of the hills."""
    for place in np.linspace(0.34, 0.95, 17):
        left, base = place + rng.normal(0, 0.008), 0.685 + rng.normal(0, 0.012)
        width, high = rng.uniform(0.022, 0.036), rng.uniform(0.016, 0.028)
        wall = (np.abs(x - left) < width / 2) & (y < base) & (y > base - high)
        roof = (y <= base - high) & (base - high - y < 0.02 * (1 - np.abs(x - left) / width * 1.8))
        motif = mix(motif, ramp(rng.random(), NIGHT[1:4]), wall)
        motif = mix(motif, ramp(rng.random(), CYPRESS[1:]), roof)
        window = (np.abs(x - left) < 0.0045) & (np.abs(y - base + high / 2) < 0.006)
        motif = mix(motif, ramp(rng.random(), WINDOWS), window)
    return motif


def _cypress(motif: Colours, angles: Field, x: Field, y: Field) -> tuple[Colours, Field]:
    """Raise a flame of cypress on the left, from the ground to the stars."""
    up = np.clip((0.76 - y) / 0.66, 0, 1)
    middle = 0.145 + 0.018 * np.sin(13 * y)
    taper = np.minimum(1, 6 * (0.98 - up)) * (1 - up) ** 0.55 * (0.75 + 0.5 * up)
    spread = 0.088 * taper * (1 + 0.10 * np.sin(33 * y) * np.sign(x - middle))
    tree = (np.abs(x - middle) < spread) & (up < 1)
    flame = 0.5 + 0.5 * np.sin(90 * (x - middle) + 14 * y)
    motif = mix(motif, ramp(0.9 * flame, CYPRESS), tree)
    lick = -np.pi / 2 + 0.55 * np.sin(22 * y + 40 * (x - middle))
    return motif, np.where(tree, lick, angles).astype(np.float32)
