"""One optimisation, from its first evaluation (or a checkpoint's) to its last.

Importing this module imports TensorFlow and SciPy.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from workflows.engine.arrays import Floats, Pixels
from workflows.engine.checkpoint import Checkpoint, LossPoint
from workflows.engine.colors import match_colors, with_chroma_of
from workflows.engine.mixture import WeightedStyle, tiled
from workflows.engine.objective import Objective
from workflows.engine.optimizer import minimize_within
from workflows.engine.options import Options
from workflows.engine.parametrization import Parametrization
from workflows.engine.progress import Progress, StylizedImage
from workflows.engine.weights import Weights


class Run:
    """An optimisation and its history.

    Parameters
    ----------
    content, options
        As in `workflows.engine.stylize`, already checked.
    styles
        The pictures and their shares.
    weights
        Weights of VGG19.
    digest
        Names the run in its checkpoints.
    resume
        A checkpoint of the same run.
    """

    def __init__(
        self,
        content: Pixels,
        styles: Sequence[WeightedStyle],
        options: Options,
        weights: Weights,
        digest: str,
        resume: Checkpoint | None,
    ) -> None:
        self._content = content
        self._options = options
        self._digest = digest
        styles = self._recolored(styles)
        self._parametrization = Parametrization(_first_picture(content, styles, options.strength))
        self._objective = Objective(
            content,
            tiled(styles, options.size),
            weights,
            strength=options.strength,
        )
        self._loss: list[LossPoint] = list(resume.loss) if resume else []
        self._start = resume.coefficients if resume else np.zeros(content.shape, np.float32)

    def finish(self, listener: Callable[[Progress], None] | None) -> StylizedImage:
        """Spend the evaluations that are left.

        Parameters
        ----------
        listener
            Called after each.

        Returns
        -------
        StylizedImage
        """
        resumed_from = len(self._loss)
        seconds_before = self._loss[-1][1] if self._loss else 0.0
        started = time.monotonic()

        def record(lowest_loss: float, best: Floats) -> None:
            seconds = seconds_before + time.monotonic() - started
            self._loss.append((len(self._loss) + 1, seconds, lowest_loss))
            if listener is not None:
                listener(self._progress(best))

        best = minimize_within(
            self._parametrization.by_coefficients(self._objective.evaluate),
            self._start,
            evaluations=max(0, self._options.evaluations - resumed_from),
            on_evaluation=record,
        )
        return StylizedImage(
            pixels=self._picture(best),
            evaluations=len(self._loss),
            seconds=seconds_before + time.monotonic() - started,
            loss=tuple(self._loss),
            resumed_from=resumed_from,
        )

    def _recolored(self, styles: Sequence[WeightedStyle]) -> Sequence[WeightedStyle]:
        if not self._options.preserve_colors:
            return styles
        return [replace(one, pixels=match_colors(one.pixels, self._content)) for one in styles]

    def _picture(self, coefficients: Floats) -> Pixels:
        pixels = self._parametrization.pixels(coefficients)
        return with_chroma_of(pixels, self._content) if self._options.preserve_colors else pixels

    def _progress(self, coefficients: Floats) -> Progress:
        loss = tuple(self._loss)
        evaluation, seconds, lowest = loss[-1]
        return Progress(
            evaluation=evaluation,
            evaluations=self._options.evaluations,
            loss=lowest,
            seconds=seconds,
            _image=lambda: self._picture(coefficients),
            _checkpoint=lambda: Checkpoint(self._digest, coefficients, loss),
        )


def _first_picture(photo: Pixels, styles: Sequence[WeightedStyle], strength: float) -> Pixels:
    """Move the photo's colours towards those of the styles, as far as the strength says.

    From here L-BFGS reached the loss of 300 Adam steps at 256 pixels in 47, 37, 41 and 52
    evaluations for four pairs; from the photo itself in 55, 41, 49 and 52, and it ended with
    statistics that are further from the style's on layers that the loss does not look at. (Both
    before the optimiser became as bold as `workflows.engine.optimizer.BOLDNESS` says.)
    """
    recolored = sum(
        (style.weight * match_colors(photo, style.pixels) for style in styles),
        start=np.zeros_like(photo),
    )
    first: Pixels = photo + np.float32(strength) * (recolored - photo)
    return first
