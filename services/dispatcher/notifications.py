"""Reading one message: an S3 notification as S3 sends it itself or through EventBridge.

Powertools' model of it refuses what AWS does send (other source addresses, missing identities) and
takes a whole batch down over one malformed message (3.37.0, ``batch/base.py``). This reader asks
for nothing that it does not need and, as AWS advises, ignores what it does not know.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

from services.core.clock import timestamp
from services.core.model import UPLOADS_PREFIX, Notice, upload_id


class ForeignMessageError(ValueError):
    """A message that is no notification of our bucket; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """A key that a notification names and that is none of our business."""

    key: str
    why: str


@dataclass(frozen=True, slots=True)
class Notification:
    """What one message says."""

    notices: tuple[Notice, ...] = ()
    ignored: tuple[Ignored, ...] = ()


@dataclass(frozen=True, slots=True)
class _Event:
    """One event of one object, whichever way it came."""

    kind: str
    time: str
    bucket: str
    key: str
    version_id: str
    etag: str
    sequencer: str


def read_notification(body: str, *, bucket: str) -> Notification:
    """Read the body of a message.

    Parameters
    ----------
    body
        As SQS delivers it.
    bucket
        The uploads bucket.

    Raises
    ------
    ForeignMessageError
        When it is no S3 notification, or one of another bucket.
    """
    try:
        message = json.loads(body)
    except ValueError as error:
        reason = "the body is not JSON"
        raise ForeignMessageError(reason) from error
    if not isinstance(message, dict):
        reason = "the body is not a JSON object"
        raise ForeignMessageError(reason)
    if message.get("Event") == "s3:TestEvent":
        # S3 sends one whenever the bucket's notification is set: at each deployment.
        return Notification()
    try:
        events = _events(message)
        return _sort(events, bucket)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, ForeignMessageError):
            raise
        reason = f"the body is not an S3 notification ({type(error).__name__}: {error})"
        raise ForeignMessageError(reason) from error


def _events(message: dict[str, Any]) -> list[_Event]:
    if message.get("source") == "aws.s3":
        return [_from_eventbridge(message)]
    if not isinstance(records := message.get("Records"), list):
        reason = "the body is not an S3 notification: it has no list of Records"
        raise ForeignMessageError(reason)
    return [_from_s3(record) for record in records]


def _from_s3(record: dict[str, Any]) -> _Event:
    s3_object = record["s3"]["object"]
    return _Event(
        kind=_text(record["eventName"]).removeprefix("s3:"),
        time=_text(record.get("eventTime")),
        bucket=_text(record["s3"]["bucket"]["name"]),
        # Form-encoded by S3; here is the one place where that is undone.
        key=unquote_plus(_text(s3_object["key"]), errors="strict"),
        version_id=_text(s3_object.get("versionId")),
        etag=_text(s3_object.get("eTag")),
        sequencer=_text(s3_object.get("sequencer")),
    )


def _from_eventbridge(message: dict[str, Any]) -> _Event:
    detail = message["detail"]
    s3_object = detail["object"]
    created = message["detail-type"] == "Object Created"
    return _Event(
        kind="ObjectCreated:" if created else _text(message["detail-type"]),
        time=_text(message.get("time")),
        bucket=_text(detail["bucket"]["name"]),
        key=_text(s3_object["key"]),  # EventBridge carries keys as they are
        version_id=_text(s3_object.get("version-id")),
        etag=_text(s3_object.get("etag")),
        sequencer=_text(s3_object.get("sequencer")),
    )


def _text(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        reason = f"expected text, found {type(value).__name__}"
        raise TypeError(reason)
    value.encode()  # a lone surrogate is no text: nothing named by it could be written anywhere
    return value


def _sort(events: list[_Event], bucket: str) -> Notification:
    notices: list[Notice] = []
    ignored: list[Ignored] = []
    for event in events:
        if event.bucket != bucket:
            reason = f"the notification is of bucket '{event.bucket}', not of '{bucket}'"
            raise ForeignMessageError(reason)
        if why := _not_ours(event):
            ignored.append(Ignored(event.key, why))
        else:
            notices.append(_notice(event))
    return Notification(tuple(notices), tuple(ignored))


def _not_ours(event: _Event) -> str:
    if not event.kind.startswith("ObjectCreated:"):
        return f"{event.kind} creates no object"
    if not event.key.startswith(UPLOADS_PREFIX):
        return f"outside of {UPLOADS_PREFIX}"
    if event.key.endswith("/"):
        return "a folder marker"
    return ""


def _notice(event: _Event) -> Notice:
    return Notice(
        id=upload_id(
            event.bucket,
            event.key,
            version_id=event.version_id,
            etag=event.etag,
            sequencer=event.sequencer,
        ),
        bucket=event.bucket,
        key=event.key,
        version_id=event.version_id,
        etag=event.etag,
        uploaded_at=_timestamp(event.time),
    )


def _timestamp(text: str) -> str:
    """Write a time as the ledger does; a time that cannot be read is not worth an upload."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return ""
    return timestamp(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
