"""The time that an invocation has left: one budget for everything that may wait."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

# Kept back for the last writes to the ledger, the visibility of what failed, and the answer.
# Lambda kills an invocation at its limit, and a killed one gives back its whole batch.
RESERVE = 5.0


class LambdaContext(Protocol):
    """The part of Lambda's context that knows the time."""

    def get_remaining_time_in_millis(self) -> int:
        """Tell how long until Lambda ends the invocation."""


class Budget:
    """Seconds until a deadline.

    Parameters
    ----------
    seconds
        How long from now.
    """

    def __init__(self, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._deadline = clock() + seconds

    @classmethod
    def of(cls, context: LambdaContext) -> Budget:
        """Take what Lambda grants, less the reserve."""
        return cls(context.get_remaining_time_in_millis() / 1000 - RESERVE)

    @property
    def remaining(self) -> float:
        """Seconds left; never negative."""
        return max(0.0, self._deadline - self._clock())
