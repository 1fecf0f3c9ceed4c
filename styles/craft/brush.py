"""An oil brush: strokes that follow a flow, with bristles, ridges and dry ends.

The order of work is Hertzmann's ("Painterly rendering with curved brush strokes of multiple
sizes", SIGGRAPH 1998): wide brushes first, then narrow ones over them.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from styles.craft.colour import Colours
from styles.craft.noise import Field

STEP = 2.0  # pixels between two points of a stroke's spine
CLOSEST = 3.0  # pixels: strokes that start nearer to each other cannot be told apart
DENSITY = 1.6  # paint samples per pixel, so that no gap shows in a curve


@dataclass(frozen=True)
class Brush:
    """One brush: all lengths in pixels."""

    width: float
    length: float
    opacity: float = 0.95
    load: float = 1.0  # how much paint it carries: the height of its ridges


@dataclass
class Canvas:
    """Wet paint: its colour (H x W x 3) and how thick it lies (H x W)."""

    pixels: Colours
    height: Field


def blank(ground: Colours) -> Canvas:
    """Stretch a canvas that is toned with `ground` (H x W x 3)."""
    return Canvas(ground.copy(), np.zeros(ground.shape[:2], np.float32))


def trace(starts: Field, angles: Field, steps: int) -> Field:
    """Walk along a flow from many places at once.

    Parameters
    ----------
    starts
        n x 2, as y and x.
    angles
        Direction of the flow at every pixel, in radians.
    steps
        Number of points of each spine.

    Returns
    -------
    Field
        n x steps x 2; every spine has its start in the middle.
    """
    halves = []
    for sense in (-1.0, 1.0):
        point, half = starts.copy(), []
        for _ in range(steps // 2):
            row = np.clip(point[:, 0], 0, angles.shape[0] - 1).astype(int)
            column = np.clip(point[:, 1], 0, angles.shape[1] - 1).astype(int)
            angle = angles[row, column]
            point = point + sense * STEP * np.stack([np.sin(angle), np.cos(angle)], -1)
            half.append(point)
        halves.append(np.stack(half, 1))
    return np.concatenate([halves[0][:, ::-1], starts[:, None], halves[1]], 1).astype(np.float32)


def scatter(shape: tuple[int, int], spacing: float, rng: np.random.Generator) -> Field:
    """Choose places about `spacing` apart, in random order: a jittered grid, as n x 2 (y, x)."""
    spacing = max(spacing, CLOSEST)
    rows, columns = np.arange(0, shape[0], spacing), np.arange(0, shape[1], spacing)
    points = np.stack(np.meshgrid(rows, columns, indexing="ij"), -1).reshape(-1, 2)
    points = points + rng.uniform(0, spacing, points.shape)
    rng.shuffle(points)
    return points.astype(np.float32)


def stroke(
    canvas: Canvas, spine: Field, colour: Colours, brush: Brush, rng: np.random.Generator
) -> None:
    """Pull one loaded brush along a spine (n x 2), in place."""
    along = int(len(spine) * STEP * DENSITY)
    across = max(3, int(brush.width * DENSITY))
    t = np.linspace(0, 1, along, dtype=np.float32)
    v = np.linspace(-1, 1, across, dtype=np.float32)
    knots = np.linspace(0, 1, len(spine))
    y, x = (np.interp(t, knots, spine[:, axis]) for axis in (0, 1))
    dy, dx = np.gradient(y), np.gradient(x)
    speed = np.hypot(dy, dx) + 1e-6

    half_width = brush.width / 2
    rows = (y[:, None] + (dx / speed * half_width)[:, None] * v).astype(int)
    columns = (x[:, None] - (dy / speed * half_width)[:, None] * v).astype(int)

    bristles = _bristles(across, along, rng)
    dry = np.clip((1.25 - t)[:, None] * 2.4 - 0.9 * (1 - bristles), 0, 1)
    from_end = np.minimum(t, 1 - t) * len(spine) * STEP / half_width
    cap = 1 - np.minimum(1, from_end)[:, None]
    alpha = brush.opacity * dry * np.clip((1 - v**2 - cap**2) * 3, 0, 1)
    ridge = 0.35 + 0.65 * np.abs(v) ** 3  # paint is squeezed to the edges of a stroke

    inside = (rows >= 0) & (rows < canvas.height.shape[0]) & (columns >= 0)
    inside &= (columns < canvas.height.shape[1]) & (alpha > 0.04)
    rows, columns, alpha = rows[inside], columns[inside], alpha[inside]
    shade = (0.09 * (bristles - 0.5))[inside]
    thick = (brush.load * (0.6 * bristles + ridge))[inside]
    under = canvas.pixels[rows, columns]
    canvas.pixels[rows, columns] = under + alpha[:, None] * (colour + shade[:, None] - under)
    low = canvas.height[rows, columns]
    canvas.height[rows, columns] = low + alpha * (thick + 0.3 * low - low)


def lay(
    canvas: Canvas,
    angles: Field,
    brush: Brush,
    starts: Field,
    tint: Colours,
    rng: np.random.Generator,
) -> None:
    """Lay strokes of one brush, in the order given.

    Parameters
    ----------
    canvas
        Painted in place.
    angles
        Which way strokes go, H x W, radians.
    brush
        The brush.
    starts
        Middles of the strokes, n x 2, as y and x.
    tint
        Colour of each stroke, n x 3.
    rng
        Source of bristles.
    """
    spines = trace(starts, angles, max(4, int(brush.length / STEP)))
    for spine, colour in zip(spines, tint, strict=True):
        stroke(canvas, spine, colour, brush, rng)


def pick(field: Field, places: Field) -> Field:
    """Take the value of a field (H x W, or H x W x 3) at every place (n x 2, as y and x)."""
    row = np.clip(places[:, 0], 0, field.shape[0] - 1).astype(int)
    column = np.clip(places[:, 1], 0, field.shape[1] - 1).astype(int)
    values: Field = field[row, column]
    return values


def _bristles(across: int, along: int, rng: np.random.Generator) -> Field:
    """Draw the traces of single hairs: constant along the stroke but for a slow drift."""
    hairs = rng.random(across, dtype=np.float32)
    hairs = ndimage.gaussian_filter1d(hairs, 0.7)
    hairs = (hairs - hairs.min()) / (np.ptp(hairs) + 1e-6)
    drift = rng.random((4, across), dtype=np.float32)
    moments = np.linspace(0, 3, along)
    before = np.minimum(moments.astype(int), 2)
    later = (moments - before)[:, None].astype(np.float32)
    drift = drift[before] * (1 - later) + drift[before + 1] * later
    traces: Field = 0.7 * hairs + 0.3 * drift
    return traces
