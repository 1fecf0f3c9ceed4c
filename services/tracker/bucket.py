"""The results bucket, as far as the tracker reads it: the records that tasks write last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from services.core.clock import timestamp

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True, slots=True)
class Document:
    """An object and when it was written."""

    data: bytes
    written_at: str


class Results(Protocol):
    """Where records are kept."""

    def read(self, key: str) -> Document | None:
        """Return a record, or None while there is none."""


class ResultsBucket:
    """Records in S3."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def read(self, key: str) -> Document | None:
        """Return a record, or None while there is none."""
        try:
            found = self._client.get_object(Bucket=self._bucket, Key=key)
        except self._client.exceptions.NoSuchKey:
            return None
        return Document(found["Body"].read(), timestamp(found["LastModified"]))


def result_key(upload: str) -> str:
    """Key of the record that tells how an upload ended."""
    return f"results/{upload}/result.json"


def manifest_key(execution: str) -> str:
    """Key of the record that tells how an execution ended."""
    return f"executions/{execution}/manifest.json"
