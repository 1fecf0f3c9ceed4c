"""Launching one execution: asking Flyte until it has it, or until it is clear that it will not."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential

from services.core.flyte import CALL_TIMEOUT, FlyteExecution
from services.core.flyte_errors import (
    ExecutionExistsError,
    FlytePermanentError,
    FlyteTransientError,
    FlyteUnreachableError,
    NotFoundError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.core.model import Execution
    from services.dispatcher.budget import Budget

# Full jitter: after an outage all dispatchers come back, and should not come back together.
WAIT = wait_random_exponential(multiplier=0.2, max=5.0)
MAX_ATTEMPTS = 6  # what has not passed by then is left to the redelivery, which waits longer
MIN_CALL = 0.5  # seconds; a call that is given less would be given up before it is answered


class Flyte(Protocol):
    """The port to FlyteAdmin; see `services.core.flyte.FlyteAdmin`."""

    def create_execution(self, execution: Execution, *, timeout: float = CALL_TIMEOUT) -> None:
        """Launch an execution under its own name."""

    def get_execution(
        self, execution: Execution, *, timeout: float = CALL_TIMEOUT
    ) -> FlyteExecution:
        """Look an execution up."""


@dataclass(slots=True)
class Attempts:
    """How often Flyte was asked; counted also where no answer came."""

    made: int = 0
    unanswered: int = 0


def launch(
    flyte: Flyte,
    execution: Execution,
    budget: Budget,
    *,
    attempts: Attempts | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Have Flyte run an execution, exactly once however often this is called.

    Parameters
    ----------
    flyte
        Where to.
    execution
        What; its name is derived from its content, which makes a repeated call harmless.
    budget
        Bounds calls and pauses together.
    attempts
        Takes the count of calls.
    sleep
        Waits.

    Raises
    ------
    FlyteTransientError
        When it did not pass in time. Flyte may have the execution nevertheless.
    FlytePermanentError
        When it will not pass.
    """
    counted = attempts or Attempts()

    def out_of_time(state: RetryCallState) -> bool:
        spent = state.attempt_number >= MAX_ATTEMPTS
        return spent or budget.remaining < state.upcoming_sleep + MIN_CALL

    for attempt in Retrying(
        retry=retry_if_exception_type(FlyteTransientError),
        wait=WAIT,
        stop=out_of_time,
        sleep=sleep,
        reraise=True,
    ):
        with attempt:
            if budget.remaining < MIN_CALL:
                raise FlyteTransientError("NO_TIME_LEFT", "the invocation's time ran out")
            counted.made += 1
            try:
                _create_or_recognise(flyte, execution, budget)
            except FlyteUnreachableError:
                counted.unanswered += 1
                raise


def _create_or_recognise(flyte: Flyte, execution: Execution, budget: Budget) -> None:
    try:
        flyte.create_execution(execution, timeout=min(CALL_TIMEOUT, budget.remaining))
    except ExecutionExistsError as taken:
        _recognise(flyte, execution, budget, taken)


def _recognise(
    flyte: Flyte, execution: Execution, budget: Budget, taken: ExecutionExistsError
) -> None:
    """Accept "already exists" for what we launched ourselves, and for nothing else.

    FlyteAdmin says the same when the name belongs to something else, when a launch plan's
    concurrency limit is reached, and when an earlier creation failed half-way
    (flyteadmin, ``execution_manager.go``); in the last two no execution is there.
    """
    try:
        found = flyte.get_execution(execution, timeout=min(CALL_TIMEOUT, budget.remaining))
    except NotFoundError:
        message = f"the name {execution.name} is taken, but there is no such execution ({taken})"
        raise FlyteTransientError(taken.code, message) from taken
    if found.fingerprint != execution.fingerprint:
        message = f"another execution has the name {execution.name}: its {found.fingerprint=}"
        raise FlytePermanentError("FINGERPRINT_MISMATCH", message) from taken
