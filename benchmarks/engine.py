"""How long the engine takes to reach the loss that TensorFlow's tutorial ends with.

``python -m benchmarks.engine [--content FILE] [--style FILE] [--size 512] [--steps 500] [--json]``

Both minimise the same objective of the same pictures with the same weights, in one process and by
turns: four steps of the tutorial after each evaluation of the engine, so that whatever else the
machine does slows both. Each clock runs only while its own side works; targets and the tracing of
graphs count, the import of TensorFlow does not. The engine stops at the first evaluation whose
loss is not above the tutorial's last. `benchmarks.tutorial` then scores both pictures, and
`benchmarks.heldout` judges them by layers that the objective does not contain.

``--seed-style`` also times a few steps that rebuild network, targets and Adam each time, as the
first version of this project did, and multiplies: such steps are all alike. ``--plot FILE`` draws
loss against seconds. Peak memory is that of a child that does nothing but run the engine.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.engine_memory import peak_mib
from local.pictures import find_photo, find_style
from workflows.engine.arrays import Floats, Pixels
from workflows.engine.images import read_picture
from workflows.engine.threads import available_cpus, start_tensorflow
from workflows.engine.weights import Weights, load_weights

#: Steps of the tutorial after each evaluation of the engine: about the ratio of what they need.
TURN: Final = 4

#: Seed-style steps that are timed.
SEED_STEPS: Final = 3


@dataclass
class Clock:
    """Time spent on one side, and the loss after each of its steps."""

    seconds: float = 0.0
    curve: list[tuple[float, float]] = field(default_factory=list)

    def start(self) -> None:
        """Begin a turn."""
        self._since = time.perf_counter()

    def stop(self) -> None:
        """End it."""
        self.seconds += time.perf_counter() - self._since

    def note(self, loss: float) -> None:
        """Write down a loss at this time."""
        self.curve.append((round(self.seconds, 3), loss))


@dataclass(frozen=True)
class Race:
    """What both sides ended with."""

    tutorial: Clock
    engine: Clock
    seconds: float  # of the engine, until it was there
    evaluations: int
    tutorial_pixels: Pixels
    engine_pixels: Pixels
    tutorial_score: float  # both by the tutorial's own loss
    engine_score: float


class _FinishedError(Exception):
    """Raised through the optimiser when the engine has reached the loss."""


def race(content: Pixels, style: Pixels, weights: Weights, steps: int) -> Race:
    """Run both by turns until the engine is where the tutorial ends."""
    from benchmarks.tutorial import Tutorial
    from workflows.engine.objective import Objective
    from workflows.engine.optimizer import minimize_within
    from workflows.engine.parametrization import Parametrization

    theirs, ours = Clock(), Clock()
    theirs.start()
    tutorial = Tutorial(content, style, weights)
    theirs.stop()

    def make_steps(count: int) -> None:
        for _ in range(min(count, steps - len(theirs.curve))):
            theirs.start()
            loss = tutorial.step()
            theirs.stop()
            theirs.note(loss)

    ours.start()
    objective = Objective(content, style, weights)
    parametrization = Parametrization(content)
    ours.stop()
    reached: list[Floats] = []

    def evaluate(coefficients: Floats) -> tuple[float, Floats]:
        pixels, pull_back = parametrization.linearize(coefficients)
        loss, gradient = objective.evaluate(pixels)
        return loss, pull_back(gradient)

    def take_turns(loss: float, coefficients: Floats) -> None:
        ours.stop()
        ours.note(loss)
        reached.append(coefficients)
        make_steps(TURN)
        if len(theirs.curve) == steps and loss <= tutorial.loss(tutorial.pixels):
            raise _FinishedError
        ours.start()

    ours.start()
    try:
        minimize_within(
            evaluate, np.zeros_like(content), evaluations=steps, on_evaluation=take_turns
        )
    except _FinishedError:
        pass
    else:
        raise SystemExit(f"after {len(ours.curve)} evaluations the engine is not there")
    target = tutorial.loss(tutorial.pixels)
    evaluations = next(i for i, (_, loss) in enumerate(ours.curve, 1) if loss <= target)
    painted = parametrization.pixels(reached[evaluations - 1])
    return Race(
        tutorial=theirs,
        engine=ours,
        seconds=ours.curve[evaluations - 1][0],
        evaluations=evaluations,
        tutorial_pixels=tutorial.pixels,
        engine_pixels=painted,
        tutorial_score=target,
        engine_score=tutorial.loss(painted),
    )


def _read(name: str | None, default: bytes, size: int) -> Pixels:
    data = Path(name).read_bytes() if name else default
    return read_picture(data, longest_side=size).pixels


def seed_seconds(content: Pixels, style: Pixels, weights: Weights, steps: int) -> float:
    """Time `SEED_STEPS` steps that rebuild everything, and multiply."""
    from benchmarks.tutorial import SeedStyle

    seed = SeedStyle(content, style, weights)
    started = time.perf_counter()
    for _ in range(SEED_STEPS):
        seed.step()
    return (time.perf_counter() - started) / SEED_STEPS * steps


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Run everything that was asked for."""
    content = _read(arguments.content, find_photo("astronaut").read(), arguments.size)
    style = _read(arguments.style, find_style("great-wave").read_bytes(), arguments.size)
    peak = peak_mib(arguments.size)
    weights = load_weights()
    start_tensorflow(available_cpus())
    from benchmarks.heldout import Heldout

    done = race(content, style, weights, arguments.steps)
    if arguments.plot:
        _plot(done, Path(arguments.plot))
    judge = Heldout(content, style, weights)
    measured = {
        "ratio": round(done.tutorial.seconds / done.seconds, 2),
        "tutorial_seconds": round(done.tutorial.seconds, 1),
        "engine_seconds": round(done.seconds, 1),
        "engine_evaluations": done.evaluations,
        "engine_peak_mib": peak,
        "tutorial_loss": done.tutorial_score,
        "engine_loss": done.engine_score,
        "pixels": f"{content.shape[1]} x {content.shape[0]}",
        "steps": arguments.steps,
        "cpus": available_cpus(),
        "heldout": {
            "tutorial": judge.measure(done.tutorial_pixels),
            "engine": judge.measure(done.engine_pixels),
        },
    }
    if arguments.seed_style:
        seconds = seed_seconds(content, style, weights, arguments.steps)
        measured["seed_style_seconds_extrapolated"] = round(seconds, 1)
        measured["seed_style_steps_timed"] = SEED_STEPS
        measured["seed_style_ratio"] = round(seconds / done.seconds, 2)
    return measured


def _plot(done: Race, path: Path) -> None:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for name, clock in (("tutorial (Adam)", done.tutorial), ("engine", done.engine)):
        axes.plot(*zip(*clock.curve, strict=True), label=name)
    axes.axhline(done.tutorial_score, color="grey", linewidth=0.8, linestyle=":")
    axes.set(xlabel="seconds", ylabel="loss", yscale="log")
    axes.legend()
    figure.savefig(path)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--content", help="a picture file (the astronaut of scikit-image)")
    parser.add_argument("--style", help="a picture file (styles/great-wave.jpg)")
    parser.add_argument("--size", type=int, default=512, help="longest side in pixels (512)")
    parser.add_argument("--steps", type=int, default=500, help="steps of the tutorial (500)")
    parser.add_argument("--seed-style", action="store_true", help="also time rebuilt steps")
    parser.add_argument("--plot", help="draw loss against seconds into this file")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    measured = measure(arguments)
    if arguments.json:
        print(json.dumps(measured, indent=2))
        return
    for name, value in measured.items():
        print(f"{name:32} {value}")


if __name__ == "__main__":
    main()
