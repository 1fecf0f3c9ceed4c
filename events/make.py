"""Make the fixtures of this folder: what Lambda hands to the dispatcher, one file per situation.

``python -m events.make`` writes them. Each is a batch of SQS messages as the event source mapping
delivers it, around S3's notifications as S3 writes them (version 2.6); checksums, version ids and
sequencers are right and always the same. `SITUATIONS` tells the answer to expect of each, when the
bucket holds `OBJECTS`; a test plays them all. README.md in this folder is made of it, too.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

FOLDER = Path(__file__).parent
ACCOUNT = "123456789012"
REGION = "eu-west-1"
BUCKET = f"nst-uploads-{ACCOUNT}-{REGION}"
QUEUE = "nst-uploads"
TIME = "2026-11-22T08:00:00.000Z"
SENT_AT = "1795334401000"  # one second later, as SQS writes time

AWKWARD_KEY = "uploads/mosaic/Grüße aus Köln + 100% (neu).jpg"

# What the bucket holds: key -> user metadata. Uploads that are not in it are gone.
OBJECTS: dict[str, dict[str, str]] = {
    "styles/great-wave.jpg": {},
    "styles/mosaic.jpg": {},
    "uploads/photo.jpg": {},
    "uploads/mosaic/cat.jpg": {},
    "uploads/mosaic/dog.jpg": {"strength": "0.5"},
    "uploads/great-wave/harbour.jpg": {},
    "uploads/great-wave/bridge.jpg": {},
    AWKWARD_KEY: {},
    "uploads/wve/typo.jpg": {},
}


@dataclass(frozen=True)
class Situation:
    """One fixture, and what the dispatcher makes of it."""

    name: str
    story: str
    messages: tuple[Any, ...]  # bodies; what is not text becomes JSON
    executions: int = 0  # launched
    launched: int = 0  # uploads
    rejected: dict[str, str] = field(default_factory=dict)  # reason by key
    failed: tuple[int, ...] = ()  # messages that come again, counted from 0

    @property
    def event(self) -> dict[str, Any]:
        """What Lambda hands over."""
        bodies = enumerate(self.messages)
        return {"Records": [_message(self.name, number, body) for number, body in bodies]}

    @property
    def answer(self) -> dict[str, Any]:
        """What the handler returns."""
        ids = [_uuid(f"{self.name} {number}") for number in self.failed]
        return {"batchItemFailures": [{"itemIdentifier": each} for each in ids]}


def _message(name: str, number: int, body: Any) -> dict[str, Any]:
    text = body if isinstance(body, str) else json.dumps(body, separators=(",", ":"))
    return {
        "messageId": _uuid(f"{name} {number}"),
        "receiptHandle": f"receipt-of-{name}-{number}",
        "body": text,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": SENT_AT,
            "SenderId": "AIDAEXAMPLEEXAMPLE01",
            "ApproximateFirstReceiveTimestamp": SENT_AT,
        },
        "messageAttributes": {},
        "md5OfBody": hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{QUEUE}",
        "awsRegion": REGION,
    }


def notification(*keys: str) -> dict[str, Any]:
    """Write S3's notification of objects."""
    return {"Records": [_record(key) for key in keys]}


def _record(key: str) -> dict[str, Any]:
    digest = hashlib.sha256(key.encode()).hexdigest()
    return {
        "eventVersion": "2.6",
        "eventSource": "aws:s3",
        "awsRegion": REGION,
        "eventTime": TIME,
        "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "AWS:AIDAEXAMPLEEXAMPLE02"},
        "requestParameters": {"sourceIPAddress": "192.0.2.17"},
        "responseElements": {
            "x-amz-request-id": digest[:16].upper(),
            "x-amz-id-2": digest,
        },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "uploads",
            "bucket": {
                "name": BUCKET,
                "ownerIdentity": {"principalId": "A1EXAMPLE"},
                "arn": f"arn:aws:s3:::{BUCKET}",
            },
            "object": {
                "key": quote_plus(key, safe="/"),  # form-encoded, but for the slash
                "size": 183_412,
                "eTag": digest[:32],
                "versionId": version_id(key),
                "sequencer": digest[:18].upper(),
            },
        },
    }


def version_id(key: str) -> str:
    """Tell the version of an object: in these fixtures each has one."""
    return hashlib.sha256(f"version of {key}".encode()).hexdigest()[:32]


