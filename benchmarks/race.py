"""The tutorial against the engine: to the same loss of the same pictures, by turns."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from workflows.engine import Options, Progress, stylize
from workflows.engine.arrays import Pixels
from workflows.engine.weights import load_weights

#: Steps of the tutorial after each evaluation of the engine: about the ratio of what they need.
TURN: Final = 4

#: Told the steps of the tutorial and the evaluations of the engine made so far.
Listener = Callable[[int, int], None]


class NotThereError(RuntimeError):
    """The engine came to its end above the loss of the tutorial."""


@dataclass
class Clock:
    """Time spent on one side, and its loss at each time."""

    seconds: float = 0.0
    curve: list[tuple[float, float]] = field(default_factory=list)

    def start(self) -> None:
        """Begin a turn."""
        self._since = time.perf_counter()

    def stop(self) -> None:
        """End it."""
        self.seconds += time.perf_counter() - self._since


@dataclass(frozen=True)
class Race:
    """What both sides ended with.

    Attributes
    ----------
    tutorial, engine
        Their clocks.
    seconds, evaluations
        Of the engine, until it was there.
    tutorial_pixels, engine_pixels
        The tutorial's last picture; the engine's first with no higher loss.
    score
        The tutorial's own loss, for any picture of that size.
    """

    tutorial: Clock
    engine: Clock
    seconds: float
    evaluations: int
    tutorial_pixels: Pixels
    engine_pixels: Pixels
    score: Callable[[Pixels], float]


class _AsLongAsItTakes(Options):
    """The engine as everybody has it, but for its budget."""

    @property
    def evaluations(self) -> int:
        return 1000  # more than a race needs


class _ThereError(Exception):
    """Raised through the engine when it has reached the loss."""


def race(content: Pixels, style: Pixels, *, size: int, steps: int, listener: Listener) -> Race:
    """Run both by turns until the engine is where the tutorial ends.

    TensorFlow has been started. Each clock runs only while its own side works; what that costs
    includes the decoding of the weights, the targets and the tracing of graphs.

    Parameters
    ----------
    content, style
        Pictures whose sides are not longer than `size`.
    size
        The option of the engine.
    steps
        Of the tutorial.
    listener
        Called after each turn.

    Returns
    -------
    Race

    Raises
    ------
    NotThereError
        If the engine gives up above the tutorial's last loss.
    """
    from benchmarks.tutorial import Tutorial, with_grappler  # imports TensorFlow

    theirs, ours = Clock(), Clock()
    theirs.start()
    tutorial = Tutorial(content, style, load_weights())
    theirs.stop()
    told: list[Progress] = []

    def make_steps(count: int) -> None:
        with with_grappler():
            for _ in range(min(count, steps - len(theirs.curve))):
                before = theirs.seconds
                theirs.start()
                loss = tutorial.step()
                theirs.stop()
                theirs.curve.append((before, loss))

    def is_there(progress: Progress) -> bool:
        # The engine's own loss may differ from the tutorial's by rounding: it only spares most
        # pictures from being scored.
        target = tutorial.loss(tutorial.pixels)
        return progress.loss < 1.01 * target and tutorial.loss(progress.image()) <= target

    def take_turns(progress: Progress) -> None:
        ours.stop()
        ours.curve.append((ours.seconds, progress.loss))
        told.append(progress)
        make_steps(TURN)
        listener(len(theirs.curve), len(told))
        if len(theirs.curve) == steps and is_there(progress):
            raise _ThereError
        ours.start()

    ours.start()
    with contextlib.suppress(_ThereError):
        stylize(content, style, _AsLongAsItTakes(size=size), progress=take_turns)
    make_steps(steps)
    target = tutorial.loss(tutorial.pixels)
    theirs.curve.append((theirs.seconds, target))
    there = next((progress for progress in told if is_there(progress)), None)
    if there is None:
        raise NotThereError(
            f"after {len(told)} evaluations the engine is at a loss of {told[-1].loss:.4g}, "
            f"above the tutorial's {target:.4g}"
        )
    return Race(
        tutorial=theirs,
        engine=ours,
        seconds=ours.curve[there.evaluation - 1][0],
        evaluations=there.evaluation,
        tutorial_pixels=tutorial.pixels,
        engine_pixels=there.image(),
        score=tutorial.loss,
    )
