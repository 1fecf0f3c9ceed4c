"""How uploads and executions come to their end in the ledger.

Three ways lead there, and all may be taken at once and more than once: the result that ends an
upload, and the manifest that ends an execution and the rest of its uploads, both announced by S3;
and the patrol, which once a minute asks Flyte about everything in flight. The ledger keeps the
first end that it is told.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from threading import Event
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from services.core.clock import Clock, seconds_between, timestamp, utc_now
from services.core.flyte import FlyteExecution, Phase
from services.core.flyte_errors import FlyteError, FlyteUnreachableError, NotFoundError
from services.core.ledger import ExecutionOutcome, LedgerError, UploadOutcome
from services.core.model import ExecutionStatus, UploadStatus
from services.tracker.bucket import Results, manifest_key, result_key
from services.tracker.records import RecordError, read_manifest, read_result, shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from services.core.ledger_rows import ExecutionRecord, UploadRecord
    from services.core.model import Execution

WAITING_PHASES = (Phase.UNDEFINED, Phase.QUEUED)
PATROL_THREADS = 8  # calls to FlyteAdmin at once; it is shared with people
PATROL_RESERVE = 10.0  # seconds that a look may still take: one call to Flyte and a few to AWS


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
    UNREACHABLE = "UNREACHABLE"
    NOT_SEEN = "NOT_SEEN"


@dataclass(frozen=True, slots=True)
class Report:
    """One execution, what was seen of it, and what a person should know about that.

    `ended` are the uploads for which this was the end.
    """

    execution: str
    sighting: Sighting
    detail: str = ""
    ended: tuple[UploadRecord, ...] = ()
    outcome: ExecutionOutcome | None = None
    seconds: float = 0.0  # from its launch to its end
    age: float = 0.0  # on patrol: seconds since it was launched, or claimed if it was not


class Ledger(Protocol):
    """What the tracker needs of the ledger."""

    def executions(self, names: Iterable[str]) -> Mapping[str, ExecutionRecord]:
        """Read executions by name."""

    def uploads(self, ids: Iterable[str]) -> Mapping[str, UploadRecord]:
        """Read uploads by id."""

    def in_flight_executions(self) -> list[ExecutionRecord]:
        """Read the executions that are not finished."""

    def mark_running(self, execution: Execution) -> None:
        """Write down that an execution was seen running."""

    def end_upload(self, outcome: UploadOutcome) -> UploadRecord | None:
        """Write down how an upload ended; None if it had ended before."""

    def finish(self, execution: Execution, outcome: ExecutionOutcome) -> tuple[UploadRecord, ...]:
        """Write down how an execution ended; returns the uploads that had not ended before."""


class Flyte(Protocol):
    """What the tracker needs of FlyteAdmin."""

    def get_execution(self, execution: Execution) -> FlyteExecution:
        """Look an execution up."""


class Tracker:
    """Brings uploads and executions to their end; holds no state of its own."""

    def __init__(
        self, ledger: Ledger, flyte: Flyte, results: Results, *, clock: Clock = utc_now
    ) -> None:
        self._ledger = ledger
        self._flyte = flyte
        self._results = results
        self._clock = clock

    def result_arrived(self, upload: str) -> Report:
        """Read a result that arrived, and end its upload accordingly.

        A result of an execution that the ledger does not know, or that this upload is no part of,
        is that of a run by hand; it is left alone. One that cannot be read is left to the manifest.
        """
        document = self._results.read(result_key(upload))
        if document is None:
            return Report("", Sighting.UNREADABLE, f"the result of upload {upload} is gone")
        try:
            result = read_result(document, upload)
        except RecordError as error:
            return Report("", Sighting.UNREADABLE, f"upload {upload}: {error}")
        record = self._ledger.executions([result.execution]).get(result.execution)
        if record is None or upload not in record.execution.uploads:
            return Report(result.execution, Sighting.NOT_IN_LEDGER, "launched by somebody else")
        if record.status.terminal:
            return Report(record.name, Sighting.FINISHED_BEFORE)
        ended = self._ledger.end_upload(result.outcome)
        # What is still CLAIMED stays the dispatcher's, which has yet to see it in Flyte.
        if record.status is ExecutionStatus.LAUNCHED:
            self._ledger.mark_running(record.execution)
        return Report(record.name, Sighting.RUNNING, ended=(ended,) if ended else ())

    def manifest_arrived(self, name: str) -> Report:
        """Read a manifest that arrived, and end its execution accordingly.

        An execution that the ledger does not know was launched by hand; it is left alone. A
        manifest that cannot be read is left to the patrol, which hears Flyte's word too.
        """
        record = self._ledger.executions([name]).get(name)
        if record is None:
            return Report(name, Sighting.NOT_IN_LEDGER, "launched by somebody else")
        if record.status.terminal:
            return Report(name, Sighting.FINISHED_BEFORE)
        document = self._results.read(manifest_key(name))
        if document is None:
            return Report(name, Sighting.UNREADABLE, "the manifest is gone")
        try:
            outcome = read_manifest(document, record.execution)
        except RecordError as error:
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
        now = timestamp(self._clock())

        def look(record: ExecutionRecord) -> Report:
            if unreachable.is_set():
                return Report(record.name, Sighting.NOT_SEEN, "Flyte cannot be reached")
            if remaining() < PATROL_RESERVE:
                return Report(record.name, Sighting.NOT_SEEN, "no time left")
            try:
                return self._look_after(record)
            except FlyteUnreachableError as error:
                unreachable.set()
                return Report(record.name, Sighting.UNREACHABLE, str(error))
            except (FlyteError, LedgerError, ClientError, BotoCoreError) as error:
                return Report(record.name, Sighting.NOT_SEEN, str(error))

        def report(record: ExecutionRecord) -> Report:
            begun = record.launched_at or record.claimed_at or now
            return replace(look(record), age=seconds_between(begun, now))

        with ThreadPoolExecutor(PATROL_THREADS) as pool:
            return list(pool.map(report, self._ledger.in_flight_executions()))

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
        """Return what the manifest tells; without one, the execution failed.

        With it fail its uploads, but for those that ended before, or whose result says otherwise.
        """
        reason = seen.error or f"Flyte ended it as {seen.phase} without a manifest"
        document = self._results.read(manifest_key(execution.name))
        if document is not None:
            try:
                return read_manifest(document, execution)
            except RecordError as error:
                reason = str(error)
        reason = shortened(reason)
        finished_at = seen.updated_at or timestamp(self._clock())
        known = self._ledger.uploads(execution.uploads)
        return ExecutionOutcome(
            status=ExecutionStatus.FAILED,
            finished_at=finished_at,
            reason=reason,
            uploads=tuple(
                self._result(upload, execution)
                or UploadOutcome(upload, UploadStatus.FAILED, finished_at, reason)
                for upload, record in known.items()
                if not record.status.terminal
            ),
        )

    def _result(self, upload: str, execution: Execution) -> UploadOutcome | None:
        """Return how an upload ended in an execution, if there is a result that tells."""
        document = self._results.read(result_key(upload))
        if document is None:
            return None
        try:
            result = read_result(document, upload)
        except RecordError:
            return None
        return result.outcome if result.execution == execution.name else None

    def _finish(self, record: ExecutionRecord, outcome: ExecutionOutcome) -> Report:
        ended = self._ledger.finish(record.execution, outcome)
        begun = record.launched_at or record.claimed_at or outcome.finished_at
        seconds = seconds_between(begun, outcome.finished_at)
        return Report(record.name, Sighting.FINISHED, outcome.reason, ended, outcome, seconds)
