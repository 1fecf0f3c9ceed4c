"""How S3, EventBridge and SQS tell of objects: version 2.6 of S3's notifications.

Checksums, version ids and sequencers are right and always the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus

ACCOUNT = "123456789012"
REGION = "eu-west-1"
QUEUE = "nst-uploads"
TIME = "2026-11-22T08:00:00.000Z"
SENT_AT = "1795334401000"  # one second later, as SQS writes time


@dataclass(frozen=True)
class Bucket:
    """The bucket that an event tells of.

    Attributes
    ----------
    name, account, region
        Which it is.
    versions
        Version ids by key. A key that is not among them has one that nobody gave.
    """

    name: str
    account: str
    region: str
    versions: Mapping[str, str] = field(default_factory=dict)

    def version(self, key: str) -> str:
        """Tell the version of an object."""
        return self.versions.get(key) or version_id(key)


EXAMPLE = Bucket(f"nst-uploads-{ACCOUNT}-{REGION}", ACCOUNT, REGION)
"""The bucket of the files in this folder; nobody has it."""

Body = Callable[[Bucket], Any]
"""What a message says of a bucket; what is not text becomes JSON."""


def message(name: str, body: Any, bucket: Bucket) -> dict[str, Any]:
    """Write a message as Lambda gets it from SQS."""
    text = body if isinstance(body, str) else json.dumps(body, separators=(",", ":"))
    return {
        "messageId": uuid(name),
        "receiptHandle": f"receipt-of-{name.replace(' ', '-')}",
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
        "eventSourceARN": f"arn:aws:sqs:{bucket.region}:{bucket.account}:{QUEUE}",
        "awsRegion": bucket.region,
    }


def notification(*keys: str) -> Body:
    """Write S3's notification of objects."""
    return lambda bucket: {"Records": [_record(key, bucket) for key in keys]}


def _record(key: str, bucket: Bucket) -> dict[str, Any]:
    digest = hashlib.sha256(key.encode()).hexdigest()
    return {
        "eventVersion": "2.6",
        "eventSource": "aws:s3",
        "awsRegion": bucket.region,
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
                "name": bucket.name,
                "ownerIdentity": {"principalId": "A1EXAMPLE"},
                "arn": f"arn:aws:s3:::{bucket.name}",
            },
            "object": {
                "key": quote_plus(key, safe="/"),  # form-encoded, but for the slash
                "size": 183_412,
                "eTag": digest[:32],
                "versionId": bucket.version(key),
                "sequencer": digest[:18].upper(),
            },
        },
    }


def version_id(key: str) -> str:
    """Tell the version of an object: in these fixtures each has one."""
    return hashlib.sha256(f"version of {key}".encode()).hexdigest()[:32]


def from_eventbridge(key: str) -> Body:
    """Write EventBridge's news of an object."""
    digest = hashlib.sha256(key.encode()).hexdigest()
    return lambda bucket: {
        "version": "0",
        "id": uuid(key),
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": bucket.account,
        "time": "2026-11-22T08:00:00Z",
        "region": bucket.region,
        "resources": [f"arn:aws:s3:::{bucket.name}"],
        "detail": {
            "version": "0",
            "bucket": {"name": bucket.name},
            "object": {
                "key": key,
                "size": 183_412,
                "etag": digest[:32],
                "version-id": bucket.version(key),
                "sequencer": digest[:18].upper(),
            },
            "request-id": digest[:16].upper(),
            "requester": bucket.account,
            "source-ip-address": "192.0.2.17",
            "reason": "PutObject",
        },
    }


def s3_test_event(bucket: Bucket) -> dict[str, Any]:
    """Write what S3 sends when a notification is set."""
    return {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": TIME,
        "Bucket": bucket.name,
        "RequestId": "5582815E1AEA5ADF",
        "HostId": "8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR",
    }


def patrol(bucket: Bucket) -> dict[str, Any]:
    """Write what EventBridge sends to the tracker each minute."""
    rule = f"arn:aws:events:{bucket.region}:{bucket.account}:rule/nst-patrol"
    return {
        "version": "0",
        "id": uuid("patrol"),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": bucket.account,
        "time": "2026-11-22T08:00:00Z",
        "region": bucket.region,
        "resources": [rule],
        "detail": {},
    }


def not_json(_: Bucket) -> str:
    """Write what no machine wrote."""
    return "Hello, is this the queue?"


def uuid(text: str) -> str:
    """Make an id that is always the same for the same text."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    return "-".join(
        (digest[:8], digest[8:12], f"4{digest[13:16]}", "8" + digest[17:20], digest[20:32])
    )
