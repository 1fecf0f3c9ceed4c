"""The stack of ``infra/sam-template.yaml``, deployed to an AWS API without Docker."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, WaiterError

from local.ministack import PYTHON
from local.packaging import pack
from local.template import as_zip_functions, load_template, with_plain_alarms

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mypy_boto3_cloudformation.type_defs import OperationEventTypeDef, WaiterConfigTypeDef
    from mypy_boto3_cloudformation.waiter import (
        StackCreateCompleteWaiter,
        StackUpdateCompleteWaiter,
    )

    from local.aws import Aws

    Waiter = StackCreateCompleteWaiter | StackUpdateCompleteWaiter

STACK = "nst"
TASK_USER = "flyte-task"
# CloudFormation names these kinds itself (roles, policies), or does more than the text says (SAM).
CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND")
WAIT: WaiterConfigTypeDef = {"Delay": 1, "MaxAttempts": 120}


class DeployError(Exception):
    """The stack cannot be created or updated; says which resources failed, and why."""


@dataclass(frozen=True)
class Outputs:
    """What the stack tells about itself: the template's outputs by their names."""

    uploads_bucket: str
    results_bucket: str
    uploads_queue_url: str
    dead_letter_queue_url: str
    dead_letter_queue_arn: str
    ledger_table: str
    dispatcher_function: str
    dispatcher_event_source: str
    dispatcher_role: str
    dispatcher_log_group: str
    tracker_function: str
    tracker_role: str
    tracker_log_group: str
    flyte_task_policy: str
    alarm_topic: str
    dashboard: str


def deploy(aws: Aws, parameters: Mapping[str, str], *, stack: str = STACK) -> Outputs:
    """Create the stack, or update it if it exists, and wait until that is done.

    Parameters
    ----------
    aws
        A caller who may do everything.
    parameters
        The template's parameters; those not given have the template's defaults.
    stack
        The stack's name; everything in it is named after it.

    Raises
    ------
    DeployError
        When a resource cannot be made; the stack is rolled back.
    """
    try:
        waiter = _begin(aws, stack, parameters)
        if waiter is not None:
            waiter.wait(StackName=stack, WaiterConfig=WAIT)
    except ClientError as error:
        raise DeployError(f"stack {stack}: {error.response['Error']['Message']}") from error
    except WaiterError as error:
        raise DeployError(_failures(aws, stack)) from error
    deployed = outputs(aws, stack=stack)
    _limit_concurrency(aws, deployed.dispatcher_event_source)
    return deployed


def outputs(aws: Aws, *, stack: str = STACK) -> Outputs:
    """Read the outputs of a deployed stack."""
    (description,) = aws.cloudformation.describe_stacks(StackName=stack)["Stacks"]
    found = {
        re.sub(r"(?<!^)(?=[A-Z])", "_", output["OutputKey"]).lower(): output["OutputValue"]
        for output in description["Outputs"]
    }
    return Outputs(**{field.name: found[field.name] for field in fields(Outputs)})


