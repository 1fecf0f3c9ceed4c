"""Whether a coarse stage first makes better pictures for the same work.

``python -m benchmarks.coarse_stage [--size 256] [--folder build/coarse-stage]``

Four photos in four styles, each painted twice. Directly: the evaluations of ``standard``. Coarse
first: as many at half the size, which cost a quarter, and then three quarters as many at the full
size, from the enlarged result; targets are the photo's and the style's at the size of each stage.

Prints medians, and of how many pairs coarse first is the better one; ``sheet.jpg`` in the folder
shows all pairs, direct on the left. What is in the folder already is not painted again.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.display import Bars
from local.pictures import PHOTOS, find_photo, find_style
from workflows.engine.arrays import Pixels
from workflows.engine.colors import match_colors
from workflows.engine.encoding import eight_bits
from workflows.engine.images import read_picture
from workflows.engine.options import EVALUATIONS
from workflows.engine.parametrization import Parametrization
from workflows.engine.threads import available_cpus, start_tensorflow
from workflows.engine.weights import Weights, load_weights

STYLES: Final = ("great-wave", "mosaic", "stained-glass", "starry-swirl")
WAYS: Final = ("direct", "coarse first")

#: What is measured of each picture, and whether more of it is better.
MEASURES: Final = {
    "loss": False,
    "gram_distance": False,
    "gram_distance_at_half_size": False,
    "luma_ssim": True,
    "seconds": False,
}

#: Of the JPEG: less than half a megabyte for 32 pictures of 256 pixels.
SHEET_QUALITY: Final = 60

Figures = dict[str, float]


class Stage:
    """One photo and one style at one size."""

    def __init__(self, photo: str, style: str, size: int, weights: Weights) -> None:
        from benchmarks.heldout import Heldout  # imports TensorFlow
        from workflows.engine.objective import Objective

        self.content = read_picture(find_photo(photo).read(), longest_side=size).pixels
        painting = read_picture(find_style(style).read_bytes(), longest_side=size).pixels
        self.start = match_colors(self.content, painting)  # as the engine's
        self._objective = Objective(self.content, painting, weights)
        self.judge = Heldout(self.content, painting, weights)

    def paint(self, start: Pixels, evaluations: int) -> Pixels:
        """Spend evaluations from a picture on."""
        from workflows.engine.optimizer import minimize_within

        around = Parametrization(start)
        best = minimize_within(
            around.by_coefficients(self._objective.evaluate),
            np.zeros_like(start),
            evaluations=evaluations,
            on_evaluation=lambda *_: None,
        )
        return around.pixels(best)

    def fit(self, pixels: Pixels) -> Pixels:
        """Scale a picture of another stage to the size of this one."""
        height, width = self.content.shape[:2]
        channels = [
            np.asarray(Image.fromarray(channel).resize((width, height), Image.Resampling.BICUBIC))
            for channel in np.moveaxis(pixels, -1, 0)
        ]
        fitted: Pixels = np.clip(np.stack(channels, axis=-1), 0, 1)
        return fitted

    def loss(self, pixels: Pixels) -> float:
        """Score a picture."""
        return self._objective.evaluate(pixels)[0]


def compare(
    photo: str, style: str, *, size: int, evaluations: int, weights: Weights
) -> tuple[dict[str, Pixels], dict[str, Figures]]:
    """Paint a pair both ways.

    Returns
    -------
    pictures, figures
        Of each of `WAYS`; figures by the names of `MEASURES`.
    """
    coarse = Stage(photo, style, size // 2, weights)
    fine = Stage(photo, style, size, weights)
    for stage in (coarse, fine):
        stage.loss(stage.content)  # traces the graphs, which neither way shall pay for

    began = time.perf_counter()
    direct = fine.paint(fine.start, evaluations)
    between = time.perf_counter()
    enlarged = fine.fit(coarse.paint(coarse.start, evaluations))
    staged = fine.paint(enlarged, evaluations - evaluations // 4)
    seconds = (between - began, time.perf_counter() - between)

    pictures = dict(zip(WAYS, (direct, staged), strict=True))
    figures = {
        way: {
            "loss": fine.loss(picture),
            **fine.judge.measure(picture),
            "gram_distance_at_half_size": coarse.judge.measure(coarse.fit(picture))[
                "gram_distance"
            ],
            "seconds": spent,
        }
        for (way, picture), spent in zip(pictures.items(), seconds, strict=True)
    }
    return pictures, figures


def table(figures: list[dict[str, Figures]]) -> str:
    """Write medians of both ways, and how often coarse first is better."""
    lines = [f"{'':28}{WAYS[0]:>12}{WAYS[1]:>14}{'better':>10}"]
    for name, more in MEASURES.items():
        direct, staged = ([pair[way][name] for pair in figures] for way in WAYS)
        better = sum((b > a) == more and a != b for a, b in zip(direct, staged, strict=True))
        medians = f"{statistics.median(direct):>12.4g}{statistics.median(staged):>14.4g}"
        lines.append(f"{name:28}{medians}{better:>5} of {len(figures)}")
    return "\n".join(lines)


def draw_sheet(folder: Path) -> Image.Image:
    """Lay out all pairs: a row for each photo, a column for each style."""
    gap, heading = 12, 28
    rows = [
        [[Image.open(folder / f"{photo} {style} {way}.png") for way in WAYS] for style in STYLES]
        for photo in PHOTOS
    ]
    cell = max(row[0][0].width for row in rows)
    width = gap + len(STYLES) * (2 * cell + gap)
    height = heading + sum(row[0][0].height + gap for row in rows)
    sheet = Image.new("RGB", (width, height), (255, 255, 255))
    pen = ImageDraw.Draw(sheet)
    lefts = [gap + column * (2 * cell + gap) for column in range(len(STYLES))]
    for left, style in zip(lefts, STYLES, strict=True):
        text = f"{style}: {' | '.join(WAYS)}"
        pen.text((left + cell, heading / 2), text, (40, 40, 40), ImageFont.load_default(18), "mm")
    top = heading
    for row in rows:
        for left, (direct, staged) in zip(lefts, row, strict=True):
            sheet.paste(direct, (left, top))
            sheet.paste(staged, (left + cell, top))
        top += row[0][0].height + gap
    return sheet


def main() -> None:
    """Paint, print and draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=256, help="longest side in pixels (256)")
    parser.add_argument("--folder", type=Path, default=Path("build/coarse-stage"))
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    pairs = [(photo, style) for photo in PHOTOS for style in STYLES]
    start_tensorflow(available_cpus())
    weights = load_weights()
    with Bars() as bars:
        tell = bars.part("painting both ways", total=len(pairs))
        for number, (photo, style) in enumerate(pairs):
            tell(number, f"{photo} in {style}")
            done = folder / f"{photo} {style}.json"
            if done.exists():
                continue
            pictures, figures = compare(
                photo,
                style,
                size=arguments.size,
                evaluations=EVALUATIONS["standard"],
                weights=weights,
            )
            for way, pixels in pictures.items():
                image = Image.fromarray(eight_bits(pixels))
                image.save(folder / f"{photo} {style} {way}.png")
            done.write_text(json.dumps(figures))
    print(
        table(
            [json.loads((folder / f"{photo} {style}.json").read_text()) for photo, style in pairs]
        )
    )
    draw_sheet(folder).save(folder / "sheet.jpg", quality=SHEET_QUALITY)


if __name__ == "__main__":
    main()
