"""Rows of the ledger: what an upload and an execution look like in DynamoDB and in Python."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.core.blend import blend_label
from services.core.model import (
    Execution,
    ExecutionStatus,
    LaunchPlan,
    Rejection,
    Upload,
    UploadStatus,
    canonical_json,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

Item = dict[str, Any]  # an item in DynamoDB's own notation: {"name": {"S": "text"}}


@dataclass(frozen=True, slots=True)
class UploadRecord:
    """What the ledger knows of an upload; times are ISO 8601, "" for what has not happened."""

    id: str
    bucket: str
    key: str
    version_id: str
    status: UploadStatus
    reason: str = ""
    size: int = 0
    style: str = ""
    options: Mapping[str, str] | None = None
    execution: str = ""
    uploaded_at: str = ""
    claimed_at: str = ""
    launched_at: str = ""
    finished_at: str = ""
    updated_at: str = ""
    picture: str = ""
    seconds: float = 0.0
    cpu_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ExecutionRecord:
    """What the ledger knows of an execution; enough to launch it again, word for word."""

    execution: Execution
    status: ExecutionStatus
    reason: str = ""
    claimed_at: str = ""
    launched_at: str = ""
    finished_at: str = ""
    updated_at: str = ""

    @property
    def name(self) -> str:
        """The execution's name."""
        return self.execution.name


def upload_key(upload_id: str) -> Item:
    """Primary key of an upload's row."""
    return {"pk": {"S": f"upload#{upload_id}"}}


def execution_key(name: str) -> Item:
    """Primary key of an execution's row."""
    return {"pk": {"S": f"execution#{name}"}}


def claimed_upload(upload: Upload, execution: str, now: str, expires_at: int) -> Item:
    """Row of an upload that belongs to an execution from now on."""
    return upload_key(upload.id) | marshal(
        {
            **_origin(upload, now, expires_at),
            "size": upload.size,
            "style": blend_label(upload.styles),
            "options": upload.options.wire(),
            "status": UploadStatus.CLAIMED,
            "execution": execution,
            "claimed_at": now,
        }
    )


def rejected_upload(rejection: Rejection, now: str, expires_at: int) -> Item:
    """Row of an upload that was turned away."""
    return upload_key(rejection.notice.id) | marshal(
        {
            **_origin(rejection, now, expires_at),
            "size": rejection.size,
            "style": rejection.style,
            "status": UploadStatus.REJECTED,
            "reason": rejection.reason,
            "finished_at": now,
        }
    )


def _origin(upload: Upload | Rejection, now: str, expires_at: int) -> dict[str, Any]:
    notice = upload.notice
    return {
        "kind": "upload",
        "id": notice.id,
        "bucket": notice.bucket,
        "key": notice.key,
        "version_id": notice.version_id,
        "uploaded_at": notice.uploaded_at,
        "updated_at": now,
        "expires_at": expires_at,
    }


def claimed_execution(execution: Execution, now: str, expires_at: int) -> Item:
    """Row of an execution: the write-ahead record of everything that is to be launched."""
    return execution_key(execution.name) | marshal(
        {
            "kind": "execution",
            "name": execution.name,
            "status": ExecutionStatus.CLAIMED,
            "launch_plan": execution.launch_plan.wire(),
            "fingerprint": execution.fingerprint,
            "inputs": canonical_json(execution.inputs),
            "uploads": list(execution.uploads),
            "claimed_at": now,
            "updated_at": now,
            "in_flight": "yes",
            "expires_at": expires_at,
        }
    )


def read_upload(item: Item) -> UploadRecord:
    """Turn an upload's row into its record; attributes of later versions are ignored."""
    row = unmarshal(item)
    known = {name: row[name] for name in UploadRecord.__slots__ if name in row}
    return UploadRecord(**{**known, "status": UploadStatus(row["status"])})


def read_execution(item: Item) -> ExecutionRecord:
    """Turn an execution's row into its record."""
    row = unmarshal(item)
    times = ("reason", "claimed_at", "launched_at", "finished_at", "updated_at")
    return ExecutionRecord(
        execution=Execution(
            name=row["name"],
            launch_plan=LaunchPlan(**row["launch_plan"]),
            inputs=json.loads(row["inputs"]),
        ),
        status=ExecutionStatus(row["status"]),
        **{name: row[name] for name in times if name in row},
    )


def marshal(row: Mapping[str, Any]) -> Item:
    """Write plain values in DynamoDB's notation: the four types that the ledger uses.

    boto3 has a serialiser for all of them, but importing boto3 costs more than this function.
    """
    return {name: _marshal(value) for name, value in row.items()}


def _marshal(value: Any) -> Item:
    match value:
        case str():
            return {"S": str(value)}
        case int() | float():
            return {"N": repr(value)}
        case list():
            return {"L": [_marshal(element) for element in value]}
        case dict():
            return {"M": marshal(value)}
    message = f"the ledger has no notation for {type(value).__name__}"
    raise TypeError(message)


def unmarshal(item: Item) -> dict[str, Any]:
    """Read DynamoDB's notation back into plain values."""
    return {name: _unmarshal(value) for name, value in item.items()}


def _unmarshal(attribute: Item) -> Any:
    ((kind, value),) = attribute.items()
    match kind:
        case "N":
            return int(value) if value.lstrip("-").isdigit() else float(value)
        case "L":
            return [_unmarshal(element) for element in value]
        case "M":
            return unmarshal(value)
    return value
