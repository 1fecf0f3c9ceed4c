"""The search keeps its budget and gives back the best that it saw."""

from __future__ import annotations

import numpy as np
import pytest

from workflows.engine.arrays import Floats
from workflows.engine.optimizer import minimize_within

TARGET = np.linspace(-1, 2, 48, dtype=np.float32).reshape(4, 4, 3)
CURVATURE = np.geomspace(1, 1000, 48, dtype=np.float32).reshape(4, 4, 3)


def bowl(at: Floats) -> tuple[float, Floats]:
    away = at - TARGET
    return float(np.sum(CURVATURE * away**2)), 2 * CURVATURE * away


def test_it_finds_the_minimum_of_an_ill_conditioned_bowl() -> None:
    found = minimize_within(
        bowl, np.zeros_like(TARGET), evaluations=150, on_evaluation=lambda *_: None
    )
    np.testing.assert_allclose(found, TARGET, atol=1e-2)


@pytest.mark.parametrize("budget", [0, 1, 2, 7, 20])
def test_it_never_evaluates_more_often_than_it_may(budget: int) -> None:
    calls = 0

    def counted(at: Floats) -> tuple[float, Floats]:
        nonlocal calls
        calls += 1
        return bowl(at)

    minimize_within(
        counted, np.zeros_like(TARGET), evaluations=budget, on_evaluation=lambda *_: None
    )
    assert calls == budget


def test_listeners_hear_the_lowest_loss_so_far_and_where_it_is() -> None:
    heard: list[tuple[float, Floats]] = []
    found = minimize_within(
        bowl,
        np.zeros_like(TARGET),
        evaluations=25,
        on_evaluation=lambda loss, best: heard.append((loss, best)),
    )
    losses = [loss for loss, _ in heard]
    assert losses == sorted(losses, reverse=True)
    assert all(bowl(best)[0] == loss for loss, best in heard)
    np.testing.assert_array_equal(found, heard[-1][1])


def test_where_nothing_can_improve_it_stops_early_at_the_start() -> None:
    heard: list[float] = []
    found = minimize_within(
        lambda at: (5.0, np.zeros_like(at)),
        TARGET,
        evaluations=20,
        on_evaluation=lambda loss, _: heard.append(loss),
    )
    np.testing.assert_array_equal(found, TARGET)
    assert heard == [5.0]


def test_what_a_listener_raises_ends_the_search() -> None:
    def stop(loss: float, best: Floats) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        minimize_within(bowl, np.zeros_like(TARGET), evaluations=5, on_evaluation=stop)
