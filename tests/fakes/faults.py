"""What can go wrong with a call, and when: before the other side acts, or after it."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from typing import TypeVar

Result = TypeVar("Result")


class Crash(BaseException):
    """The process is killed here; nothing catches it."""


class Fault(Enum):
    """How a call fails."""

    THROTTLED = "refused for now; nothing was done"
    DENIED = "refused for good; nothing was done"
    TIMED_OUT = "no answer; nothing was done"
    TIMED_OUT_AFTER = "no answer, but it was done"
    CRASHED = "we die before it is done"
    CRASHED_AFTER = "we die after it is done"


Interlude = Callable[[], None]  # what others do just before a call: how a race is lost


class Faults:
    """Plans faults per operation; each strikes one call, in the order they were planned."""

    def __init__(self) -> None:
        self._planned: dict[str, deque[Fault | Interlude | None]] = defaultdict(deque)

    def plan(self, operation: str, *faults: Fault | Interlude | None) -> None:
        """Let the next calls of an operation fail like this; ``None`` lets one pass."""
        self._planned[operation].extend(faults)

    def heal(self) -> None:
        """Let everything work again."""
        self._planned.clear()

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Let everything work for a while."""
        planned, self._planned = self._planned, defaultdict(deque)
        yield
        self._planned = planned

    def strike(
        self,
        operation: str,
        act: Callable[[], Result],
        error: Callable[[Fault], Exception],
    ) -> Result:
        """Do a call the way it is planned.

        Parameters
        ----------
        operation
            What is called.
        act
            Does it.
        error
            Makes the error that the real service would answer a fault with.
        """
        planned = self._planned[operation]
        match planned.popleft() if planned else None:
            case None:
                return act()
            case Fault.CRASHED:
                raise Crash(operation)
            case Fault.CRASHED_AFTER:
                act()
                raise Crash(operation)
            case Fault.TIMED_OUT_AFTER:
                act()
                raise error(Fault.TIMED_OUT_AFTER)
            case Fault() as fault:
                raise error(fault)
            case interlude:
                interlude()
                return act()
