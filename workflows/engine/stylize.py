"""Paint a photo in the style of a picture: pixels in, pixels out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np

from workflows.engine.arrays import Pixels
from workflows.engine.checkpoint import Checkpoint, CheckpointMismatch
from workflows.engine.options import Options
from workflows.engine.progress import Progress, StylizedImage
from workflows.engine.threads import available_cpus, start_tensorflow
from workflows.engine.weights import Weights, load_weights

#: Called with the progress after every evaluation.
Listener: TypeAlias = Callable[[Progress], None]

#: VGG19 halves a picture four times before block5; a shorter side would vanish.
MINIMUM_SIDE: Final = 16


def stylize(
    content: Pixels,
    style: Pixels,
    options: Options,
    *,
    progress: Listener | None = None,
    resume: Checkpoint | None = None,
) -> StylizedImage:
    """Paint a photo in the style of a picture.

    The first call imports TensorFlow and limits its threads to the CPUs of the container.

    Parameters
    ----------
    content, style
        Height x width x 3, float32 sRGB in [0, 1], each side at least 16 pixels. Both should
        have been read with `options.size` as the longest side: strokes have the size, in
        pixels, that they have in `style`.
    options
        What was asked for. With strength 0 the photo comes back unchanged.
    progress
        Called after every evaluation. What it raises ends the run.
    resume
        A checkpoint of the same pictures, options and weights; the run goes on from there
        to the same number of evaluations in all.

    Returns
    -------
    StylizedImage

    Raises
    ------
    ValueError
        If an array is not a picture as described.
    CheckpointMismatch
        If `resume` belongs to another run.
    WeightsError
        If the weights of VGG19 are missing or not what they should be.
    """
    _check("content", content)
    _check("style", style)
    if options.strength == 0:
        return StylizedImage(content.copy(), 0, 0.0, (), 0)
    weights = load_weights()
    digest = _digest(content, style, options, weights)
    if resume is not None and (
        resume.digest != digest or resume.coefficients.shape != content.shape
    ):
        raise CheckpointMismatch(
            "the checkpoint belongs to another photo, style, set of options or weights file"
        )
    start_tensorflow(available_cpus())
    from workflows.engine.run import Run

    return Run(content, style, options, weights, digest, resume).finish(progress)


def _check(name: str, picture: Pixels) -> None:
    if picture.dtype != np.float32 or picture.ndim != 3 or picture.shape[2] != 3:
        raise ValueError(f"{name} must be a float32 array of height x width x 3")
    if min(picture.shape[:2]) < MINIMUM_SIDE:
        raise ValueError(
            f"{name} is {picture.shape[1]} x {picture.shape[0]} pixels; "
            f"each side must have at least {MINIMUM_SIDE}"
        )
    # Written so that a NaN fails too.
    if not (picture.min() >= 0 and picture.max() <= 1):
        raise ValueError(f"{name} must have values in [0, 1]")


def _digest(content: Pixels, style: Pixels, options: Options, weights: Weights) -> str:
    """Name a run: equal for equal pictures, options and weights."""
    digest = hashlib.sha256(
        json.dumps([content.shape, style.shape, options.to_strings(), weights.sha256]).encode()
    )
    for picture in (content, style):
        digest.update(picture.tobytes())
    return digest.hexdigest()
