"""The protocol: every upload is launched in exactly one execution, whatever fails on the way.

The ledger is read before anything is done and written before anything is launched. What was
claimed is never grouped again: whoever meets it later finishes the execution it was claimed for,
from the ledger's own words. So an invocation may end between any two lines, and the redelivery of
its messages goes on where it ended.
"""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from services.core.clock import Clock, seconds_between, timestamp, utc_now
from services.core.flyte_errors import FlyteError, FlytePermanentError, FlyteUnreachableError
from services.core.ledger import Claim, LedgerError
from services.core.model import Execution, ExecutionStatus, LaunchPlan, Notice, UploadStatus
from services.dispatcher.batching import Batch, batches
from services.dispatcher.launch import Attempts, Flyte, launch
from services.dispatcher.report import Disposition, Launched, Report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from services.core.ledger_rows import ExecutionRecord, UploadRecord
    from services.core.model import Rejection, Upload
    from services.dispatcher.budget import Budget
    from services.dispatcher.intake import Inspection

# Each round lost means that another dispatcher claimed some of our uploads; it cannot claim them
# again, so every further round has fewer to lose.
MAX_ROUNDS = 4


class Ledger(Protocol):
    """The port to the ledger; see `services.core.ledger.Ledger`."""

    def uploads(self, ids: Iterable[str]) -> dict[str, UploadRecord]:
        """Read uploads."""

    def executions(self, names: Iterable[str]) -> dict[str, ExecutionRecord]:
        """Read executions."""

    def claim(self, execution: Execution, uploads: Sequence[Upload]) -> Claim:
        """Write an execution and its uploads down, all or none."""

    def reject(self, rejection: Rejection) -> Claim:
        """Write down that an upload was turned away."""

    def mark_launched(self, execution: Execution) -> None:
        """Write down that Flyte has the execution."""

    def note(self, execution: Execution, reason: str) -> None:
        """Write down why an execution is not launched yet."""


class Intake(Protocol):
    """The port to the objects; see `services.dispatcher.intake.Intake`."""

    def inspect(self, notices: Iterable[Notice], budget: Budget) -> Inspection:
        """Look at objects."""


@dataclass(frozen=True, slots=True)
class Target:
    """What executions are made of beside their uploads."""

    launch_plan: LaunchPlan
    results: str
    max_uploads: int


