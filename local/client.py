"""What a person does with a running nst: put a photo in, see how it fares, take the picture out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path, PurePosixPath

from botocore.exceptions import ClientError

from local.deploy import dispatch_held
from local.state import State
from services.core.ledger import Ledger
from services.core.ledger_rows import ExecutionRecord, UploadRecord, read_upload
from services.core.model import STYLES_PREFIX, UPLOADS_PREFIX, upload_id


@dataclass(frozen=True)
class Sent:
    """An upload as its sender knows it."""

    id: str
    bucket: str
    key: str
    version_id: str
    etag: str
    size: int


@dataclass(frozen=True)
class Progress:
    """How far the optimisation of one upload is."""

    evaluation: int
    evaluations: int


@dataclass(frozen=True)
class Depths:
    """Messages in the queues."""

    waiting: int
    in_work: int
    dead: int


class Client:
    """Talks to the buckets, the queues and the ledger of a running system.

    Parameters
    ----------
    state
        Where they are.
    """

    def __init__(self, state: State) -> None:
        self._aws, self._stack = state.aws, state.stack
        # The retention only matters to writers.
        table = self._stack.ledger_table
        self._ledger = Ledger(self._aws.dynamodb, table, retention=timedelta())

    def upload(
        self, data: bytes, name: str, style: str = "", options: Mapping[str, str] | None = None
    ) -> Sent:
        """Put a photo into the uploads bucket.

        Parameters
        ----------
        data
            The file's bytes.
        name
            The file's name.
        style
            Name of the style; empty for the system's default.
        options
            Options as object metadata, such as ``{"size": "384"}``.
        """
        bucket = self._stack.uploads_bucket
        key = UPLOADS_PREFIX + (f"{style}/{name}" if style else name)
        reply = self._aws.s3.put_object(
            Bucket=bucket, Key=key, Body=data, Metadata=dict(options or {})
        )
        version, etag = reply.get("VersionId", ""), reply["ETag"].strip('"')
        sent_id = upload_id(bucket, key, version_id=version)
        return Sent(sent_id, bucket, key, version, etag, len(data))

    def put_styles(self, pictures: Iterable[Path]) -> None:
        """Put style pictures where the dispatcher looks for them."""
        for picture in pictures:
            self._aws.s3.upload_file(
                str(picture), self._stack.uploads_bucket, STYLES_PREFIX + picture.name
            )

    def dispatch_held(self) -> AbstractContextManager[None]:
        """Hold uploads in the queue for as long as a block runs, so that they come in batches."""
        return dispatch_held(self._aws, self._stack)

    def notify_again(self, sent: Sent) -> None:
        """Send S3's notification of an upload once more, as S3 itself sometimes does."""
        stored = {
            "key": sent.key,
            "versionId": sent.version_id,
            "eTag": sent.etag,
            "size": sent.size,
            "sequencer": "0",
        }
        record = {
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "eventName": "ObjectCreated:Put",
            "s3": {"bucket": {"name": sent.bucket}, "object": stored},
        }
        self._aws.sqs.send_message(
            QueueUrl=self._stack.uploads_queue_url, MessageBody=json.dumps({"Records": [record]})
        )

    def styles(self) -> list[str]:
        """Return the names of the styles that an upload may name."""
        pages = self._aws.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._stack.uploads_bucket, Prefix=STYLES_PREFIX
        )
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        return sorted(PurePosixPath(key).stem for key in keys)

    def execution(self, name: str) -> ExecutionRecord:
        """Return what the ledger knows of an execution."""
        return self._ledger.executions([name])[name]

    def records(self, ids: Iterable[str]) -> dict[str, UploadRecord]:
        """Return what the ledger knows of some uploads, by id."""
        return self._ledger.uploads(ids)

    def all_records(self) -> list[UploadRecord]:
        """Return every upload in the ledger, the newest last. Reads the whole table."""
        pages = self._aws.dynamodb.get_paginator("scan").paginate(
            TableName=self._stack.ledger_table,
            FilterExpression="kind = :upload",
            ExpressionAttributeValues={":upload": {"S": "upload"}},
        )
        records = [read_upload(item) for page in pages for item in page["Items"]]
        return sorted(records, key=lambda record: record.claimed_at or record.finished_at)

    def progress(self, upload: str) -> Progress | None:
        """Return how far an upload is, or None while nothing of it can be seen yet."""
        try:
            head = self._aws.s3.head_object(
                Bucket=self._stack.results_bucket, Key=f"results/{upload}/preview.jpg"
            )
        except ClientError:
            return None
        told = head["Metadata"]
        return Progress(int(told["evaluation"]), int(told["evaluations"]))

    def fetch(self, picture: str) -> bytes:
        """Return a picture from the results bucket by its key."""
        reply = self._aws.s3.get_object(Bucket=self._stack.results_bucket, Key=picture)
        return bytes(reply["Body"].read())

    def depths(self) -> Depths:
        """Return how many messages wait, are being worked on, and are dead."""
        waiting, in_work = self._depth(self._stack.uploads_queue_url)
        return Depths(waiting, in_work, sum(self._depth(self._stack.dead_letter_queue_url)))

    def _depth(self, queue_url: str) -> tuple[int, int]:
        told = self._aws.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])
        numbers = told["Attributes"]
        waiting = numbers["ApproximateNumberOfMessages"]
        return int(waiting), int(numbers["ApproximateNumberOfMessagesNotVisible"])
