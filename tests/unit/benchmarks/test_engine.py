"""What a person types, and what comes back: figures, or one line that says what to do."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from benchmarks import engine
from benchmarks.race import NotThereError

KEYS = {
    "ratio",
    "tutorial_seconds",
    "engine_seconds",
    "engine_evaluations",
    "engine_peak_mib",
    "heldout",
}


@pytest.fixture(autouse=True)
def no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """Peak memory is measured in a child that imports TensorFlow: nine seconds."""
    monkeypatch.setattr(engine, "peak_mib", lambda size: 1000 + size)


def test_the_json_has_what_the_race_was_run_for(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    # WHEN
    plot = tmp_path / "loss.png"
    engine.main(["--size", "64", "--steps", "4", "--seed-style", "--plot", str(plot), "--json"])

    # THEN
    measured = json.loads(capsys.readouterr().out)
    assert set(measured) >= KEYS
    assert measured["pixels"] == "64 x 64"
    assert measured["engine_loss"] <= measured["tutorial_loss"]
    assert measured["engine_peak_mib"] == 1064
    for side in ("tutorial", "engine"):
        assert set(measured["heldout"][side]) == {"gram_distance", "luma_ssim"}
    assert measured["seed_style_seconds_extrapolated"] > 0
    assert plot.stat().st_size > 0


def test_of_several_pairs_the_ratio_is_the_median(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN
    ratios = iter((9.0, 2.0, 5.0))
    monkeypatch.setattr(
        engine, "measure", lambda pair, *_: {"pair": pair.name, "ratio": next(ratios)}
    )

    # WHEN
    engine.main(["--size", "64", "--pairs", "3", "--json"])

    # THEN
    measured = json.loads(capsys.readouterr().out)
    assert measured["ratio"] == 5.0
    assert [(each["pair"], each["ratio"]) for each in measured["pairs"]] == [
        ("astronaut in great-wave", 9.0),
        ("chelsea in mosaic", 2.0),
        ("coffee in oil-flow", 5.0),
    ]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--peer", "pastiche"], "install torch=="),
        (["--content", "nowhere.jpg"], "nowhere.jpg: No such file"),
        (["--style", __file__], f"{__file__}: this is not a picture"),
    ],
    ids=["torch", "a file", "a picture"],
)
def test_what_is_missing_is_told_in_one_line(
    words: list[str],
    told: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # GIVEN a machine without torch
    monkeypatch.setitem(sys.modules, "torch", None)

    # WHEN
    with pytest.raises(SystemExit) as ended:
        engine.main(words)

    # THEN
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line
    assert ended.value.code == 2


def test_a_race_without_a_winner_ends_in_one_line_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def give_up(*_: object) -> None:
        raise NotThereError("after 40 evaluations the engine is at a loss of 3e7")

    monkeypatch.setattr(engine, "measure", give_up)

    with pytest.raises(SystemExit) as ended:
        engine.main(["--size", "64"])

    assert capsys.readouterr().err.splitlines()[-1].startswith("benchmarks.engine: after 40")
    assert ended.value.code == 1
