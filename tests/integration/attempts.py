"""What each caller of the stack may do, and what it tries in vain: the rows of docs/iam.md."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.deploy import Outputs

ROW = {"pk": {"S": "upload#somebody"}}
PHOTO, STYLE, ELSEWHERE = "uploads/x.jpg", "styles/x.jpg", "elsewhere/x"
RESULT, MANIFEST = "results/x/result.json", "executions/x/manifest.json"


@dataclass(frozen=True)
class Place:
    """What there is to reach for: the stack, and its neighbours in the same account."""

    stack: Outputs
    other: Outputs
    secret: str
    other_secret: str
    key: str


Find = Callable[[Place], str]
# Where the SDK's name of a call is not that of its permission.
OPERATIONS = {
    "s3:ListAllMyBuckets": "list_buckets",
    "s3:ListBucket": "list_objects_v2",
    "lambda:InvokeFunction": "invoke",
}


@dataclass(frozen=True)
class Attempt:
    """One call of the AWS API, and the permission that it takes."""

    what: str
    action: str
    arguments: Callable[[Place], dict[str, Any]] = lambda _: {}

    @property
    def service(self) -> str:
        """The service's name in the SDK."""
        return self.action.partition(":")[0]

    @property
    def operation(self) -> str:
        """The call's name in the SDK."""
        name = self.action.partition(":")[2].partition(",")[0]
        return OPERATIONS.get(self.action) or re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def uploads(place: Place) -> str:
    return place.stack.uploads_bucket


def results(place: Place) -> str:
    return place.stack.results_bucket


def queue(place: Place) -> str:
    return place.stack.uploads_queue_url


def dead_letters(place: Place) -> str:
    return place.stack.dead_letter_queue_url


def read(what: str, bucket: Find, key: str) -> Attempt:
    return Attempt(what, "s3:GetObject", lambda place: {"Bucket": bucket(place), "Key": key})


def write(what: str, bucket: Find, key: str) -> Attempt:
    body = {"Key": key, "Body": b"{}"}
    return Attempt(what, "s3:PutObject", lambda place: {"Bucket": bucket(place), **body})


def delete(what: str, bucket: Find, key: str) -> Attempt:
    return Attempt(what, "s3:DeleteObject", lambda place: {"Bucket": bucket(place), "Key": key})


def list_keys(what: str, bucket: Find) -> Attempt:
    return Attempt(what, "s3:ListBucket", lambda place: {"Bucket": bucket(place), "MaxKeys": 1})


def at_queue(what: str, action: str, url: Find, **arguments: str) -> Attempt:
    return Attempt(what, action, lambda place: {"QueueUrl": url(place), **arguments})


def in_ledger(what: str, action: str, **arguments: Any) -> Attempt:
    return Attempt(what, action, lambda place: {"TableName": place.stack.ledger_table, **arguments})


def get_secret(what: str, arn: Find) -> Attempt:
    return Attempt(what, "secretsmanager:GetSecretValue", lambda place: {"SecretId": arn(place)})


READ_SECRET = get_secret("read Flyte's client secret", lambda place: place.secret)
TAKE_MESSAGES = at_queue("take messages from the queue", "sqs:ReceiveMessage", queue)
TELL_MISSING = list_keys("be told that a result is missing, instead of forbidden", results)
GET_ROWS = Attempt(
    "read rows of the ledger by their keys",
    "dynamodb:BatchGetItem",
    lambda place: {"RequestItems": {place.stack.ledger_table: {"Keys": [ROW]}}},
)
DECRYPT = Attempt(
    "read what the stack's key encrypted",
    "kms:Decrypt",
    lambda place: {"KeyId": place.key, "CiphertextBlob": b"no cipher"},
)