def task_caller(aws: Aws, stack_outputs: Outputs, *, user: str = TASK_USER) -> Aws:
    """Make the caller that Flyte's tasks are: a user who may do what the exported policy says.

    On AWS the policy hangs on the role of the tasks' service account. Each call makes a new key
    and ends the ones before of that user.
    """
    try:
        aws.iam.create_user(UserName=user)
    except aws.iam.exceptions.EntityAlreadyExistsException:
        for old in aws.iam.list_access_keys(UserName=user)["AccessKeyMetadata"]:
            aws.iam.delete_access_key(UserName=user, AccessKeyId=old["AccessKeyId"])
    aws.iam.attach_user_policy(UserName=user, PolicyArn=stack_outputs.flyte_task_policy)
    key = aws.iam.create_access_key(UserName=user)["AccessKey"]
    return replace(aws, access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"])


@contextmanager
def dispatch_held(aws: Aws, stack_outputs: Outputs) -> Iterator[None]:
    """Hold uploads in the queue, as an operator does, and hand them out together at the end.

    MiniStack knows no batching window: without this the first upload is dispatched alone.
    """
    source = stack_outputs.dispatcher_event_source
    aws.functions.update_event_source_mapping(UUID=source, Enabled=False)
    try:
        yield
    finally:
        aws.functions.update_event_source_mapping(UUID=source, Enabled=True)


def _begin(aws: Aws, stack: str, parameters: Mapping[str, str]) -> Waiter | None:
    """Ask for the stack; returns what waits for it, or None where there is nothing to change."""
    cloudformation = aws.cloudformation
    arguments: dict[str, Any] = {
        "StackName": stack,
        "TemplateURL": _upload_template(aws, stack),
        "Parameters": [
            {"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()
        ],
        "Capabilities": CAPABILITIES,
    }
    status = _status(aws, stack)
    if status == "ROLLBACK_COMPLETE":  # a first try that failed; AWS lets it be deleted only
        cloudformation.delete_stack(StackName=stack)
        deletion = cloudformation.get_waiter("stack_delete_complete")
        deletion.wait(StackName=stack, WaiterConfig=WAIT)
    elif status:
        try:
            cloudformation.update_stack(**arguments)
        except ClientError as error:
            if "No updates are to be performed" not in str(error):
                raise
            return None
        return cloudformation.get_waiter("stack_update_complete")
    cloudformation.create_stack(**arguments)
    return cloudformation.get_waiter("stack_create_complete")


def _upload_template(aws: Aws, stack: str) -> str:
    """Put the template where CloudFormation reads it; a request would hold 51,200 bytes only."""
    package = pack(PYTHON)
    bucket, key = f"{stack}-code", package.code.name
    with suppress(aws.s3.exceptions.BucketAlreadyOwnedByYou):
        aws.s3.create_bucket(Bucket=bucket)
    aws.s3.put_object(Bucket=bucket, Key=key, Body=package.code.read_bytes())
    template = with_plain_alarms(as_zip_functions(load_template(), (bucket, key), package))
    aws.s3.put_object(Bucket=bucket, Key="template.json", Body=json.dumps(template).encode())
    return f"{aws.endpoint_url}/{bucket}/template.json"


def _limit_concurrency(aws: Aws, event_source: str) -> None:
    """Write the event source's limit anew, as a number.

    MiniStack 1.5.33 keeps a template's numeric parameter as text, and its poller then fails to
    compare it (lambda_svc.py, _sqs_esm_concurrency).
    """
    mapping = aws.functions.get_event_source_mapping(UUID=event_source)
    limit = int(mapping["ScalingConfig"]["MaximumConcurrency"])
    aws.functions.update_event_source_mapping(
        UUID=event_source, ScalingConfig={"MaximumConcurrency": limit}
    )


def _status(aws: Aws, stack: str) -> str:
    try:
        (description,) = aws.cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        return ""
    return description["StackStatus"]


def _failures(aws: Aws, stack: str) -> str:
    """Say what went wrong in the stack's last operation: names taken already, resources refused."""
    events = aws.cloudformation.describe_events(StackName=stack)["OperationEvents"]
    reasons = {
        f"{event['LogicalResourceId']} ({event['ResourceType']})": reason
        for event in reversed(events)
        if event["OperationId"] == events[0]["OperationId"]
        and (reason := event.get("ValidationStatusReason") or _refusal(event))
    }
    if len(reasons) > 1:  # the stack's own reason only points at the others
        reasons.pop(f"{stack} (AWS::CloudFormation::Stack)", None)
    lines = [f"  {resource}: {reason}" for resource, reason in reasons.items()]
    return "\n".join([f"stack {stack} was rolled back:", *lines])


def _refusal(event: OperationEventTypeDef) -> str:
    failed = event.get("ResourceStatus", "").endswith("_FAILED")
    return event.get("ResourceStatusReason", "no reason given") if failed else ""
