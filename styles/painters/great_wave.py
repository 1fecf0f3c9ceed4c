"""Waves as in a Japanese woodblock print: Prussian blue, claws of foam, a far white mountain.

The composition bows to Hokusai's "Under the Wave off Kanagawa" (c. 1831); every line is drawn here.
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw
from scipy import interpolate, ndimage

from styles.craft.colour import Colours, mix, palette, ramp
from styles.craft.light import paper
from styles.craft.noise import Field, clouds, grid, smoothstep
from styles.craft.sheet import Sheet

SKY = palette("#8f8f86", "#c9bfa2", "#ead9b0", "#f0dcb0", "#e6b98a")
BLUES = palette("#0c2340", "#17406d", "#2f6ea0", "#7fb2c6", "#d8e3d4")
FOAM = palette("#f7efdb")[0]
SHADOW = palette("#a9c7cf")[0]
LINE = palette("#0d2038")[0]
SUN = palette("#d5482c")[0]

Point = tuple[float, float]
# x and y of the longest side. Of every wave: its crest from left to right, then its inner edge.
GREAT: tuple[list[Point], list[Point]] = (
    [(-0.06, 0.47), (0.03, 0.33), (0.12, 0.19), (0.24, 0.095), (0.36, 0.075), (0.47, 0.12),
     (0.545, 0.215), (0.555, 0.275)],
    [(-0.06, 0.80), (0.30, 0.80), (0.62, 0.70), (0.46, 0.60), (0.36, 0.48), (0.325, 0.36),
     (0.36, 0.255), (0.44, 0.215), (0.51, 0.235), (0.555, 0.275)],
)  # fmt: skip
FAR: tuple[list[Point], list[Point]] = (
    [(0.30, 0.60), (0.45, 0.565), (0.60, 0.545), (0.72, 0.50), (0.82, 0.40), (0.90, 0.365),
     (0.96, 0.40), (1.06, 0.50)],
    [(0.30, 0.80), (0.70, 0.80), (1.06, 0.80)],
)  # fmt: skip
NEAR: tuple[list[Point], list[Point]] = (
    [(-0.06, 0.60), (0.06, 0.565), (0.16, 0.585), (0.28, 0.66), (0.42, 0.70), (0.58, 0.66),
     (0.70, 0.595), (0.80, 0.585), (0.90, 0.64), (1.06, 0.69)],
    [(-0.06, 0.85), (0.5, 0.83), (1.06, 0.85)],
)  # fmt: skip


def paint(size: int, rng: np.random.Generator) -> Colours:
    """Print the picture: 3/4 size x size x 3, sRGB in [0, 1] (see `styles.painters`)."""
    sheet = Sheet(size, aspect=4 / 3, oversampling=2)
    picture = _sky(sheet, rng)
    picture = _mountain(sheet, picture)
    for wave, stripes, claws, shade in [
        (FAR, 34, 1.1, 0.10),
        (GREAT, 27, 1.7, 0.0),
        (NEAR, 30, 1.4, 0.03),
    ]:
        picture = _wave(sheet, picture, wave, stripes, shade, rng)
        picture = _foam(sheet, picture, wave[0], claws, rng)
    picture = _spray(sheet, picture, rng)
    return sheet.finish(_press(sheet, picture, rng))


def _curve(sheet: Sheet, points: Sequence[Point]) -> Field:
    """Draw a smooth curve through points: n x 2 (x, y), in pixels of the sheet."""
    knots = np.array(points) * max(sheet.shape)
    chord = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(knots, axis=0).T))])
    t = np.linspace(0, chord[-1], int(chord[-1] / 2))
    return interpolate.PchipInterpolator(chord, knots)(t).astype(np.float32)


def _stencil(sheet: Sheet, outline: Field, width: float = 0) -> Field:
    """Cut a stencil (0 or 1): the area inside an outline, or, given a width, a line along it."""
    image = Image.new("L", sheet.shape[::-1])
    points = [(float(x), float(y)) for x, y in outline]
    if width:
        ImageDraw.Draw(image).line(points, fill=255, width=max(1, round(width)), joint="curve")
    else:
        ImageDraw.Draw(image).polygon(points, fill=255)
    return np.asarray(image, np.float32) / 255


def _sky(sheet: Sheet, rng: np.random.Generator) -> Colours:
    """Wipe the block by hand (bokashi), set a red sun, and lay banks of mist."""
    x, y = grid(*sheet.shape)
    grain = clouds(sheet.shape, rng, scale=sheet.px(5), octaves=3, stretch=24)
    sky = ramp(y / 0.55 + 0.03 * grain + 0.02 * clouds(sheet.shape, rng, scale=sheet.px(200)), SKY)
    streaks = clouds(sheet.shape, rng, scale=sheet.px(26), octaves=2, stretch=9)
    contour = np.abs((1.8 * streaks + 40 * y) % 1 - 0.5)
    sky = mix(sky, SKY[0] * 0.7, 0.7 * smoothstep(0.12, 0.03, contour))
    sun = smoothstep(-0.0015, 0.0015, 0.062 - np.hypot(x - 0.80, y - 0.165))
    sky = mix(sky, SUN, sun * (0.9 - 0.06 * grain))
    for row, left, right in [
        (0.09, 0.58, 1.1),
        (0.20, 0.70, 0.93),
        (0.29, 0.60, 1.1),
        (0.345, 0.5, 0.78),
    ]:
        half = 0.013 + 0.003 * np.sin(31 * x + 90 * row)
        ends = np.maximum(np.maximum(left - x, x - right), 0)
        depth = half - np.hypot(ends, y - row)
        lines = 0.5 + 0.5 * np.cos(2 * np.pi * depth / 0.0056)
        bank = mix(np.broadcast_to(FOAM, sky.shape), SKY[4], 0.75 * lines**3)
        sky = mix(sky, bank, smoothstep(0, 0.002, depth))
    return sky


def _mountain(sheet: Sheet, picture: Colours) -> Colours:
    """Set the mountain in the hollow of the wave, white above a jagged snow line."""
    x, y = grid(*sheet.shape)
    off = np.abs(x - 0.645)
    crest = 0.41 + 0.62 * off - 0.5 * off**2 + 0.004 * np.sin(150 * x)
    crest = np.maximum(crest, 0.42)
    snow_line = 0.455 + 0.014 * np.abs(((x * 34) % 1) - 0.5) * 4 - 0.25 * off
    flank = ramp(0.25 + 2.6 * (y - 0.43), BLUES)
    face = mix(flank, FOAM, smoothstep(-0.001, 0.001, snow_line - y))
    ribs = 0.5 + 0.5 * np.cos(2 * np.pi * ((x - 0.645) / (0.25 + y - 0.41)) / 0.045)
    face = mix(face, BLUES[2], 0.55 * ribs**6)
    picture = mix(picture, face, smoothstep(-0.001, 0.001, y - crest))
    return mix(picture, LINE, smoothstep(0.003, 0.0015, np.abs(y - crest)) * (off < 0.3))


def _wave(
    sheet: Sheet, picture: Colours, wave: tuple[list[Point], list[Point]],
    stripes: int, shade: float, rng: np.random.Generator,
) -> Colours:  # fmt: skip
    """Fill a wave with stripes that run from its inner edge to its crest, and outline it."""
    crest, inner = (_curve(sheet, edge) for edge in wave)
    body = _stencil(sheet, np.concatenate([crest, inner[::-1]]))
    to_crest, to_inner = (
        ndimage.distance_transform_edt(_stencil(sheet, edge, 2) == 0) for edge in (crest, inner)
    )
    wobble = 0.007 * clouds(sheet.shape, rng, scale=sheet.px(120), octaves=3)
    across = np.clip(to_crest / (to_crest + to_inner + 1e-3) + wobble, 0, 1) ** 0.8
    phase = across * stripes
    within = phase % 1
    cycle = np.array([0.10, 0.42, 0.22, 0.90, 0.05, 0.34, 0.14, 0.62, 0.97, 0.28])
    level = cycle[phase.astype(int) % len(cycle)] + 0.16 * (within - 0.5) + shade
    water = ramp(level, BLUES)
    seam = np.minimum(within, 1 - within) / np.maximum(np.hypot(*np.gradient(phase)), 1e-4)
    water = mix(
        water, LINE, smoothstep(sheet.px(1.6), sheet.px(0.7), seam) * (to_crest > sheet.px(2))
    )
    picture = mix(picture, water, body)
    line = np.maximum(_stencil(sheet, crest, sheet.px(3)), _stencil(sheet, inner, sheet.px(2)))
    return mix(picture, LINE, ndimage.gaussian_filter(line * np.maximum(body, line), 0.8))


def _foam(
    sheet: Sheet, picture: Colours, crest: Sequence[Point], claws: float, rng: np.random.Generator
) -> Colours:
    """Crown a crest: a bank of lobes, and claws that hook over on the side where it falls."""
    curve = _curve(sheet, crest)
    tangent = np.gradient(curve, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True) + 1e-6
    lobes: list[tuple[float, float, float]] = []
    step = max(1, int(sheet.px(9) / 2))
    for number in range(step, len(curve) - 1, step):
        t = number / len(curve)
        strength = claws * (0.4 + 0.7 * t**1.5)
        (x, y), (tx, ty) = curve[number], tangent[number]
        radius = sheet.px(rng.uniform(7, 12)) * strength
        inward = rng.uniform(0.1, 1.0) * radius
        lobes.append((x - ty * inward, y + tx * inward, radius))
        if rng.random() < 0.55:
            lobes += _claw(x, y, np.arctan2(ty, tx) + rng.normal(-0.45, 0.35), 1.25 * radius, rng)
    return _lobes(sheet, picture, lobes)


def _claw(
    x: float, y: float, heading: float, radius: float, rng: np.random.Generator
) -> list[tuple[float, float, float]]:
    """Bend one finger of foam: circles that shrink while they turn downwards."""
    lobes, turn = [], rng.uniform(0.16, 0.30)
    for joint in range(9):
        radius *= 0.86
        heading += turn * (0.4 + 0.25 * joint)
        x, y = x + np.cos(heading) * radius * 1.05, y + np.sin(heading) * radius * 1.05
        lobes.append((x, y, radius * 0.8))
    return lobes


def _lobes(sheet: Sheet, picture: Colours, lobes: list[tuple[float, float, float]]) -> Colours:
    """Draw circles of foam as one shape: outline, shadow, and light from the upper left."""
    layers = []
    for grow, dx, dy in [(2.0, 0, 0), (0, 0, 0), (-0.30, -0.30, -0.32)]:
        image = Image.new("L", sheet.shape[::-1])
        pen = ImageDraw.Draw(image)
        for x, y, r in lobes:
            half = r + sheet.px(grow) if grow >= 0 else r * (1 + grow)
            cx, cy = x + dx * r, y + dy * r
            if half > 0.5:
                pen.ellipse((cx - half, cy - half, cx + half, cy + half), fill=255)
        layers.append(ndimage.gaussian_filter(np.asarray(image, np.float32) / 255, 0.7))
    for layer, colour in zip(layers, (LINE, SHADOW, FOAM), strict=True):
        picture = mix(picture, colour, layer)
    return picture


def _spray(sheet: Sheet, picture: Colours, rng: np.random.Generator) -> Colours:
    """Throw drops from the falling crest into the sky."""
    drops = []
    for _ in range(150):
        along, up = rng.random() ** 0.8, rng.exponential(0.045)
        x = 0.16 + 0.46 * along + 0.5 * up
        y = 0.06 + 0.22 * max(0.0, along - 0.55) ** 1.1 - up * 0.35 + rng.normal(0, 0.03)
        drops.append((x * max(sheet.shape), y * max(sheet.shape), sheet.px(rng.uniform(1.2, 3.4))))
    return _lobes(sheet, picture, drops)


def _press(sheet: Sheet, picture: Colours, rng: np.random.Generator) -> Colours:
    """Rub the print from the block: wood grain in the ink, fibres in the paper."""
    fibres = paper(sheet.shape, rng, grain=sheet.px(2.6))
    grain = clouds(sheet.shape, rng, scale=sheet.px(6), octaves=3, stretch=20)
    ink = 1 - picture.mean(-1)
    worn = smoothstep(0.6, 2.4, grain + 0.5 * fibres) * ink * 0.28
    picture = mix(picture, SKY[2], worn)
    return np.clip(picture * (1 + 0.022 * fibres[..., None] + 0.012 * grain[..., None]), 0, 1)
