"""The uploads bucket, as far as the dispatcher looks into it: it never reads a picture."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from services.core.model import STYLES_PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_s3 import S3Client

PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff")

# 404: no such key or version; 405: the version is a delete marker; 412: another object is there.
_GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.PRECONDITION_FAILED)


class BucketError(Exception):
    """S3 did not answer; asking again is safe."""


@dataclass(frozen=True, slots=True)
class Head:
    """What S3 tells about an object without sending it."""

    size: int
    version_id: str
    metadata: Mapping[str, str]


class UploadsBucket:
    """Looks at objects and lists styles; safe to share by threads."""

    def __init__(self, client: S3Client, name: str) -> None:
        self._client = client
        self.name = name

    def head(self, key: str, *, version_id: str = "", etag: str = "") -> Head | None:
        """Look at one version of an object; ``None`` when it is gone.

        Parameters
        ----------
        key
            Its key, decoded.
        version_id
            Its version; empty in a bucket without versions.
        etag
            What the object must be where there is no version to name it.

        Raises
        ------
        BucketError
            When S3 gives no answer.
        """
        which: dict[str, Any] = {}
        if version_id:
            which["VersionId"] = version_id
        elif etag:
            which["IfMatch"] = etag
        try:
            answer = self._client.head_object(Bucket=self.name, Key=key, **which)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] in _GONE:
                return None
            message = f"S3 could not tell about an object: {error}"
            raise BucketError(message) from error
        except BotoCoreError as error:
            message = f"S3 could not tell about an object: {error}"
            raise BucketError(message) from error
        return Head(
            size=answer["ContentLength"],
            version_id=answer.get("VersionId", ""),
            metadata={name.lower(): value for name, value in answer["Metadata"].items()},
        )

    def styles(self) -> dict[str, str]:
        """List the styles: key by name, and of two pictures of one name the first.

        Raises
        ------
        BucketError
            When S3 gives no answer.
        """
        keys: list[str] = []
        start: dict[str, Any] = {}
        while True:
            try:
                page = self._client.list_objects_v2(
                    Bucket=self.name, Prefix=STYLES_PREFIX, Delimiter="/", **start
                )
            except (BotoCoreError, ClientError) as error:
                message = f"S3 could not list the styles: {error}"
                raise BucketError(message) from error
            keys += [entry["Key"] for entry in page.get("Contents", [])]
            if not (token := page.get("NextContinuationToken")):
                break
            start = {"ContinuationToken": token}
        pictures = [PurePosixPath(key) for key in sorted(keys, reverse=True)]
        return {p.stem: str(p) for p in pictures if p.suffix.lower() in PICTURE_SUFFIXES}
