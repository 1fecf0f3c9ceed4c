"""The whole dispatcher on fakes: everything is ours but AWS and Flyte."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

from services.core.ledger import Ledger
from services.core.ledger_rows import UploadRecord
from services.core.model import LaunchPlan, Notice, upload_id
from services.dispatcher.bucket import UploadsBucket
from services.dispatcher.dispatch import Dispatcher, Target
from services.dispatcher.intake import Intake
from services.dispatcher.processor import UploadsProcessor, answer
from services.dispatcher.visibility import Visibility
from tests.fakes.dynamodb import FakeDynamoDB
from tests.fakes.faults import Faults
from tests.fakes.flyte import FakeFlyte
from tests.fakes.s3 import FakeS3
from tests.fakes.sqs import FakeSqs

BUCKET = "uploads-bucket"
QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/uploads"
PLAN = LaunchPlan("nst", "development", "style_transfer", "v1")
MAX_BYTES = 5_000_000


class Context:
    """The part of Lambda's context that is looked at."""

    function_name = "dispatcher"
    function_version = "1"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:dispatcher"
    aws_request_id = "00000000-0000-4000-8000-000000000000"
    tenant_id = None

    def __init__(self, seconds: float = 60.0) -> None:
        self._seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        """Tell how long is left."""
        return int(self._seconds * 1000)


class World:
    """AWS and Flyte in memory, and a dispatcher between them."""

    def __init__(
        self,
        *,
        max_uploads: int = 3,
        styles: tuple[str, ...] = ("mosaic", "waves"),
        bucket: str = BUCKET,
    ) -> None:
        self.bucket = bucket
        self.faults = Faults()
        self.dynamodb = FakeDynamoDB(self.faults)
        self.s3 = FakeS3(self.faults)
        self.sqs = FakeSqs(self.faults)
        self.flyte = FakeFlyte(self.faults)
        self.max_uploads = max_uploads
        for style in styles:
            self.s3.put(f"styles/{style}.jpg")
        self.ledger = Ledger(
            self.dynamodb,  # type: ignore[arg-type]
            "ledger",
            retention=timedelta(days=90),
            sleep=lambda _: None,
        )

    def dispatcher(self) -> Dispatcher:
        """Make a dispatcher, as each container does."""
        bucket = UploadsBucket(self.s3, self.bucket)  # type: ignore[arg-type]
        return Dispatcher(
            self.ledger,
            self.flyte,
            Intake(bucket, default_style="mosaic", max_bytes=MAX_BYTES, threads=1),
            Target(PLAN, "results-bucket", self.max_uploads),
            sleep=lambda _: None,
        )

    def processor(self) -> UploadsProcessor:
        """Make what the handler hands batches to."""
        return UploadsProcessor(
            self.dispatcher(),
            Visibility(lambda: self.sqs, QUEUE),  # type: ignore[arg-type,return-value]
            bucket=self.bucket,
            max_uploads=self.max_uploads,
        )

    def handle(self, event: Any, *, seconds: float = 60.0) -> dict[str, Any]:
        """Answer an event as the handler does."""
        return answer(event, Context(seconds), self.processor())

    def record(self, upload: str) -> UploadRecord:
        """Read an upload's row."""
        return self.ledger.uploads([upload])[upload]

    def launched_uploads(self) -> list[str]:
        """List the uploads of all executions that Flyte has, as often as they occur."""
        return [upload for e in self.flyte.created.values() for upload in e.uploads]


def notice(key: str = "uploads/photo.jpg", version_id: str = "v1") -> Notice:
    """An announced upload."""
    return Notice(
        id=upload_id(BUCKET, key, version_id=version_id),
        bucket=BUCKET,
        key=key,
        version_id=version_id,
        uploaded_at="2026-11-22T08:00:00.000Z",
    )


def s3_record(encoded_key: str, version_id: str = "v1", **changes: Any) -> dict[str, Any]:
    """An event of S3, as far as anybody reads it."""
    return {
        "eventVersion": "2.6",
        "eventSource": "aws:s3",
        "eventTime": "2026-11-22T08:00:00.000Z",
        "eventName": "ObjectCreated:Put",
        "s3": {
            "bucket": {"name": BUCKET},
            "object": {"key": encoded_key, "size": 1000, "versionId": version_id},
        },
        **changes,
    }


def sqs_message(body: object, *, number: int = 1, receive_count: int = 1) -> dict[str, Any]:
    """A message as Lambda gets it; what is not text becomes JSON."""
    text = body if isinstance(body, str) else json.dumps(body)
    return {
        "messageId": f"message-{number}",
        "receiptHandle": f"receipt-{number}",
        "body": text,
        "attributes": {"ApproximateReceiveCount": str(receive_count)},
        "messageAttributes": {},
        "md5OfBody": hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:uploads",
        "awsRegion": "eu-west-1",
    }
