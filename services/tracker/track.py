"""How executions come to their end in the ledger.

Two ways lead there, and both may be taken at once and more than once: the manifest that the
execution's last task writes, announced by S3; and the patrol, which once a minute asks Flyte about
everything in flight. The ledger keeps the first end that it is told.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from threading import Event
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from services.core.clock import Clock, seconds_between, timestamp, utc_now
from services.core.flyte import FlyteExecution, Phase
from services.core.flyte_errors import FlyteError, FlyteUnreachableError, NotFoundError
from services.core.ledger import ExecutionOutcome, LedgerError, UploadOutcome
from services.core.model import ExecutionStatus, UploadStatus
from services.tracker.manifest import ManifestError, Manifests, read_manifest, shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from services.core.ledger_rows import ExecutionRecord
    from services.core.model import Execution

FINISHED = (ExecutionStatus.SUCCEEDED, ExecutionStatus.FAILED)
WAITING_PHASES = (Phase.UNDEFINED, Phase.QUEUED)
PATROL_THREADS = 8  # calls to FlyteAdmin at once; it is shared with people
PATROL_RESERVE = 10.0  # seconds that a look may still take: one call to Flyte and some writes


class Sighting(StrEnum):
    """What was seen of an execution."""

    FINISHED = "FINISHED"
    FINISHED_BEFORE = "FINISHED_BEFORE"
    RUNNING = "RUNNING"
    WAITING = "WAITING"
    NOT_IN_LEDGER = "NOT_IN_LEDGER"
    NOT_IN_FLYTE = "NOT_IN_FLYTE"
    NOT_OURS = "NOT_OURS"
    UNREADABLE = "UNREADABLE"
    NOT_SEEN = "NOT_SEEN"


@dataclass(frozen=True, slots=True)
class Report:
    """One execution, what was seen of it, and what a person should know about that."""

    execution: str
    sighting: Sighting
    detail: str = ""
    outcome: ExecutionOutcome | None = None
    seconds: float = 0.0  # from its launch to its end


class Ledger(Protocol):
    """What the tracker needs of the ledger."""

    def executions(self, names: Iterable[str]) -> Mapping[str, ExecutionRecord]:
        """Read executions by name."""

    def in_flight_executions(self) -> list[ExecutionRecord]:
        """Read the executions that are not finished."""

    def mark_running(self, execution: Execution) -> None:
        """Write down that an execution was seen running."""

    def finish(self, execution: Execution, outcome: ExecutionOutcome) -> None:
        """Write down how an execution ended."""


class Flyte(Protocol):
    """What the tracker needs of FlyteAdmin."""

    def get_execution(self, execution: Execution) -> FlyteExecution:
        """Look an execution up."""


class Tracker:
    """Brings executions to their end; holds no state of its own."""

    def __init__(
        self, ledger: Ledger, flyte: Flyte, manifests: Manifests, *, clock: Clock = utc_now
    ) -> None:
        self._ledger = ledger
        self._flyte = flyte
        self._manifests = manifests
        self._clock = clock

    def arrived(self, name: str) -> Report:
        """Read a manifest that arrived, and end its execution accordingly.

        An execution that the ledger does not know was launched by hand; it is left alone. A
        manifest that cannot be read is left to the patrol, which hears Flyte's word too.
        """
        record = self._ledger.executions([name]).get(name)
        if record is None:
            return Report(name, Sighting.NOT_IN_LEDGER, "launched by somebody else")
        if record.status in FINISHED:
            return Report(name, Sighting.FINISHED_BEFORE)
        data = self._manifests.read(name)
        if data is None:
            return Report(name, Sighting.UNREADABLE, "the manifest is gone")
        try:
            outcome = read_manifest(data, record.execution, self._clock())
        except ManifestError as error:
            return Report(name, Sighting.UNREADABLE, str(error))
        return self._finish(record, outcome)

    def patrol(self, remaining: Callable[[], float]) -> list[Report]:
        """Look after every execution in flight; what cannot be seen now is seen in a minute.

        Parameters
        ----------
        remaining
            Tells how many seconds are left.
        """
        unreachable = Event()

        def look(record: ExecutionRecord) -> Report:
            if unreachable.is_set():
                return Report(record.name, Sighting.NOT_SEEN, "Flyte cannot be reached")
            if remaining() < PATROL_RESERVE:
                return Report(record.name, Sighting.NOT_SEEN, "no time left")
            try:
                return self._look_after(record)
            except FlyteUnreachableError as error:
                unreachable.set()
                return Report(record.name, Sighting.NOT_SEEN, str(error))
            except (FlyteError, LedgerError, ClientError, BotoCoreError) as error:
                return Report(record.name, Sighting.NOT_SEEN, str(error))

        with ThreadPoolExecutor(PATROL_THREADS) as pool:
            return list(pool.map(look, self._ledger.in_flight_executions()))

    def _look_after(self, record: ExecutionRecord) -> Report:
        name, execution = record.name, record.execution
        try:
            seen = self._flyte.get_execution(execution)
        except NotFoundError as error:
            if record.status is ExecutionStatus.CLAIMED:
                return Report(name, Sighting.WAITING, "the dispatcher has not launched it yet")
            return Report(name, Sighting.NOT_IN_FLYTE, str(error))
        if seen.fingerprint != execution.fingerprint:
            return Report(name, Sighting.NOT_OURS, "another execution has its name in Flyte")
        if seen.phase.terminal:
            return self._finish(record, self._end(execution, seen))
        if seen.phase in WAITING_PHASES:
            return Report(name, Sighting.WAITING)
        # Writing it again each minute would cost a write per upload and tell nothing.
        if record.status is not ExecutionStatus.RUNNING:
            self._ledger.mark_running(execution)
        return Report(name, Sighting.RUNNING)

    def _end(self, execution: Execution, seen: FlyteExecution) -> ExecutionOutcome:
        """Return what the manifest tells; without one, all uploads failed as the execution did."""
        data = self._manifests.read(execution.name)
        reason = seen.error or f"Flyte ended it as {seen.phase} without a manifest"
        if data is not None:
            try:
                return read_manifest(data, execution, self._clock())
            except ManifestError as error:
                reason = str(error)
        reason = shortened(reason)
        return ExecutionOutcome(
            status=ExecutionStatus.FAILED,
            finished_at=seen.updated_at or timestamp(self._clock()),
            reason=reason,
            uploads=tuple(
                UploadOutcome(upload, UploadStatus.FAILED, reason) for upload in execution.uploads
            ),
        )

    def _finish(self, record: ExecutionRecord, outcome: ExecutionOutcome) -> Report:
        self._ledger.finish(record.execution, outcome)
        begun = record.launched_at or record.claimed_at or outcome.finished_at
        seconds = seconds_between(begun, outcome.finished_at)
        return Report(record.name, Sighting.FINISHED, outcome.reason, outcome, seconds)
