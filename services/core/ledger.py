"""The ledger: one DynamoDB table that remembers every upload and every execution.

Each write carries its condition, so it does not matter who comes twice, late or out of order:
a row is claimed once, a status only ever moves forward, and what is finished stays as it is.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from services.core.clock import Clock, timestamp, utc_now
from services.core.ledger_reading import BEFORE_THE_END, LedgerReader, translated
from services.core.ledger_reading import IN_FLIGHT_INDEX as IN_FLIGHT_INDEX
from services.core.ledger_reading import LedgerError as LedgerError
from services.core.ledger_rows import (
    Item,
    UploadRecord,
    claimed_execution,
    claimed_upload,
    execution_key,
    marshal,
    read_upload,
    rejected_upload,
    upload_key,
)
from services.core.model import (
    Execution,
    ExecutionStatus,
    Rejection,
    Upload,
    UploadStatus,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mypy_boto3_dynamodb import DynamoDBClient

# A transaction takes 100 items; one of them is the execution itself.
MAX_UPLOADS_PER_CLAIM = 99

_BEFORE_LAUNCHED = (ExecutionStatus.CLAIMED,)
_BEFORE_RUNNING = (*_BEFORE_LAUNCHED, ExecutionStatus.LAUNCHED)


class Claim(StrEnum):
    """How an attempt to be first ended."""

    WON = "WON"
    LOST = "LOST"


@dataclass(frozen=True, slots=True)
class UploadOutcome:
    """What became of one upload of an execution."""

    id: str
    status: UploadStatus
    finished_at: str
    reason: str = ""
    picture: str = ""
    seconds: float = 0.0
    cpu_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ExecutionOutcome:
    """What became of an execution, and of its uploads that had not ended before it."""

    status: ExecutionStatus
    finished_at: str
    reason: str = ""
    uploads: tuple[UploadOutcome, ...] = ()


class Ledger(LedgerReader):
    """Reads and writes the table; holds no state of its own and is safe to share by threads."""

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        *,
        retention: timedelta,
        clock: Clock = utc_now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(client, table, sleep=sleep)
        self._retention = retention
        self._clock = clock

    # ---- claiming --------------------------------------------------------------------------

    def claim(self, execution: Execution, uploads: Sequence[Upload]) -> Claim:
        """Write an execution and its uploads down before it is launched, all of them or none.

        Parameters
        ----------
        execution
            The planned execution.
        uploads
            Its uploads, at most `MAX_UPLOADS_PER_CLAIM`.

        Returns
        -------
        Claim
            ``LOST`` when any of these rows exists already; then nothing was written.

        Raises
        ------
        LedgerError
            When DynamoDB did not answer; the claim may have been made nevertheless.
        """
        now, expires_at = self._now()
        rows = [claimed_execution(execution, now, expires_at)]
        rows += [claimed_upload(upload, execution.name, now, expires_at) for upload in uploads]
        puts: list[Any] = [{"Put": self._put_if_new(row)} for row in rows]
        try:
            with translated(f"claim {execution.name}"):
                self._client.transact_write_items(TransactItems=puts)
        except self._client.exceptions.TransactionCanceledException as error:
            codes = {reason.get("Code") for reason in error.response["CancellationReasons"]}
            # A conflict is another claim of the same rows that is being written right now.
            if codes & {"ConditionalCheckFailed", "TransactionConflict"}:
                return Claim.LOST
            message = f"the ledger could not claim {execution.name}: {sorted(filter(None, codes))}"
            raise LedgerError(message) from error
        return Claim.WON

    def reject(self, rejection: Rejection) -> Claim:
        """Write down that an upload was turned away; ``LOST`` when it is in the ledger already."""
        row = rejected_upload(rejection, *self._now())
        try:
            with translated(f"reject {rejection.notice.id}"):
                self._client.put_item(**self._put_if_new(row))
        except self._client.exceptions.ConditionalCheckFailedException:
            return Claim.LOST
        return Claim.WON

    def _put_if_new(self, row: Item) -> dict[str, Any]:
        new = "attribute_not_exists(pk)"
        return {"TableName": self._table, "Item": row, "ConditionExpression": new}

    # ---- moving on -------------------------------------------------------------------------

    def mark_launched(self, execution: Execution) -> None:
        """Write down that Flyte has the execution.

        The execution comes first: an upload's message is only ever deleted once the upload is
        `LAUNCHED`, so whatever interrupts this is finished by a redelivery.
        """
        now, _ = self._now()
        news = {"launched_at": now, "updated_at": now, "reason": ""}
        self._advance(
            execution_key(execution.name), ExecutionStatus.LAUNCHED, _BEFORE_LAUNCHED, news
        )
        for upload in execution.uploads:
            self._advance(upload_key(upload), UploadStatus.LAUNCHED, _BEFORE_LAUNCHED, news)

    def mark_running(self, execution: Execution) -> None:
        """Write down that the execution was seen running; seen again, only its time changes."""
        now, _ = self._now()
        news = {"updated_at": now}
        # The execution comes last: it is what the tracker looks at again after a crash.
        for upload in execution.uploads:
            self._advance(upload_key(upload), UploadStatus.RUNNING, _BEFORE_RUNNING, news)
        key = execution_key(execution.name)
        self._advance(key, ExecutionStatus.RUNNING, BEFORE_THE_END, news)

    def end_upload(self, outcome: UploadOutcome) -> UploadRecord | None:
        """Write down how an upload ended; the first end told is the end.

        Returns
        -------
        UploadRecord or None
            The upload at its end, or None when it had ended before.
        """
        now, _ = self._now()
        news = {
            "reason": outcome.reason,
            "picture": outcome.picture,
            "seconds": outcome.seconds,
            "cpu_seconds": outcome.cpu_seconds,
            "finished_at": outcome.finished_at,
            "updated_at": now,
        }
        row = self._advance(upload_key(outcome.id), outcome.status, BEFORE_THE_END, news)
        return read_upload(row) if row else None

    def finish(self, execution: Execution, outcome: ExecutionOutcome) -> tuple[UploadRecord, ...]:
        """Write down how the execution and its uploads ended; the first end told is the end.

        Returns
        -------
        tuple of UploadRecord
            Those of its uploads that had not ended before.
        """
        # The execution comes last: it is what the tracker looks at again after a crash.
        ended = [self.end_upload(upload) for upload in outcome.uploads]
        now, _ = self._now()
        news = {
            "reason": outcome.reason,
            "finished_at": outcome.finished_at,
            "updated_at": now,
        }
        key = execution_key(execution.name)
        self._advance(key, outcome.status, BEFORE_THE_END, news, remove=("in_flight",))
        return tuple(record for record in ended if record)

    def note(self, execution: Execution, reason: str) -> None:
        """Write down why a claimed execution and its uploads are not launched yet."""
        now, _ = self._now()
        news = {"reason": reason, "updated_at": now}
        keys = [execution_key(execution.name), *map(upload_key, execution.uploads)]
        for key in keys:
            self._advance(key, ExecutionStatus.CLAIMED, (ExecutionStatus.CLAIMED,), news)

    def _advance(
        self,
        key: Item,
        status: str,
        before: Sequence[str],
        news: dict[str, Any],
        *,
        remove: Sequence[str] = (),
    ) -> Item | None:
        """Set a row's status and news if its status is still one of `before`; else leave it.

        Returns the row as it is then, or None if it was left.
        """
        values = {"status": status, **news}
        names = {f"#{name}": name for name in (*values, *remove)}
        update = "SET " + ", ".join(f"#{name} = :{name}" for name in values)
        if remove:
            update += " REMOVE " + ", ".join(f"#{name}" for name in remove)
        allowed = {f"before_{i}": value for i, value in enumerate(before)}
        try:
            with translated(f"set {key['pk']['S']} {status}"):
                answer = self._client.update_item(
                    TableName=self._table,
                    Key=key,
                    UpdateExpression=update,
                    ConditionExpression=f"#status IN ({', '.join(f':{name}' for name in allowed)})",
                    ExpressionAttributeNames=names,
                    ExpressionAttributeValues={
                        f":{name}": value for name, value in marshal(values | allowed).items()
                    },
                    ReturnValues="ALL_NEW",
                )
        except self._client.exceptions.ConditionalCheckFailedException:
            return None  # already further on, or not one of ours: there is nothing to move
        return answer["Attributes"]

    def _now(self) -> tuple[str, int]:
        moment = self._clock()
        return timestamp(moment), int((moment + self._retention).timestamp())
