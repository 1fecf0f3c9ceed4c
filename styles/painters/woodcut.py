"""A woodcut: sun, mountains and a lake, carved with a gouge into three blocks.

A gouge leaves lines whose width is the tone. So every part of the scene has a phase (which way the
lines run) and a tone (how wide they are), and ink stays where cos(phase) is below the tone.
"""

from dataclasses import dataclass

import numpy as np

from styles.craft.colour import Colours, mix, palette
from styles.craft.light import paper
from styles.craft.noise import Field, Mask, clouds, grid, smoothstep, wander
from styles.craft.sheet import Sheet

PAPER = palette("#f3e6c8")[0]
INK = palette("#14181f")[0]
VERMILION = palette("#c8371f")[0]
OCHRE = palette("#e0a02f")[0]
TEAL = palette("#2c6f73")[0]

SUN = (0.60, 0.25, 0.105)  # x, y, radius, of the longest side
SHORE = 0.545
# Height, left end and length of each bank of cloud.
CLOUDS = [(0.075, 0.02, 0.30), (0.135, 0.16, 0.24), (0.20, 0.74, 0.26), (0.10, 0.78, 0.30)]
PINES = [0.055, 0.215, 0.135, 0.825, 0.945, 0.885]
# Where a range begins, how tall it is, and its colour; each stands before the last.
RANGES = [
    (0.42, 0.10, TEAL),
    (0.49, 0.125, VERMILION * 0.6 + OCHRE * 0.4),
    (0.56, 0.07, TEAL * 0.8),
]


@dataclass
class Block:
    """What is carved so far: gouge lines, their tone (-1 bare paper, 1 solid ink), and colour."""

    phase: Field
    tone: Field
    colour: Colours

    def carve(self, where: Mask, phase: Field, tone: Field | float, colour: Colours) -> None:
        """Carve a part anew: `where` is true there."""
        self.phase = np.where(where, phase, self.phase)
        self.tone = np.where(where, tone, self.tone)
        self.colour = np.where(where[..., None], colour, self.colour)


def paint(size: int, rng: np.random.Generator) -> Colours:
    """Print the picture: 3/4 size x size x 3, sRGB in [0, 1] (see `styles.painters`)."""
    sheet = Sheet(size, aspect=4 / 3, oversampling=2)
    x, y = grid(*sheet.shape)
    # A hand never carves straight: every line is cut with the same slight wobble.
    x = x + 0.0018 * clouds(sheet.shape, rng, scale=sheet.px(60), octaves=3)
    y = y + 0.0018 * clouds(sheet.shape, rng, scale=sheet.px(60), octaves=3)

    block = _sky(x, y)
    _mountains(block, sheet, x, y, rng)
    _lake(block, x, y)
    _pines(block, x, y, rng)
    _frame(block, x, y)

    chatter = 0.16 * clouds(sheet.shape, rng, scale=sheet.px(8), octaves=2)
    ink = smoothstep(-0.1, 0.1, block.tone - np.cos(block.phase) + chatter)
    return sheet.finish(_print(sheet, block.colour, ink, rng))


def _sky(x: Field, y: Field) -> Block:
    """Cut rays out of the sky, and rings round the sun."""
    sun_x, sun_y, radius = SUN
    r = np.hypot(x - sun_x, y - sun_y)
    angle = np.arctan2(y - sun_y, x - sun_x)
    # Twice as many rays outside a ring as inside it: the lines keep their distance.
    rays = np.where(r < 0.27, 72, np.where(r < 0.52, 144, 216)) * angle
    beams = 0.32 * np.cos(18 * angle)
    dusk = smoothstep(0.1, 0.75, r)[..., None]
    block = Block(rays, -0.62 + 1.25 * r + beams, (OCHRE * (1 - dusk) + TEAL * dusk))
    ring = np.abs(r - radius * 1.13) < radius * 0.13
    block.carve(ring, rays, -2.0, PAPER)
    disc = r < radius
    rings = 2 * np.pi * (y - sun_y) / 0.0125
    block.carve(disc, rings, -0.95 + 6.5 * (y - sun_y + 0.02), VERMILION)
    for row, left, long in CLOUDS:
        _cloud(block, x, y, left, row, long)
    return block


def _cloud(block: Block, x: Field, y: Field, left: float, row: float, long: float) -> None:
    """Set a bank of cloud: a flat foot, a row of domes, echoed by lines inside."""
    depth = np.full(x.shape, -1.0, np.float32)
    for place in np.linspace(0.12, 0.88, 6):
        dome = 0.016 + 0.030 * np.sin(np.pi * place) * (1 + 0.5 * np.sin(11 * place + 40 * row))
        r = np.hypot(x - left - place * long, (y - row - 0.03) * 1.05)
        depth = np.maximum(depth, (dome - r) / 0.0085)
    inside = (depth > 0) & (y < row + 0.032)
    block.carve(inside, 2 * np.pi * depth, -0.25 - 0.08 * depth, PAPER)