class Dispatcher:
    """Takes uploads from their announcement to their launch."""

    def __init__(
        self,
        ledger: Ledger,
        flyte: Flyte,
        intake: Intake,
        target: Target,
        *,
        clock: Clock = utc_now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._ledger = ledger
        self._flyte = flyte
        self._intake = intake
        self._target = target
        self._clock = clock
        self._sleep = sleep

    def dispatch(self, notices: Iterable[Notice], budget: Budget) -> Report:
        """Launch what is new, finish what was begun, leave what is done.

        Parameters
        ----------
        notices
            Uploads as they were announced; the same one any number of times.
        budget
            The time for all of it.

        Returns
        -------
        Report
            With an outcome for each upload; nothing that AWS or Flyte do is raised.
        """
        return _Dispatch(self, {notice.id: notice for notice in notices}, budget).run()


class _Dispatch:
    """One dispatch, from its notices to its report."""

    def __init__(self, owner: Dispatcher, waiting: dict[str, Notice], budget: Budget) -> None:
        self._ledger = owner._ledger
        self._flyte = owner._flyte
        self._intake = owner._intake
        self._target = owner._target
        self._clock = owner._clock
        self._sleep = owner._sleep
        self._budget = budget
        self._waiting = waiting
        self._granted: dict[str, Upload] = {}  # what has been looked at and waits for its claim
        self._unreachable: FlyteError | None = None
        self._report = Report()

    def run(self) -> Report:
        for _ in range(MAX_ROUNDS):
            if not self._waiting:
                return self._report
            try:
                known = self._ledger.uploads(self._waiting)
                self._skip_done(known)
                self._finish_claimed(known)
            except LedgerError as error:
                self._fail_in_ledger(list(self._waiting), error)
                break
            self._look_at_new()
            for batch in batches(self._granted.values(), limit=self._target.max_uploads):
                self._claim_and_launch(batch)
        self._settle(list(self._waiting), Disposition.FAILED, reason="others claim its batch")
        return self._report

    # ---- what the ledger knows already -------------------------------------------------------

    def _skip_done(self, known: Mapping[str, UploadRecord]) -> None:
        for upload, record in known.items():
            if record.status is not UploadStatus.CLAIMED:
                self._settle([upload], Disposition.DUPLICATE, execution=record.execution)

    def _finish_claimed(self, known: Mapping[str, UploadRecord]) -> None:
        members: dict[str, list[str]] = defaultdict(list)
        for upload, record in known.items():
            if record.status is UploadStatus.CLAIMED:
                members[record.execution].append(upload)
        found = self._ledger.executions(members) if members else {}
        for name, uploads in sorted(members.items()):
            if (claimed := found.get(name)) is None:
                reason = f"the ledger has lost execution {name}"
                self._settle(uploads, Disposition.FAILED, reason=reason)
            elif claimed.status is ExecutionStatus.CLAIMED:
                self._launch(claimed.execution, uploads, claimed.claimed_at)
            else:  # launched, but whoever did it could not tell all of its uploads
                self._mark_launched(claimed.execution, uploads)

    # ---- what is new -------------------------------------------------------------------------

    def _look_at_new(self) -> None:
        unseen = [n for upload, n in self._waiting.items() if upload not in self._granted]
        inspection = self._intake.inspect(unseen, self._budget)
        self._granted |= {upload.id: upload for upload in inspection.uploads}
        for upload, failure in inspection.failures.items():
            self._settle([upload], Disposition.FAILED, reason=str(failure))
        for rejection in inspection.rejections:
            self._reject(rejection)

    def _reject(self, rejection: Rejection) -> None:
        upload = rejection.notice.id
        try:
            written = self._ledger.reject(rejection)
        except LedgerError as error:
            self._fail_in_ledger([upload], error)
            return
        if written is Claim.WON:
            self._report.rejections.append(rejection)
            self._settle([upload], Disposition.REJECTED, reason=rejection.reason)

    def _claim_and_launch(self, batch: Batch) -> None:
        uploads = [upload.id for upload in batch]
        if self._unreachable is not None or not self._budget.remaining:
            # Unclaimed they can still be grouped with what comes in the meantime.
            reason = str(self._unreachable or "the invocation's time ran out")
            self._settle(uploads, Disposition.FAILED, reason=reason)
            return
        execution = Execution.of(batch, self._target.launch_plan, self._target.results)
        claimed_at = timestamp(self._clock())
        try:
            claim = self._ledger.claim(execution, batch)
        except LedgerError as error:
            self._fail_in_ledger(uploads, error)
            return
        if claim is Claim.WON:
            self._launch(execution, uploads, claimed_at)

    # ---- launching ---------------------------------------------------------------------------

    def _launch(self, execution: Execution, uploads: list[str], claimed_at: str) -> None:
        """Bring a claimed execution to Flyte; `uploads` are those of it that wait here."""
        attempts = Attempts()
        try:
            if self._unreachable is not None:
                raise self._unreachable
            launch(self._flyte, execution, self._budget, attempts=attempts, sleep=self._sleep)
        except FlyteError as error:
            self._fail_in_flyte(execution, uploads, error)
            return
        finally:
            self._report.count_calls(attempts.made, attempts.unanswered)
        seconds = seconds_between(claimed_at, timestamp(self._clock()))
        self._report.launched.append(Launched(execution, seconds))
        self._mark_launched(execution, uploads)

    def _mark_launched(self, execution: Execution, uploads: list[str]) -> None:
        try:
            self._ledger.mark_launched(execution)
        except LedgerError as error:
            self._fail_in_ledger(uploads, error)
            return
        self._settle(uploads, Disposition.LAUNCHED, execution=execution.name)

    # ---- outcomes ----------------------------------------------------------------------------

    def _fail_in_flyte(self, execution: Execution, uploads: list[str], error: FlyteError) -> None:
        self._report.launch_errors[error.code] += 1
        if isinstance(error, FlyteUnreachableError):
            self._unreachable = error
        if isinstance(error, FlytePermanentError):
            try:
                self._ledger.note(execution, str(error))
            except LedgerError:
                self._report.ledger_errors += 1
        self._settle(uploads, Disposition.FAILED, execution=execution.name, reason=str(error))

    def _fail_in_ledger(self, uploads: list[str], error: LedgerError) -> None:
        self._report.ledger_errors += 1
        self._settle(uploads, Disposition.FAILED, reason=str(error))

    def _settle(
        self,
        uploads: Sequence[str],
        disposition: Disposition,
        *,
        execution: str = "",
        reason: str = "",
    ) -> None:
        self._report.settle(uploads, disposition, execution=execution, reason=reason)
        for upload in uploads:
            self._waiting.pop(upload, None)
            self._granted.pop(upload, None)
