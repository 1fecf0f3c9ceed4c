"""Paint a photo in the style of a picture, or of several: pixels in, pixels out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

import numpy as np

from workflows.engine.arrays import Pixels
from workflows.engine.checkpoint import Checkpoint, CheckpointMismatch
from workflows.engine.mixture import Styles, WeightedStyle, mixture
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
    style: Styles,
    options: Options,
    *,
    progress: Listener | None = None,
    resume: Checkpoint | None = None,
) -> StylizedImage:
    """Paint a photo in the style of a picture, or of several.

    The first call imports TensorFlow and limits its threads to the CPUs of the container.

    Parameters
    ----------
    content
        Height x width x 3, float32 sRGB in [0, 1], each side at least 16 pixels.
    style
        One such picture or several with weights. They should have been read by
        `workflows.engine.images.read_style`, with the size and the style scale of the options:
        strokes have the size, in pixels, that they have here.
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
        If an array is not a picture as described, or a weight is not above 0.
    CheckpointMismatch
        If `resume` belongs to another run.
    WeightsError
        If the weights of VGG19 are missing or not what they should be.
    """
    _check("content", content)
    styles = mixture(style)
    for one in styles:
        _check("style", one.pixels)
    if options.strength == 0:
        return StylizedImage(content.copy(), 0, 0.0, (), 0)
    weights = load_weights()
    digest = _digest(content, styles, options, weights)
    if resume is not None and (
        resume.digest != digest or resume.coefficients.shape != content.shape
    ):
        raise CheckpointMismatch(
            "the checkpoint belongs to another photo, style, set of options or weights file"
        )
    start_tensorflow(available_cpus())
    from workflows.engine.run import Run

    painted = Run(content, styles, options, weights, digest, resume).finish(progress)
    return replace(painted, weights_source=weights.source, weights_sha256=weights.sha256)


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


def _digest(
    content: Pixels, styles: Sequence[WeightedStyle], options: Options, weights: Weights
) -> str:
    """Name a run: equal for equal pictures, shares, options and weights of the network."""
    pictures = [content, *(style.pixels for style in styles)]
    shapes = [picture.shape for picture in pictures]
    shares = [style.weight for style in styles]
    digest = hashlib.sha256(
        json.dumps([shapes, shares, options.to_strings(), weights.sha256]).encode()
    )
    for picture in pictures:
        digest.update(picture.tobytes())
    return digest.hexdigest()
