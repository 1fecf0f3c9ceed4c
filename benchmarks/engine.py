"""How long the engine takes to reach the loss that TensorFlow's tutorial ends with.

Both minimise the same objective of the same pictures with the same weights, in one process and by
turns: four steps of the tutorial after each evaluation of the engine, so that whatever else the
machine does slows both. Each clock runs only while its own side works; weights, targets and the
tracing of graphs count, the import of TensorFlow does not. The engine is `stylize`, as everybody
has it; it stops at the first picture whose loss, by the tutorial's own judgement, is not above that
of the tutorial's last. `benchmarks.heldout` then judges both by layers that the objective does not
contain. Peak memory is that of a child that does nothing but paint a square of that size.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

from benchmarks.display import Bars, draw
from benchmarks.engine_memory import peak_mib
from benchmarks.pairs import Pair, UnreadableError, choose_pairs
from benchmarks.peer import PeerError, check_peer, run_peer
from benchmarks.race import NotThereError, race
from workflows.engine.options import SIZE_RANGE
from workflows.engine.threads import available_cpus, start_tensorflow
from workflows.engine.weights import load_weights

EXAMPLES: Final = """examples:
  python -m benchmarks.engine --size 256 --steps 300
  python -m benchmarks.engine --content me.jpg --style styles/mosaic.jpg --json
  python -m benchmarks.engine --size 256 --steps 300 --pairs 4
  python -m benchmarks.engine --size 256 --steps 300 --peer pastiche --plot loss.png
"""

#: Seed-style steps that are timed.
SEED_STEPS: Final = 3


def measure(pair: Pair, arguments: argparse.Namespace, bars: Bars) -> dict[str, Any]:
    """Race for one pair, and do whatever else was asked for."""
    from benchmarks.heldout import Heldout  # imports TensorFlow

    tell = bars.part(pair.name, total=arguments.steps)
    done = race(
        pair.content,
        pair.style,
        size=arguments.size,
        steps=arguments.steps,
        listener=lambda steps, evaluations: tell(
            steps, f"{steps} steps, {evaluations} evaluations"
        ),
    )
    judge = Heldout(pair.content, pair.style, load_weights())
    measured: dict[str, Any] = {
        "pair": pair.name,
        "pixels": f"{pair.content.shape[1]} x {pair.content.shape[0]}",
        "ratio": round(done.tutorial.seconds / done.seconds, 2),
        "tutorial_seconds": round(done.tutorial.seconds, 1),
        "engine_seconds": round(done.seconds, 1),
        "engine_evaluations": done.evaluations,
        "tutorial_loss": done.score(done.tutorial_pixels),
        "engine_loss": done.score(done.engine_pixels),
        "heldout": {
            "tutorial": judge.measure(done.tutorial_pixels),
            "engine": judge.measure(done.engine_pixels),
        },
    }
    curves = {"tutorial (Adam)": done.tutorial.curve, "engine": done.engine.curve}
    if arguments.peer:
        budget = done.tutorial.seconds
        peer = run_peer(
            pair.content,
            pair.style,
            budget=budget,
            score=done.score,
            listener=bars.part(f"  {arguments.peer}", total=budget),
        )
        measured["peer"] = {
            "name": peer.name,
            "steps": peer.steps,
            "seconds": round(peer.seconds, 1),
            "loss": peer.curve[-1][1],
            "heldout": judge.measure(peer.pixels),
        }
        curves[peer.name] = peer.curve
    if arguments.seed_style:
        seconds = seed_seconds(pair) * arguments.steps
        measured["seed_style_seconds_extrapolated"] = round(seconds, 1)
        measured["seed_style_ratio"] = round(seconds / done.seconds, 2)
    if arguments.plot:
        draw(curves, measured["tutorial_loss"], arguments.plot)
    return measured


def seed_seconds(pair: Pair) -> float:
    """Time a step as the first version of this project made it: everything anew."""
    from benchmarks.tutorial import SeedStyle

    seed = SeedStyle(pair.content, pair.style, load_weights())
    started = time.perf_counter()
    for _ in range(SEED_STEPS):
        seed.step()
    return (time.perf_counter() - started) / SEED_STEPS


def measure_all(pairs: Sequence[Pair], arguments: argparse.Namespace) -> dict[str, Any]:
    """Race for each pair; of several, the ratio is the median."""
    start_tensorflow(available_cpus())
    with Bars() as bars:
        tell = bars.part("peak memory of the engine", total=1)
        common = {
            "steps": arguments.steps,
            "cpus": available_cpus(),
            "engine_peak_mib": peak_mib(arguments.size),
        }
        tell(1)
        races = [measure(pair, arguments, bars) for pair in pairs]
    if len(races) == 1:
        return {**races[0], **common}
    ratio = statistics.median(race["ratio"] for race in races)
    return {"ratio": round(ratio, 2), **common, "pairs": races}


def main(words: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = _parser()
    arguments = parser.parse_args(words)
    if arguments.pairs > 1 and (arguments.content or arguments.style):
        parser.error("--pairs takes pictures of the demo: leave out --content and --style")
    try:
        if arguments.peer:
            check_peer()
        pairs = choose_pairs(arguments.content, arguments.style, arguments.pairs, arguments.size)
    except (PeerError, UnreadableError) as error:
        _end(error, code=2)
    try:
        measured = measure_all(pairs, arguments)
    except (PeerError, NotThereError) as error:
        _end(error, code=1)
    if arguments.json:
        print(json.dumps(measured, indent=2))
    else:
        _print(measured)


def _end(error: Exception, code: int) -> NoReturn:
    print(f"benchmarks.engine: {error}", file=sys.stderr)
    raise SystemExit(code)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.engine",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--content", type=Path, help="a photo (the astronaut of scikit-image)")
    parser.add_argument("--style", type=Path, help="a style (styles/great-wave.jpg)")
    parser.add_argument(
        "--pairs", type=_whole(1, 28), default=1, help="so many photos and styles of the demo (1)"
    )
    parser.add_argument(
        "--size", type=_whole(*SIZE_RANGE), default=512, help="longest side in pixels (512)"
    )
    parser.add_argument(
        "--steps", type=_whole(1, 10_000), default=500, help="steps of the tutorial (500)"
    )
    parser.add_argument(
        "--peer", choices=["pastiche"], help="give a peer the time of the tutorial; needs torch"
    )
    parser.add_argument(
        "--seed-style",
        action="store_true",
        help=f"time {SEED_STEPS} steps that rebuild everything, as this project once did",
    )
    parser.add_argument("--plot", type=Path, help="draw loss against seconds into this file")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(word: str) -> int:
        if not (word.isdecimal() and low <= int(word) <= high):
            raise argparse.ArgumentTypeError(f"{word} is no whole number from {low} to {high}")
        return int(word)

    return read


def _print(measured: Mapping[str, Any], indent: str = "") -> None:
    for name, value in measured.items():
        if isinstance(value, Mapping):
            print(f"{indent}{name}")
            _print(value, indent + "  ")
        elif isinstance(value, list):
            for each in value:
                print()
                _print(each)
        else:
            print(f"{indent + name:32} {value}")


if __name__ == "__main__":
    main()
