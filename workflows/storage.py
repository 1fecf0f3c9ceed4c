"""Objects in S3, read by bucket, key and version id.

boto3 rather than ``FlyteFile``: fsspec takes ``[ ] ? *`` in a key for a glob, so a photo named
``photo[1].jpg`` could not be fetched, and it cannot name a version.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

_GONE = {"NoSuchKey", "NoSuchVersion", "404", "MethodNotAllowed"}
"""Answers for an object that is not there; a delete marker answers 405 MethodNotAllowed."""

_CONFIG = Config(
    retries={"mode": "standard", "max_attempts": 5}, connect_timeout=5, read_timeout=30
)


class ObjectGone(Exception):
    """The object, or that version of it, does not exist (any more)."""


class StorageUnavailable(Exception):
    """S3 did not answer as it should; the same call may succeed later."""


class Storage:
    """The few things a task does with S3.

    Parameters
    ----------
    client
        A boto3 S3 client; the default honours ``AWS_ENDPOINT_URL``.
    """

    def __init__(self, client: Any = None) -> None:
        self._client = client or boto3.client("s3", config=_CONFIG)

    def read(self, source: Mapping[str, str]) -> bytes:
        """Return the bytes of one version of an object.

        Parameters
        ----------
        source
            ``bucket``, ``key`` and ``version_id``; an empty version id means the current one.

        Raises
        ------
        ObjectGone
            If there is no such object or version.
        StorageUnavailable
            If S3 could not be reached or failed on its side.
        """
        version = {"VersionId": source["version_id"]} if source.get("version_id") else {}
        answer = self._call(
            "get_object",
            lambda reply: reply["Body"].read(),
            Bucket=source["bucket"],
            Key=source["key"],
            **version,
        )
        return bytes(answer)

    def read_json(self, bucket: str, key: str) -> dict[str, Any] | None:
        """Return a JSON object, or None if there is nothing under that key."""
        try:
            document = json.loads(self.read({"bucket": bucket, "key": key}))
        except ObjectGone:
            return None
        assert isinstance(document, dict)
        return document

    def write(
        self,
        bucket: str,
        key: str,
        data: bytes,
        content_type: str,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Store an object whole; a second write under the same key replaces the first.

        Raises
        ------
        StorageUnavailable
            If S3 could not be reached or failed on its side.
        """
        self._call(
            "put_object",
            lambda reply: reply,
            Bucket=bucket,
            Key=key,
            Body=data,
            ContentType=content_type,
            Metadata=dict(metadata or {}),
        )

    def write_json(self, bucket: str, key: str, document: Mapping[str, Any]) -> None:
        """Store a document as indented JSON: people read these files too."""
        text = json.dumps(document, indent=2, ensure_ascii=False)
        self.write(bucket, key, text.encode(), "application/json")

    def _call(self, operation: str, unpack: Any, **arguments: Any) -> Any:
        try:
            return unpack(getattr(self._client, operation)(**arguments))
        except ClientError as error:
            where = f"s3://{arguments['Bucket']}/{arguments['Key']}"
            code = error.response["Error"]["Code"]
            if code in _GONE:
                raise ObjectGone(f"{where} does not exist") from error
            if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500 or code == "SlowDown":
                raise StorageUnavailable(f"{operation} of {where} failed: {code}") from error
            raise
        except NoCredentialsError:
            raise
        except BotoCoreError as error:
            raise StorageUnavailable(f"{operation} failed: {error}") from error
