"""Every caller does its work and nothing else, on the template deployed with every option."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.awsrequest import AWSPreparedRequest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.aws import Aws
from local.deploy import Outputs, deploy, task_caller
from local.roles import as_role
from tests.integration.attempts import AT_EVERY_DOOR, MAY, MAY_NOT, Attempt, Place
from tests.integration.iam_page import page

ROOT = Path(__file__).parents[2]
KEY_TEMPLATE = ROOT / "infra" / "key-template.yaml"
REFUSALS = {
    "403",  # of HEAD, which has no body
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",  # SNS
    "MissingAuthenticationToken",  # SNS
}
MISSING = {"NoSuchKey", "InvalidCiphertextException"}  # let in, and nothing there


def client(aws: Aws, service: str, **config: Any) -> Any:
    """A client of any service."""
    return boto3.client(
        service,
        endpoint_url=aws.endpoint_url,
        verify=str(aws.ca_bundle),
        region_name=aws.region,
        aws_access_key_id=aws.access_key_id,
        aws_secret_access_key=aws.secret_access_key,
        aws_session_token=aws.session_token or None,
        config=Config(**config),
    )


def outcome(service: Any, attempt: Attempt, place: Place) -> str:
    """What a call came to: the error's code, or nothing."""
    try:
        getattr(service, attempt.operation)(**attempt.arguments(place))
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def customer_key(aws: Aws, stack: str) -> str:
    """The key that docs/deploy.md has an operator make for a stack."""
    name = f"{stack}-key"
    aws.cloudformation.create_stack(
        StackName=name,
        TemplateBody=KEY_TEMPLATE.read_text(),
        Parameters=[{"ParameterKey": "StackName", "ParameterValue": stack}],
    )
    waiter = aws.cloudformation.get_waiter("stack_create_complete")
    waiter.wait(StackName=name, WaiterConfig={"Delay": 1})
    (description,) = aws.cloudformation.describe_stacks(StackName=name)["Stacks"]
    return description["Outputs"][0]["OutputValue"]


def administrator(aws: Aws) -> Aws:
    """A user who may do everything, by a policy: MiniStack's root passes even denials."""
    name = "administrator"
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    try:
        aws.iam.create_user(UserName=name)
    except aws.iam.exceptions.EntityAlreadyExistsException:
        for old in aws.iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
            aws.iam.delete_access_key(UserName=name, AccessKeyId=old["AccessKeyId"])
    document = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
    aws.iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=document)
    key = aws.iam.create_access_key(UserName=name)["AccessKey"]
    return replace(aws, access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"])


@pytest.fixture(scope="module")
def place(aws: Aws, stack: Outputs, stack_parameters: dict[str, str]) -> Place:
    """A second stack, with every option, beside the one that all tests share."""
    secrets = client(aws, "secretsmanager")
    secret, other_secret = (
        secrets.create_secret(Name=name, SecretString="hidden")["ARN"]
        for name in ("nst/flyte-client", "somebody-else")
    )
    key = customer_key(aws, "guarded")
    options = {
        "FlyteClientId": "nst",
        "FlyteClientSecretArn": secret,
        "KmsKeyArn": key,
        "SubnetIds": "subnet-0a,subnet-0b",
        "SecurityGroupIds": "sg-0a",
        "AlarmEmail": "operator@example.com",
    }
    guarded = deploy(aws, stack_parameters | options, stack="guarded")
    for name in ("uploads/x.jpg", "styles/x.jpg"):
        aws.s3.put_object(Bucket=guarded.uploads_bucket, Key=name, Body=b"x")
    return Place(guarded, stack, secret, other_secret, key)


@pytest.fixture(scope="module")
def callers(aws: Aws, place: Place) -> Iterator[dict[str, Aws]]:
    """Who acts, by the names of docs/iam.md."""
    stack = place.stack
    with as_role(aws, stack.dispatcher_role) as dispatcher, as_role(aws, stack.tracker_role) as it:
        task = task_caller(aws, stack, user="guarded-task")  # the other stack's may do more
        yield {"dispatcher": dispatcher, "tracker": it, "Flyte task": task}


def rows(table: dict[str, tuple[Attempt, ...]]) -> list[Any]:
    return [
        pytest.param(caller, attempt, id=f"{caller}-{attempt.what}")
        for caller, attempts in table.items()
        for attempt in attempts
    ]


@pytest.mark.parametrize(("caller", "attempt"), rows(MAY))
def test_a_caller_may_do_its_work(
    caller: str, attempt: Attempt, callers: dict[str, Aws], place: Place
) -> None:
    assert outcome(client(callers[caller], attempt.service), attempt, place) in MISSING | {""}


@pytest.mark.parametrize(("caller", "attempt"), rows(MAY_NOT))
def test_a_caller_may_do_nothing_else(
    caller: str, attempt: Attempt, callers: dict[str, Aws], place: Place
) -> None:
    assert outcome(client(callers[caller], attempt.service), attempt, place) in REFUSALS


DOORS = [pytest.param(attempt, id=attempt.what) for attempt in AT_EVERY_DOOR]


@pytest.mark.parametrize("attempt", DOORS)
def test_nobody_is_heard_without_a_signature(aws: Aws, place: Place, attempt: Attempt) -> None:
    # GIVEN a request that passes when it is signed
    assert not outcome(client(aws, attempt.service), attempt, place)

    # WHEN it is not
    stranger = client(aws, attempt.service, signature_version=UNSIGNED)

    # THEN it is refused
    assert outcome(stranger, attempt, place) in REFUSALS


@pytest.mark.parametrize("attempt", DOORS)
def test_nobody_is_heard_without_tls(aws: Aws, place: Place, attempt: Attempt) -> None:
    # GIVEN a caller who may do everything, and whose request passes
    service = client(administrator(aws), attempt.service)
    assert not outcome(service, attempt, place)

    # WHEN it comes in plain text, as a proxy before MiniStack would tell
    def in_plain_text(request: AWSPreparedRequest, **_: object) -> None:
        request.headers["X-Forwarded-Proto"] = "http"

    service.meta.events.register(f"before-send.{attempt.service}", in_plain_text)

    # THEN it is refused
    assert outcome(service, attempt, place) in REFUSALS


def test_the_page_tells_what_is_tried_here() -> None:
    assert (ROOT / "docs" / "iam.md").read_text() == page(), "docs/iam.md is old: run make docs"
