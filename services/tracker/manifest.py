"""Manifests: what an execution said about its uploads when it ended."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from services.core.clock import timestamp
from services.core.ledger import ExecutionOutcome, UploadOutcome
from services.core.model import ExecutionStatus, UploadStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_s3 import S3Client

    from services.core.model import Execution

ENDS = {status: UploadStatus(status) for status in ("SUCCEEDED", "REJECTED", "FAILED")}

# Flyte passes on whole tracebacks; this much is enough to understand, and fits in every row.
REASON_LIMIT = 1000


class ManifestError(Exception):
    """A manifest that says nothing; the text tells why."""


class Manifests(Protocol):
    """Where manifests are kept."""

    def read(self, execution: str) -> bytes | None:
        """Return an execution's manifest, or None while there is none."""


class S3Manifests:
    """Manifests in the results bucket."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def read(self, execution: str) -> bytes | None:
        """Return an execution's manifest, or None while there is none."""
        key = f"executions/{execution}/manifest.json"
        try:
            return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except self._client.exceptions.NoSuchKey:
            return None


def read_manifest(data: bytes, execution: Execution, now: datetime) -> ExecutionOutcome:
    """Read a manifest against the execution that it must be about.

    What the ledger knows of the execution counts: every upload of it gets an end, and what the
    manifest says about others is ignored. Attributes of later versions are ignored too.

    Parameters
    ----------
    data
        Content of ``manifest.json``.
    execution
        The execution as it was claimed.
    now
        The end of executions whose manifest does not tell it.

    Raises
    ------
    ManifestError
        When it is no manifest, or another execution's.
    """
    try:
        manifest = json.loads(data)
    except ValueError as error:
        raise ManifestError(f"the manifest is not JSON: {error}") from error
    match manifest:
        case {"execution": str(name), "status": "SUCCEEDED" | "FAILED" as status}:
            pass
        case _:
            raise ManifestError("the manifest tells no execution or no status")
    if name != execution.name:
        raise ManifestError(f"the manifest is that of {name}")
    told = manifest.get("uploads")
    members = {
        member["id"]: member
        for member in (told if isinstance(told, list) else [])
        if isinstance(member, dict) and isinstance(member.get("id"), str)
    }
    return ExecutionOutcome(
        status=ExecutionStatus(status),
        finished_at=_moment(manifest.get("finished_at"), now),
        reason=shortened(_text(manifest.get("reason"))),
        uploads=tuple(_outcome(upload, members.get(upload)) for upload in execution.uploads),
    )


def _outcome(upload: str, member: Mapping[str, Any] | None) -> UploadOutcome:
    if member is None:
        return UploadOutcome(upload, UploadStatus.FAILED, "the manifest does not mention it")
    status = ENDS.get(_text(member.get("status")))
    if status is None:
        reason = f"the manifest gives it the status {member.get('status')!r}"
        return UploadOutcome(upload, UploadStatus.FAILED, shortened(reason))
    return UploadOutcome(
        id=upload,
        status=status,
        reason=shortened(_text(member.get("reason"))),
        picture=_text(member.get("picture")),
        seconds=_seconds(member.get("seconds")),
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


def _moment(value: object, now: datetime) -> str:
    try:
        moment = datetime.fromisoformat(_text(value))
    except ValueError:
        return timestamp(now)
    return timestamp(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
