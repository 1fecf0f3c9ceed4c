"""Records: what tasks said of an upload, and of a whole execution, when it ended."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from services.core.clock import timestamp
from services.core.ledger import ExecutionOutcome, UploadOutcome
from services.core.model import ExecutionStatus, UploadStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.core.model import Execution
    from services.tracker.bucket import Document

ENDS = {status.value: status for status in UploadStatus if status.terminal}

# Flyte passes on whole tracebacks; this much is enough to understand, and fits in every row.
REASON_LIMIT = 1000


class RecordError(Exception):
    """A record that says nothing; the text tells why."""


@dataclass(frozen=True, slots=True)
class Result:
    """How an upload ended, and in which execution."""

    execution: str
    outcome: UploadOutcome


def read_result(document: Document, upload: str) -> Result:
    """Read a ``result.json``; attributes of later versions are ignored.

    Parameters
    ----------
    document
        What lies under the upload's key. It was written when the upload ended.
    upload
        The upload that it must be about.

    Raises
    ------
    RecordError
        When it is no result, or another upload's.
    """
    result = _parsed(document, "result")
    match result:
        case {"upload": str(named), "execution": str(name), "status": "SUCCEEDED" | "REJECTED"}:
            pass
        case _:
            raise RecordError("the result tells no upload, no execution or no end")
    if named != upload:
        raise RecordError(f"the result is that of {named}")
    return Result(name, _outcome(upload, result, document.written_at))


def read_manifest(document: Document, execution: Execution) -> ExecutionOutcome:
    """Read a manifest against the execution that it must be about.

    What the ledger knows of the execution counts: every upload of it gets an end, and what the
    manifest says about others is ignored. Attributes of later versions are ignored too.

    Parameters
    ----------
    document
        The manifest. Where it does not tell when the execution ended, that was when it was written.
    execution
        The execution as it was claimed.

    Raises
    ------
    RecordError
        When it is no manifest, or another execution's.
    """
    manifest = _parsed(document, "manifest")
    match manifest:
        case {"execution": str(name), "status": "SUCCEEDED" | "FAILED" as status}:
            pass
        case _:
            raise RecordError("the manifest tells no execution or no status")
    if name != execution.name:
        raise RecordError(f"the manifest is that of {name}")
    told = manifest.get("uploads")
    members = {
        member["id"]: member
        for member in (told if isinstance(told, list) else [])
        if isinstance(member, dict) and isinstance(member.get("id"), str)
    }
    finished_at = _moment(manifest.get("finished_at")) or document.written_at
    return ExecutionOutcome(
        status=ExecutionStatus(status),
        finished_at=finished_at,
        reason=shortened(_text(manifest.get("reason"))),
        uploads=tuple(
            _outcome(upload, members.get(upload), finished_at) for upload in execution.uploads
        ),
    )


def _parsed(document: Document, kind: str) -> Any:
    try:
        return json.loads(document.data)
    except ValueError as error:
        raise RecordError(f"the {kind} is not JSON: {error}") from error


def _outcome(upload: str, told: Mapping[str, Any] | None, finished_at: str) -> UploadOutcome:
    if told is None:
        reason = "the manifest does not mention it"
        return UploadOutcome(upload, UploadStatus.FAILED, finished_at, reason)
    status = ENDS.get(_text(told.get("status")))
    if status is None:
        reason = shortened(f"the manifest gives it the status {told.get('status')!r}")
        return UploadOutcome(upload, UploadStatus.FAILED, finished_at, reason)
    return UploadOutcome(
        id=upload,
        status=status,
        finished_at=finished_at,
        reason=shortened(_text(told.get("reason"))),
        picture=_text(told.get("picture")),
        seconds=_seconds(told.get("seconds")),
        cpu_seconds=_seconds(told.get("cpu_seconds")),
    )


def shortened(reason: str) -> str:
    """Return a reason in the length that the ledger keeps."""
    return reason if len(reason) <= REASON_LIMIT else reason[: REASON_LIMIT - 1] + "…"


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    return float(value) if math.isfinite(value) and value >= 0 else 0.0


def _moment(value: object) -> str:
    try:
        moment = datetime.fromisoformat(_text(value))
    except ValueError:
        return ""
    return timestamp(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
