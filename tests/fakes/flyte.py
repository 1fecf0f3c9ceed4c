"""FlyteAdmin in memory: names are taken for ever, and it does not say by what."""

from __future__ import annotations

from services.core.flyte import FlyteExecution, Phase
from services.core.flyte_errors import (
    ExecutionExistsError,
    FlyteError,
    FlytePermanentError,
    FlyteTransientError,
    FlyteUnreachableError,
    NotFoundError,
)
from services.core.model import Execution
from tests.fakes.faults import Fault, Faults


class FakeFlyte:
    """Stands where `services.core.flyte.FlyteAdmin` does."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.created: dict[str, Execution] = {}
        self.poisoned: set[str] = set()  # names that are taken although no execution has them
        self.calls: list[str] = []

    def create_execution(self, execution: Execution, *, timeout: float = 5.0) -> None:
        assert timeout > 0
        self.calls.append("CreateExecution")

        def create() -> None:
            if execution.name in self.created or execution.name in self.poisoned:
                raise ExecutionExistsError("ALREADY_EXISTS", "value with matching already exists")
            self.created[execution.name] = execution

        self.faults.strike("CreateExecution", create, _error)

    def get_execution(self, execution: Execution, *, timeout: float = 5.0) -> FlyteExecution:
        assert timeout > 0
        self.calls.append("GetExecution")

        def get() -> FlyteExecution:
            if (found := self.created.get(execution.name)) is None:
                raise NotFoundError("NOT_FOUND", f"no execution {execution.name}")
            return FlyteExecution(found.name, Phase.QUEUED, found.fingerprint)

        return self.faults.strike("GetExecution", get, _error)


def _error(fault: Fault) -> FlyteError:
    match fault:
        case Fault.THROTTLED:
            return FlyteTransientError("RESOURCE_EXHAUSTED", "slow down")
        case Fault.DENIED:
            return FlytePermanentError("PERMISSION_DENIED", "not you")
    return FlyteUnreachableError("DEADLINE_EXCEEDED", "no answer")
