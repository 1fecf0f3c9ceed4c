"""The words of nst as types: uploads, styles, options, executions, and how they are named.

Nothing in here knows AWS or Flyte. Every name is derived from content, so the same upload and the
same batch have the same name wherever and however often they are worked on.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Self, TypedDict

from services.core.options import Options as Options

if TYPE_CHECKING:
    from collections.abc import Iterable

UPLOADS_PREFIX = "uploads/"
STYLES_PREFIX = "styles/"

UPLOAD_ID_LENGTH = 26  # 130 bits: no two uploads of all time share an id by chance
# Flyte makes pod names of "<execution>-<node>-<attempt>" and falls back to a 32-bit hash above 50
# characters (flytepropeller, taskexec_context.go); names of at most 26 characters never get there.
EXECUTION_NAME_PREFIX = "nst-"
EXECUTION_DIGEST_LENGTH = 20


class UploadStatus(StrEnum):
    """What has become of an upload; the order of the members is the only way they ever go."""

    CLAIMED = "CLAIMED"
    LAUNCHED = "LAUNCHED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    REJECTED = "REJECTED"

    @property
    def terminal(self) -> bool:
        """Whether nothing more will happen."""
        return self in (UploadStatus.SUCCEEDED, UploadStatus.FAILED, UploadStatus.REJECTED)


class ExecutionStatus(StrEnum):
    """What has become of an execution."""

    CLAIMED = "CLAIMED"
    LAUNCHED = "LAUNCHED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"

    @property
    def terminal(self) -> bool:
        """Whether nothing more will happen."""
        return self in (ExecutionStatus.SUCCEEDED, ExecutionStatus.FAILED)


class RejectionCode(StrEnum):
    """Why an upload was turned away, for metrics; people read the reason beside it."""

    UNKNOWN_STYLE = "unknown_style"
    BAD_OPTION = "bad_option"
    EMPTY = "empty"
    TOO_BIG = "too_big"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Style:
    """One version of a style picture, and how much it counts beside others."""

    name: str
    bucket: str
    key: str
    version_id: str = ""
    weight: float = 1.0

    def wire(self) -> dict[str, str]:
        """Spell the style as the launch plan takes it."""
        words = {name: getattr(self, name) for name in ("name", "bucket", "key", "version_id")}
        return {**words, "weight": repr(self.weight)}


@dataclass(frozen=True, slots=True)
class Notice:
    """An upload as S3 announced it: known by name, not yet looked at."""

    id: str
    bucket: str
    key: str
    version_id: str = ""
    etag: str = ""
    uploaded_at: str = ""


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload that was looked at: it exists, and its styles and options are granted."""

    notice: Notice
    size: int
    styles: tuple[Style, ...]
    options: Options

    @property
    def id(self) -> str:
        """The upload's id."""
        return self.notice.id

    def wire(self) -> dict[str, str]:
        """Spell the upload as the launch plan takes it."""
        n = self.notice
        return {"id": n.id, "bucket": n.bucket, "key": n.key, "version_id": n.version_id}


@dataclass(frozen=True, slots=True)
class Rejection:
    """An upload that was looked at and turned away."""

    notice: Notice
    code: RejectionCode
    reason: str
    size: int = 0
    style: str = ""


@dataclass(frozen=True, slots=True)
class LaunchPlan:
    """One version of a launch plan; Flyte launches nothing that is not fully versioned."""

    project: str
    domain: str
    name: str
    version: str

    def wire(self) -> dict[str, str]:
        """Spell the launch plan as a JSON object."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


class Inputs(TypedDict):
    """The four inputs of the launch plan, as plain JSON."""

    uploads: list[dict[str, str]]
    styles: list[dict[str, str]]
    options: dict[str, str]
    results: str


@dataclass(frozen=True, slots=True)
class Execution:
    """One Flyte execution, planned: its name and content never change once it is claimed."""

    name: str
    launch_plan: LaunchPlan
    inputs: Inputs

    @property
    def uploads(self) -> tuple[str, ...]:
        """The ids of the uploads in it."""
        return tuple(upload["id"] for upload in self.inputs["uploads"])

    @property
    def fingerprint(self) -> str:
        """Hash of all that Flyte is asked to do; Flyte's own "already exists" compares none."""
        content = {"launch_plan": self.launch_plan.wire(), "inputs": self.inputs}
        return hashlib.sha256(canonical_json(content).encode()).hexdigest()

    @classmethod
    def of(cls, uploads: Iterable[Upload], launch_plan: LaunchPlan, results: str) -> Self:
        """Plan the execution of a batch: uploads that share styles and options.

        Parameters
        ----------
        uploads
            The batch, in any order; not empty.
        launch_plan
            What is to be launched.
        results
            Name of the bucket that takes the results.
        """
        batch = sorted(uploads, key=lambda upload: upload.id)
        styles = [style.wire() for style in batch[0].styles]
        options = batch[0].options.wire()
        members = [upload.id for upload in batch]
        identity = {"launch_plan": launch_plan.wire(), "styles": styles, "options": options}
        digest = _digest(canonical_json({**identity, "uploads": members}))
        return cls(
            name=EXECUTION_NAME_PREFIX + digest[:EXECUTION_DIGEST_LENGTH],
            launch_plan=launch_plan,
            inputs={
                "uploads": [upload.wire() for upload in batch],
                "styles": styles,
                "options": options,
                "results": results,
            },
        )


def upload_id(
    bucket: str, key: str, *, version_id: str = "", etag: str = "", sequencer: str = ""
) -> str:
    """Name one version of one object.

    A bucket without versions tells its writes apart by ETag and sequencer only.
    """
    version = [version_id] if version_id else [etag, sequencer]
    text = json.dumps([bucket, key, *version], ensure_ascii=False, separators=(",", ":"))
    return _digest(text)[:UPLOAD_ID_LENGTH]


def canonical_json(value: object) -> str:
    """One spelling per value: sorted keys, no spaces."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _digest(text: str) -> str:
    return base64.b32encode(hashlib.sha256(text.encode()).digest()).decode().lower()
