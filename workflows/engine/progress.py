"""What a listener is told after every evaluation, and what is handed back in the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from workflows.engine.arrays import Pixels
from workflows.engine.checkpoint import Checkpoint, LossPoint


@dataclass(frozen=True, slots=True, eq=False)
class Progress:
    """How far an optimisation is. It stays valid after the next evaluation.

    Attributes
    ----------
    evaluation
        Evaluations made, those before a resume included.
    evaluations
        Evaluations planned.
    loss
        The lowest so far: that of `image`.
    seconds
        Time spent optimising, that before a resume included.
    """

    evaluation: int
    evaluations: int
    loss: float
    seconds: float
    _image: Callable[[], Pixels]
    _checkpoint: Callable[[], Checkpoint]

    def image(self) -> Pixels:
        """Make the best picture so far: height x width x 3 in [0, 1]."""
        return self._image()

    def checkpoint(self) -> Checkpoint:
        """Make a checkpoint from which `stylize` can resume."""
        return self._checkpoint()


@dataclass(frozen=True, slots=True, eq=False)
class StylizedImage:
    """A finished picture and how it came to be.

    Attributes
    ----------
    pixels
        Height x width x 3 in [0, 1], of the photo's size.
    evaluations
        Evaluations of the objective, those before a resume included.
    seconds
        Time spent optimising, that before a resume included; not the start of TensorFlow.
    loss
        (evaluation, seconds, lowest loss so far) for each.
    resumed_from
        The evaluation of the checkpoint, 0 without one.
    weights_source, weights_sha256
        Which weights of VGG19 judged the picture; empty if none did, at strength 0.
    """

    pixels: Pixels
    evaluations: int
    seconds: float
    loss: tuple[LossPoint, ...]
    resumed_from: int
    weights_source: str = ""
    weights_sha256: str = ""
