"""The tracker and all around it, in memory: the ledger's table, the results bucket, Flyte."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from services.core.flyte import FlyteExecution, Phase
from services.core.flyte_errors import NotFoundError
from services.core.ledger import Ledger
from services.core.ledger_rows import UploadRecord
from services.core.model import (
    Execution,
    ExecutionStatus,
    LaunchPlan,
    Notice,
    Style,
    Upload,
    UploadStatus,
)
from services.core.options import Options
from services.tracker.bucket import Document, manifest_key, result_key
from services.tracker.track import Report, Tracker
from tests.fakes.dynamodb import FakeDynamoDB

PLAN = LaunchPlan("flytesnacks", "development", "style_transfer", "v1")
STYLE = Style("mosaic", "u", "styles/mosaic.jpg")
UPLOADED_AT = "2026-11-22T08:58:00.000Z"
WRITTEN_AT = "2026-11-22T08:59:00.000Z"


class FakeFlyte:
    """Answers with phases, or raises what it is told to; the last answer stays."""

    def __init__(self, *answers: FlyteExecution | Exception) -> None:
        self.answers = list(answers)
        self.calls = 0

    def get_execution(self, execution: Execution) -> FlyteExecution:
        self.calls += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return replace(
            answer, name=execution.name, fingerprint=answer.fingerprint or execution.fingerprint
        )


def in_phase(phase: Phase, **more: str) -> FakeFlyte:
    return FakeFlyte(FlyteExecution("", phase, **more))


class FakeResults:
    """The results bucket: records by key."""

    def __init__(self) -> None:
        self.records: dict[str, bytes] = {}

    def read(self, key: str) -> Document | None:
        return Document(self.records[key], WRITTEN_AT) if key in self.records else None

    def put_result(self, upload: str, content: bytes | None = None) -> None:
        self.records[result_key(upload)] = result(upload) if content is None else content

    def put_manifest(self, content: bytes | None = None, execution: str = "nst-one") -> None:
        self.records[manifest_key(execution)] = manifest(execution) if content is None else content


class World:
    """Executions in the ledger, as far on as `status` says, and a tracker to look after them."""

    def __init__(
        self,
        *executions: Execution,
        status: ExecutionStatus = ExecutionStatus.LAUNCHED,
        flyte: FakeFlyte | None = None,
    ) -> None:
        self.dynamodb = FakeDynamoDB()
        retention = timedelta(days=90)
        self.ledger = Ledger(self.dynamodb, "ledger", retention=retention)  # type: ignore[arg-type]
        self.results = FakeResults()
        self.flyte = flyte or FakeFlyte(NotFoundError("NOT_FOUND", "nothing here"))
        self.tracker = Tracker(
            self.ledger,
            self.flyte,
            self.results,
            clock=lambda: datetime(2026, 11, 22, 10, tzinfo=UTC),
        )
        for each in executions:
            self.ledger.claim(each, [_upload(id_) for id_ in each.uploads])
            if status is not ExecutionStatus.CLAIMED:
                self.ledger.mark_launched(each)
            if status is ExecutionStatus.RUNNING:
                self.ledger.mark_running(each)

    def launched(self, name: str, moment: str) -> None:
        """Let an execution have been launched at another time."""
        self.dynamodb.rows[f"execution#{name}"]["launched_at"] = {"S": moment}

    def patrol(self, seconds: float = 60.0) -> list[Report]:
        return self.tracker.patrol(lambda: seconds)

    def execution(self, name: str = "nst-one") -> ExecutionStatus:
        return self.ledger.executions([name])[name].status

    def upload(self, upload: str) -> UploadRecord:
        return self.ledger.uploads([upload])[upload]

    def statuses(self, uploads: Iterable[str] = "ab") -> list[UploadStatus]:
        return [self.upload(upload).status for upload in uploads]


def _upload(upload: str) -> Upload:
    notice = Notice(upload, "u", f"uploads/{upload}", uploaded_at=UPLOADED_AT)
    return Upload(notice, 1, (STYLE,), Options())


def execution(name: str = "nst-one", uploads: Iterable[str] = "ab") -> Execution:
    members = [_upload(upload).wire() for upload in uploads]
    options = Options().wire()
    styles = [STYLE.wire()]
    return Execution(
        name, PLAN, {"uploads": members, "styles": styles, "options": options, "results": "r"}
    )


def result(upload: str, **more: Any) -> bytes:
    content = {
        "upload": upload,
        "execution": "nst-one",
        "status": "SUCCEEDED",
        "reason": "",
        "picture": f"results/{upload}/stylized.jpg",
        "seconds": 12.5,
        "cpu_seconds": 21.5,
    }
    return json.dumps(content | more).encode()


def manifest(name: str = "nst-one", uploads: Iterable[str] = "ab", **more: Any) -> bytes:
    members = [
        {
            "id": id_,
            "key": f"uploads/{id_}",
            "status": "SUCCEEDED",
            "reason": "",
            "picture": f"results/{id_}/stylized.jpg",
            "seconds": 12.5,
            "cpu_seconds": 21.5,
        }
        for id_ in uploads
    ]
    content = {
        "execution": name,
        "status": "SUCCEEDED",
        "reason": "",
        "style": "mosaic",
        "options": {},
        "uploads": members,
        "finished_at": "2026-11-22T09:00:00.000Z",
    }
    return json.dumps(content | more).encode()
