"""Launching one execution: what may pass is tried again in the time there is, and no more."""

from __future__ import annotations

import pytest

from services.core.flyte_errors import (
    FlyteError,
    FlytePermanentError,
    FlyteTransientError,
    FlyteUnreachableError,
)
from services.core.model import Execution, Options, Style, Upload
from services.dispatcher.budget import RESERVE, Budget
from services.dispatcher.launch import MAX_ATTEMPTS, Attempts, launch
from tests.fakes.dispatcher import PLAN, Context, notice
from tests.fakes.faults import Fault
from tests.fakes.flyte import FakeFlyte

STYLE = Style("mosaic", "b", "styles/mosaic.jpg")
EXECUTION = Execution.of([Upload(notice(), 1, (STYLE,), Options())], PLAN, "results")


class Time:
    """A clock that goes on only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def flyte() -> FakeFlyte:
    return FakeFlyte()


def run(flyte: FakeFlyte, seconds: float = 60.0) -> tuple[int, float]:
    """Launch; return how often Flyte was asked, and how long it took."""
    time, attempts = Time(), Attempts()
    launch(
        flyte,
        EXECUTION,
        Budget(seconds, clock=time),
        attempts=attempts,
        sleep=time.sleep,
    )
    return attempts.made, time.now


def test_one_call_is_enough_when_all_is_well(flyte: FakeFlyte) -> None:
    assert run(flyte) == (1, 0.0)
    assert flyte.created == {EXECUTION.name: EXECUTION}


@pytest.mark.parametrize("fault", [Fault.THROTTLED, Fault.TIMED_OUT])
def test_what_may_pass_is_tried_again(flyte: FakeFlyte, fault: Fault) -> None:
    flyte.faults.plan("CreateExecution", fault, fault)

    calls, seconds = run(flyte)

    assert calls == 3
    assert seconds > 0
    assert EXECUTION.name in flyte.created


def test_an_answer_that_was_lost_is_recognised(flyte: FakeFlyte) -> None:
    flyte.faults.plan("CreateExecution", Fault.TIMED_OUT_AFTER)

    run(flyte)

    assert flyte.calls == ["CreateExecution", "CreateExecution", "GetExecution"]


def test_what_will_not_pass_is_not_tried_again(flyte: FakeFlyte) -> None:
    flyte.faults.plan("CreateExecution", Fault.DENIED)

    with pytest.raises(FlytePermanentError, match="PERMISSION_DENIED"):
        run(flyte)

    assert flyte.calls == ["CreateExecution"]


def test_attempts_have_an_end(flyte: FakeFlyte) -> None:
    flyte.faults.plan("CreateExecution", *[Fault.TIMED_OUT] * 100)

    with pytest.raises(FlyteUnreachableError):
        run(flyte, seconds=10_000)

    assert len(flyte.calls) == MAX_ATTEMPTS


@pytest.mark.parametrize("seconds", [0.6, 1.0, 3.0])
def test_pauses_stay_within_the_time_there_is(flyte: FakeFlyte, seconds: float) -> None:
    flyte.faults.plan("CreateExecution", *[Fault.TIMED_OUT] * 100)
    time = Time()

    with pytest.raises(FlyteTransientError):
        launch(flyte, EXECUTION, Budget(seconds, clock=time), sleep=time.sleep)

    assert time.now < seconds


def test_nothing_is_called_without_time_for_an_answer(flyte: FakeFlyte) -> None:
    with pytest.raises(FlyteTransientError, match="NO_TIME_LEFT"):
        run(flyte, seconds=0.1)

    assert flyte.calls == []


def test_a_name_that_another_execution_has_is_not_ours(flyte: FakeFlyte) -> None:
    plan, inputs = EXECUTION.launch_plan, EXECUTION.inputs
    stranger = Execution(EXECUTION.name, plan, {**inputs, "results": "elsewhere"})
    flyte.create_execution(stranger)

    with pytest.raises(FlytePermanentError, match="FINGERPRINT_MISMATCH"):
        run(flyte)


def test_a_name_that_is_taken_by_nothing_may_become_free(flyte: FakeFlyte) -> None:
    flyte.poisoned.add(EXECUTION.name)

    with pytest.raises(FlyteTransientError, match="no such execution"):
        run(flyte)

    assert flyte.calls.count("CreateExecution") == MAX_ATTEMPTS


def test_not_knowing_who_has_the_name_is_no_success(flyte: FakeFlyte) -> None:
    flyte.create_execution(EXECUTION)
    flyte.faults.plan("GetExecution", *[Fault.DENIED] * MAX_ATTEMPTS)

    with pytest.raises(FlyteError):
        run(flyte)


def test_the_budget_keeps_time_for_the_last_writes() -> None:
    assert Budget.of(Context(60.0)).remaining == pytest.approx(60.0 - RESERVE, abs=0.1)
    assert Budget.of(Context(1.0)).remaining == 0.0