def _mountains(block: Block, sheet: Sheet, x: Field, y: Field, rng: np.random.Generator) -> None:
    """Hew three ranges: each side of a ridge has its own direction of cut, and its own tone."""
    for depth, (base, tall, colour) in enumerate(RANGES):
        crest = base - tall * np.abs(wander(sheet.shape[1], rng, scale=sheet.px(210), octaves=3))
        mountain = (y > crest) & (y < SHORE)
        below = y - crest
        ribs = clouds(sheet.shape, rng, scale=sheet.px(90), octaves=3)
        slope = np.gradient(crest, 1 / max(sheet.shape)) + 1.1 * ribs
        lit = smoothstep(-0.5, 0.5, np.where(x < SUN[0], slope, -slope))
        steep = np.where(slope > 0, x * 0.75 - y, x * 0.75 + y)
        snow = below < 0.028 + 0.014 * ribs
        tone = 0.85 - 1.35 * (1 - lit) - 0.25 * below / tall
        phase = 2 * np.pi * steep / 0.0118
        block.carve(mountain, phase, tone, colour)
        if depth < 2:
            block.carve(mountain & snow, phase, tone - 0.9, PAPER)
        block.carve(mountain & (below < 0.0035), phase, 2.0, INK)


def _lake(block: Block, x: Field, y: Field) -> None:
    """Still the water: long level cuts, and the sun's path broken by ripples."""
    water = y > SHORE
    far = np.clip((y - SHORE) / (0.75 - SHORE), 0, None)
    ripple = 0.0045 * np.sin(60 * x + 30 * y) * far + 0.003 * np.sin(23 * x - 80 * y)
    phase = 2 * np.pi * (14 * np.log1p(1.6 * far) + ripple * 120)
    path = np.exp(-(((x - SUN[0]) / (0.07 + 0.09 * far)) ** 2))
    block.carve(water, phase, 0.35 + 0.35 * far - 1.3 * path, TEAL * 0.9)
    glint = water & (path > 0.42 + 0.2 * np.sin(90 * y + 21 * x))
    block.carve(glint, phase, -0.35, OCHRE * 0.5 + VERMILION * 0.5)
    block.carve(np.abs(y - SHORE) < 0.0028, phase, 2.0, INK)


def _pines(block: Block, x: Field, y: Field, rng: np.random.Generator) -> None:
    """Stand pines on both banks: black against a cut of bare paper, lit from the sun's side."""
    for place in PINES:
        foot, tall = 0.70 + 0.06 * abs(place - 0.5), rng.uniform(0.24, 0.33)
        up = (foot - y) / tall
        tier = (up * 7) % 1
        half_width = 0.052 * (1.04 - up) * (1 - 0.55 * tier)
        side = (x - place) * np.sign(SUN[0] - place)
        standing = (up > 0) & (up < 1)
        halo = (np.abs(side) < half_width + 0.0055) & standing
        tree = (np.abs(side) < half_width) & standing
        block.carve(halo, y, -2.0, PAPER)
        boughs = 2 * np.pi * (y + 0.6 * side) / (tall / 14)
        block.carve(tree, boughs, 1.1 - 1.0 * smoothstep(0, 0.02, side), TEAL * 0.6 + PAPER * 0.4)
    bank = y > 0.70 - 0.9 * np.clip(np.abs(x - 0.53) - 0.24, 0, None) ** 1.6
    block.carve(bank, 2 * np.pi * (y + 0.3 * np.abs(x - 0.53)) / 0.0135, 0.45, PAPER)


def _frame(block: Block, x: Field, y: Field) -> None:
    """Leave a margin of paper, as the edge of every block does."""
    edge = np.minimum(np.minimum(x, 1 - x), np.minimum(y, 0.75 - y))
    block.carve(edge < 0.017, x, 2.0, INK)
    block.carve(edge < 0.013, x, -2.0, PAPER)


def _print(sheet: Sheet, colour: Colours, ink: Field, rng: np.random.Generator) -> Colours:
    """Press colour and ink on handmade paper; the wood's grain shows where ink is thin."""
    fibres = paper(sheet.shape, rng, grain=sheet.px(3))
    grain = clouds(sheet.shape, rng, scale=sheet.px(7), octaves=3, stretch=16)
    sheet_of_paper = np.broadcast_to(PAPER, colour.shape)
    tinted = mix(sheet_of_paper, colour, 0.92 - 0.10 * smoothstep(0.2, 1.8, grain))
    printed = mix(tinted, INK, ink * (0.97 - 0.22 * smoothstep(0.9, 2.2, grain + 0.4 * fibres)))
    return np.clip(printed * (1 + 0.018 * fibres[..., None]), 0, 1)
