"""What a dispatch came to: an outcome for each upload, and what the metrics are made of."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.core.model import Execution, Rejection


class Disposition(StrEnum):
    """How an upload left the dispatcher."""

    LAUNCHED = "LAUNCHED"
    DUPLICATE = "DUPLICATE"
    REJECTED = "REJECTED"
    FAILED = "FAILED"

    @property
    def done(self) -> bool:
        """Whether its message may be deleted."""
        return self is not Disposition.FAILED


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one upload in this invocation."""

    disposition: Disposition
    execution: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Launched:
    """An execution that this invocation brought to Flyte."""

    execution: Execution
    seconds: float  # since it was claimed


@dataclass(slots=True)
class Report:
    """Collects what happens during a dispatch."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)  # by upload id
    launched: list[Launched] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    launch_errors: Counter[str] = field(default_factory=Counter)  # executions by code
    launch_retries: int = 0
    flyte_calls: int = 0
    flyte_unanswered: int = 0
    ledger_errors: int = 0

    def settle(
        self,
        uploads: Iterable[str],
        disposition: Disposition,
        *,
        execution: str = "",
        reason: str = "",
    ) -> None:
        """Note the outcome of uploads."""
        outcome = Outcome(disposition, execution, reason)
        self.outcomes |= dict.fromkeys(uploads, outcome)

    def count_calls(self, made: int, unanswered: int) -> None:
        """Note how often Flyte was asked to launch one execution."""
        self.flyte_calls += made
        self.flyte_unanswered += unanswered
        self.launch_retries += max(0, made - 1)

    def count(self, disposition: Disposition) -> int:
        """Count uploads by how they left."""
        return sum(o.disposition is disposition for o in self.outcomes.values())
