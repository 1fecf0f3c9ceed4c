"""The race is fair: one objective, two clocks, and an end that both sides' judge agrees with."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks import race as module
from benchmarks.race import NotThereError, Race, race
from tests.unit.engine.conftest import landscape, stripes
from workflows.engine import Progress
from workflows.engine.threads import available_cpus, start_tensorflow
from workflows.engine.weights import load_weights

CONTENT, STYLE = landscape(48, 64), stripes(40, 56)
STEPS = 9


def run_race(turns: list[tuple[int, int]]) -> Race:
    start_tensorflow(available_cpus())
    return race(CONTENT, STYLE, size=64, steps=STEPS, listener=lambda *turn: turns.append(turn))


@pytest.fixture(scope="module")
def turns() -> list[tuple[int, int]]:
    return []


@pytest.fixture(scope="module")
def done(turns: list[tuple[int, int]]) -> Race:
    return run_race(turns)


def test_the_engine_ends_no_higher_than_the_tutorial(done: Race) -> None:
    assert done.score(done.engine_pixels) <= done.score(done.tutorial_pixels)
    assert done.score(done.tutorial_pixels) < done.score(CONTENT)


def test_each_side_pays_for_its_own_time(done: Race) -> None:
    # GIVEN the curves, the tutorial's with the loss that it starts with and the one it ends with
    assert len(done.tutorial.curve) == STEPS + 1
    for clock in (done.tutorial, done.engine):
        times = [seconds for seconds, _ in clock.curve]
        assert times[0] > 0
        assert times == sorted(times)

    # THEN the engine has paid until the evaluation that was enough, the tutorial for all its steps
    assert done.seconds == done.engine.curve[done.evaluations - 1][0]
    assert done.tutorial.seconds == done.tutorial.curve[-1][0]


def test_they_go_by_turns(done: Race, turns: list[tuple[int, int]]) -> None:
    assert turns[:3] == [(4, 1), (8, 2), (STEPS, 3)]


def test_both_minimise_one_objective(done: Race) -> None:
    # GIVEN the engine's own objective, and a picture that is neither photo nor style; imported
    # here, so that collecting the tests does not import TensorFlow
    from workflows.engine.objective import Objective

    loss, _ = Objective(CONTENT, STYLE, load_weights()).evaluate(done.engine_pixels)

    # THEN the tutorial says the same of it
    assert loss == pytest.approx(done.score(done.engine_pixels), rel=1e-3)


def test_an_engine_that_gives_up_too_high_has_not_won(monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN an engine that gives the photo back
    def give_up(*_: object, progress: Callable[[Progress], None]) -> None:
        for number in (1, 2):
            progress(Progress(number, 2, 1e12, 0.1, lambda: CONTENT, pytest.fail))

    monkeypatch.setattr(module, "stylize", give_up)

    # THEN the race has no winner, although the tutorial has made all its steps
    turns: list[tuple[int, int]] = []
    with pytest.raises(NotThereError, match="after 2 evaluations"):
        run_race(turns)
    assert turns == [(4, 1), (8, 2)]


def test_a_picture_that_is_photo_and_style_at_once_has_nothing_to_improve() -> None:
    start_tensorflow(available_cpus())
    from benchmarks.heldout import Heldout

    measured = Heldout(CONTENT, CONTENT, load_weights()).measure(CONTENT)

    assert measured == pytest.approx({"gram_distance": 0, "luma_ssim": 1}, abs=1e-6)
