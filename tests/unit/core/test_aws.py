"""Our lean clients send what botocore's own would send, whatever the region."""

from __future__ import annotations

from typing import Any, cast

import botocore.session
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.client import BaseClient
from botocore.config import Config
from botocore.loaders import Loader

from services.core.aws import OPERATIONS, Aws

# One region of each partition that the public may use, and the one that S3 treats differently.
REGIONS = ("us-east-1", "eu-west-1", "cn-north-1", "us-gov-west-1")
KEY = {"pk": {"S": "upload#x"}}
CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("s3", "head_object", {"Bucket": "b", "Key": "uploads/a b+c/é.jpg", "VersionId": "v"}),
    ("s3", "list_objects_v2", {"Bucket": "b", "Prefix": "styles/", "Delimiter": "/"}),
    ("s3", "get_object", {"Bucket": "dotted.bucket", "Key": "executions/x/manifest.json"}),
    ("dynamodb", "batch_get_item", {"RequestItems": {"t": {"Keys": [KEY]}}}),
    ("dynamodb", "put_item", {"TableName": "t", "Item": KEY}),
    ("dynamodb", "update_item", {"TableName": "t", "Key": KEY, "UpdateExpression": "SET a = :a"}),
    ("dynamodb", "query", {"TableName": "t", "IndexName": "in-flight"}),
    (
        "dynamodb",
        "transact_write_items",
        {"TransactItems": [{"Put": {"TableName": "t", "Item": KEY}}], "ClientRequestToken": "x"},
    ),
    (
        "sqs",
        "change_message_visibility_batch",
        {
            "QueueUrl": "https://sqs.eu-west-1.amazonaws.com/1/q",
            "Entries": [{"Id": "0", "ReceiptHandle": "r", "VisibilityTimeout": 4}],
        },
    ),
    ("secretsmanager", "get_secret_value", {"SecretId": "s"}),
]


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nothing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("service", OPERATIONS)
def test_sends_what_botocores_own_client_sends(
    monkeypatch: pytest.MonkeyPatch, region: str, service: str
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    standard = botocore.session.get_session().create_client(
        service, config=Config(retries={"mode": "standard", "total_max_attempts": 3})
    )
    ours = Aws().client(service)

    for _, call, arguments in (each for each in CALLS if each[0] == service):
        assert _sent(ours, call, arguments) == _sent(standard, call, arguments)


def _sent(client: BaseClient, call: str, arguments: dict[str, Any]) -> tuple[Any, ...]:
    """Catch the request before it leaves: all of it but what differs with the time."""
    sent: list[AWSPreparedRequest] = []

    def catch(request: AWSPreparedRequest, **_: Any) -> None:
        sent.append(request)
        raise _Caught

    client.meta.events.register("before-send.*.*", catch)
    with pytest.raises(_Caught):
        getattr(client, call)(**arguments)
    client.meta.events.unregister("before-send.*.*", catch)
    (request,) = sent
    changing = (
        "X-Amz-Date",
        "Authorization",
        "amz-sdk-invocation-id",
        "amz-sdk-request",
        "User-Agent",
    )
    headers = {k: v for k, v in request.headers.items() if k not in changing}
    authorization = str(cast("bytes", request.headers["Authorization"]), "ascii")
    scope = authorization.partition("/")[2].partition("/")[2].partition(",")[0]
    return request.method, request.url, request.body, headers, scope


class _Caught(Exception):
    pass


def test_errors_of_the_ledger_have_their_own_classes() -> None:
    exceptions = Aws().dynamodb.exceptions

    assert issubclass(exceptions.ConditionalCheckFailedException, Exception)
    assert issubclass(exceptions.TransactionCanceledException, Exception)


def test_every_operation_that_is_listed_exists() -> None:
    loader = Loader()

    for service, called in OPERATIONS.items():
        known = loader.load_service_model(service, "service-2")["operations"]
        assert set(called) <= set(known)