def _from_eventbridge(key: str) -> dict[str, Any]:
    digest = hashlib.sha256(key.encode()).hexdigest()
    return {
        "version": "0",
        "id": _uuid(key),
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": ACCOUNT,
        "time": "2026-11-22T08:00:00Z",
        "region": REGION,
        "resources": [f"arn:aws:s3:::{BUCKET}"],
        "detail": {
            "version": "0",
            "bucket": {"name": BUCKET},
            "object": {
                "key": key,
                "size": 183_412,
                "etag": digest[:32],
                "version-id": version_id(key),
                "sequencer": digest[:18].upper(),
            },
            "request-id": digest[:16].upper(),
            "requester": ACCOUNT,
            "source-ip-address": "192.0.2.17",
            "reason": "PutObject",
        },
    }


def _test_event() -> dict[str, Any]:
    return {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": TIME,
        "Bucket": BUCKET,
        "RequestId": "5582815E1AEA5ADF",
        "HostId": "8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR",
    }


def _uuid(text: str) -> str:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return "-".join(
        (digest[:8], digest[8:12], f"4{digest[13:16]}", "8" + digest[17:20], digest[20:32])
    )


_PHOTO = notification("uploads/photo.jpg")

SITUATIONS = (
    Situation(
        name="one-upload",
        story="One photo, in the default style: one execution.",
        messages=(_PHOTO,),
        executions=1,
        launched=1,
    ),
    Situation(
        name="two-styles",
        story="Four photos in two styles, one of them with half the strength: three executions.",
        messages=(
            notification("uploads/mosaic/cat.jpg"),
            notification("uploads/great-wave/harbour.jpg"),
            notification("uploads/mosaic/dog.jpg"),
            notification("uploads/great-wave/bridge.jpg"),
        ),
        executions=3,
        launched=4,
    ),
    Situation(
        name="several-records",
        story="One message that announces three photos, and a folder marker that is ignored.",
        messages=(
            notification(
                "uploads/mosaic/cat.jpg",
                "uploads/mosaic/",
                "uploads/photo.jpg",
                "uploads/great-wave/bridge.jpg",
            ),
        ),
        executions=2,
        launched=3,
    ),
    Situation(
        name="duplicate",
        story="The same version announced by two messages: one execution, launched once.",
        messages=(_PHOTO, _PHOTO),
        executions=1,
        launched=1,
    ),
    Situation(
        name="test-event",
        story="What S3 sends when the bucket's notification is set: dropped without a word.",
        messages=(_test_event(),),
    ),
    Situation(
        name="not-json",
        story="A body that is no JSON, beside a photo: it fails alone, the photo is launched.",
        messages=("Hello, is this the queue?", _PHOTO),
        executions=1,
        launched=1,
        failed=(0,),
    ),
    Situation(
        name="awkward-key",
        story="A key with spaces, plus, percent, brackets and umlauts: decoded once, launched.",
        messages=(notification(AWKWARD_KEY),),
        executions=1,
        launched=1,
    ),
    Situation(
        name="gone",
        story="An upload that does not exist any more: rejected, and the message is done.",
        messages=(notification("uploads/deleted.jpg"),),
        rejected={
            "uploads/deleted.jpg": "the object is gone: it was deleted or overwritten "
            "before it was looked at"
        },
    ),
    Situation(
        name="unknown-style",
        story="A style that nobody painted: rejected with the names of those that are there.",
        messages=(notification("uploads/wve/typo.jpg"),),
        rejected={"uploads/wve/typo.jpg": "style 'wve' is not in styles/: great-wave, mosaic"},
    ),
    Situation(
        name="eventbridge",
        story="The same news by way of EventBridge, whose keys are not encoded.",
        messages=(_from_eventbridge(AWKWARD_KEY),),
        executions=1,
        launched=1,
    ),
)


def files() -> dict[Path, str]:
    """Make all files of this folder that are made: text by path."""
    made = {
        FOLDER / f"{situation.name}.json": json.dumps(situation.event, indent=2) + "\n"
        for situation in SITUATIONS
    }
    return {**made, FOLDER / "README.md": _readme()}


def _readme() -> str:
    lines = [
        "# Events",
        "",
        "What Lambda hands to the dispatcher, one file per situation, for",
        "`sam local invoke DispatcherFunction -e events/<file>`. Made by `python -m events.make`;",
        "a test proves that they are current and that each is answered like this:",
        "",
        "| file | situation | executions | launched | rejected | messages that come again |",
        "|---|---|---|---|---|---|",
    ]
    for each in SITUATIONS:
        rejected = "; ".join(each.rejected.values())
        again = ", ".join(each.event["Records"][number]["messageId"] for number in each.failed)
        cells = [f"`{each.name}.json`", each.story, each.executions, each.launched, rejected, again]
        lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
        print(path.name)