NOBODY_MAY = (
    Attempt("list the account's buckets", "s3:ListAllMyBuckets"),
    read("read another stack's styles", lambda place: place.other.uploads_bucket, STYLE),
    write("write another stack's results", lambda place: place.other.results_bucket, RESULT),
    delete("delete an upload", uploads, PHOTO),
    delete("delete a result", results, RESULT),
    Attempt(
        "open a bucket to the public",
        "s3:PutBucketPolicy",
        lambda place: {"Bucket": uploads(place), "Policy": "{}"},
    ),
    Attempt(
        "read another stack's ledger",
        "dynamodb:GetItem",
        lambda place: {"TableName": place.other.ledger_table, "Key": ROW},
    ),
    in_ledger("read the whole ledger", "dynamodb:Scan"),
    in_ledger("delete a row of the ledger", "dynamodb:DeleteItem", Key=ROW),
    in_ledger("delete the ledger", "dynamodb:DeleteTable"),
    at_queue(
        "take another stack's messages",
        "sqs:ReceiveMessage",
        lambda place: place.other.uploads_queue_url,
    ),
    at_queue("take dead letters", "sqs:ReceiveMessage", dead_letters),
    at_queue("empty the queue", "sqs:PurgeQueue", queue),
    at_queue("announce an upload that is none", "sqs:SendMessage", queue, MessageBody="{}"),
    get_secret("read another secret", lambda place: place.other_secret),
    Attempt(
        "change Flyte's client secret",
        "secretsmanager:PutSecretValue",
        lambda place: {"SecretId": place.secret, "SecretString": "mine"},
    ),
    Attempt(
        "call the tracker",
        "lambda:InvokeFunction",
        lambda place: {"FunctionName": place.stack.tracker_function},
    ),
    Attempt(
        "change a function's settings",
        "lambda:UpdateFunctionConfiguration",
        lambda place: {"FunctionName": place.stack.dispatcher_function, "Timeout": 1},
    ),
    Attempt(
        "pass a role on to a function of its own",
        "lambda:CreateFunction, iam:PassRole",
        lambda place: {
            "FunctionName": "mine",
            "Role": place.stack.dispatcher_role,
            "Code": {"ZipFile": b""},
        },
    ),
    Attempt(
        "take on the dispatcher's role",
        "sts:AssumeRole",
        lambda place: {"RoleArn": place.stack.dispatcher_role, "RoleSessionName": "mine"},
    ),
    Attempt(
        "grant more to the tracker's role",
        "iam:AttachRolePolicy",
        lambda place: {
            "RoleName": place.stack.tracker_role.rpartition("/")[2],
            "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess",
        },
    ),
    Attempt(
        "read logs",
        "logs:FilterLogEvents",
        lambda place: {"logGroupName": place.stack.dispatcher_log_group},
    ),
    Attempt(
        "delete logs",
        "logs:DeleteLogGroup",
        lambda place: {"logGroupName": place.stack.tracker_log_group},
    ),
    Attempt(
        "raise a false alarm",
        "sns:Publish",
        lambda place: {"TopicArn": place.stack.alarm_topic, "Message": "fire"},
    ),
    Attempt(
        "delete the stack's key", "kms:ScheduleKeyDeletion", lambda place: {"KeyId": place.key}
    ),
    Attempt("delete the stack", "cloudformation:DeleteStack", lambda _: {"StackName": "nst"}),
)

MAY: dict[str, tuple[Attempt, ...]] = {
    "dispatcher": (
        TAKE_MESSAGES,
        read("look at an upload", uploads, PHOTO),
        read("look at a style", uploads, STYLE),
        list_keys("list the styles", uploads),
        GET_ROWS,
        in_ledger("claim an upload", "dynamodb:PutItem", Item=ROW),
        READ_SECRET,
        DECRYPT,
    ),
    "tracker": (
        read("read a result", results, RESULT),
        read("read a manifest", results, MANIFEST),
        TELL_MISSING,
        GET_ROWS,
        in_ledger("end an upload", "dynamodb:UpdateItem", Key=ROW),
        READ_SECRET,
        DECRYPT,
    ),
    "Flyte task": (
        read("read an upload", uploads, PHOTO),
        read("read a style", uploads, STYLE),
        write("write a result", results, RESULT),
        write("write a manifest", results, MANIFEST),
        read("read the result of an earlier attempt", results, RESULT),
        TELL_MISSING,
        DECRYPT,
    ),
}

MAY_NOT: dict[str, tuple[Attempt, ...]] = {
    "dispatcher": (
        write("write an upload", uploads, PHOTO),
        write("replace a style", uploads, STYLE),
        read("read what is neither upload nor style", uploads, ELSEWHERE),
        read("read a result", results, RESULT),
        write("write a result", results, RESULT),
        list_keys("list the results", results),
        *NOBODY_MAY,
    ),
    "tracker": (
        read("read an upload", uploads, PHOTO),
        read("read a style", uploads, STYLE),
        read("read a picture", results, "results/x/stylized.jpg"),
        write("write a manifest", results, MANIFEST),
        in_ledger("put a row into the ledger", "dynamodb:PutItem", Item=ROW),
        TAKE_MESSAGES,
        *NOBODY_MAY,
    ),
    "Flyte task": (
        write("write an upload", uploads, PHOTO),
        write("replace a style", uploads, STYLE),
        read("read what is neither upload nor style", uploads, ELSEWHERE),
        write("write what is neither result nor manifest", results, ELSEWHERE),
        in_ledger("read a row of the ledger", "dynamodb:GetItem", Key=ROW),
        in_ledger("change a row of the ledger", "dynamodb:UpdateItem", Key=ROW),
        TAKE_MESSAGES,
        READ_SECRET,
        *NOBODY_MAY,
    ),
}

# One request to each resource that has a policy of its own.
AT_EVERY_DOOR = (
    list_keys("uploads", uploads),
    list_keys("results", results),
    at_queue("queue", "sqs:GetQueueAttributes", queue),
    at_queue("dead letters", "sqs:GetQueueAttributes", dead_letters),
    Attempt(
        "alarms",
        "sns:Publish",
        lambda place: {"TopicArn": place.stack.alarm_topic, "Message": "fire"},
    ),
)
