"""The real template, deployed with IAM enforced; the real handlers, run as Lambda functions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from local.aws import Aws
from local.deploy import DeployError, Outputs, deploy, dispatch_held
from services.core.flyte import FlyteAdmin
from services.core.ledger import Ledger
from services.core.ledger_rows import UploadRecord
from services.core.model import (
    Execution,
    ExecutionStatus,
    LaunchPlan,
    Notice,
    Style,
    Upload,
    UploadStatus,
    upload_id,
)
from services.core.options import Options
from tests.integration.flyte_double import FlyteDouble
from tests.integration.waiting import PATIENCE, eventually

ACCOUNT = "0" * 12  # MiniStack's


def claimed(ledger: Ledger, stack: Outputs, *keys: str) -> Execution:
    """An execution of some uploads, as the dispatcher leaves it in the ledger."""
    bucket = stack.uploads_bucket
    style = Style("mosaic", bucket, "styles/mosaic.jpg", "1")
    uploads = [
        Upload(
            Notice(upload_id(bucket, key, version_id="1"), bucket, key, "1"), 1, (style,), Options()
        )
        for key in keys
    ]
    plan = LaunchPlan("flytesnacks", "development", "style_transfer", "v1")
    execution = Execution.of(uploads, plan, stack.results_bucket)
    ledger.claim(execution, uploads)
    return execution


def put_manifest(aws: Aws, stack: Outputs, execution: Execution) -> None:
    (upload,) = execution.uploads
    manifest = {
        "execution": execution.name,
        "status": "SUCCEEDED",
        "uploads": [
            {"id": upload, "status": "SUCCEEDED", "picture": f"results/{upload}/stylized.jpg"}
        ],
    }
    aws.s3.put_object(
        Bucket=stack.results_bucket,
        Key=f"executions/{execution.name}/manifest.json",
        Body=json.dumps(manifest).encode(),
    )


def put_result(aws: Aws, stack: Outputs, execution: str, upload: str) -> None:
    result = {
        "upload": upload,
        "execution": execution,
        "status": "SUCCEEDED",
        "reason": "",
        "picture": f"results/{upload}/stylized.jpg",
        "seconds": 1.5,
    }
    aws.s3.put_object(
        Bucket=stack.results_bucket,
        Key=f"results/{upload}/result.json",
        Body=json.dumps(result).encode(),
    )


def test_a_result_ends_its_upload_before_the_rest_of_the_batch(
    aws: Aws, task_aws: Aws, stack: Outputs, ledger: Ledger
) -> None:
    # GIVEN an execution of three uploads in flight
    execution = claimed(ledger, stack, *(f"uploads/result-{number}.jpg" for number in range(3)))
    ledger.mark_launched(execution)
    by_hand, painted, waiting = execution.uploads

    # WHEN somebody paints one of them by hand, and then a task of the execution another
    put_result(task_aws, stack, "somebody-else", by_hand)
    put_result(task_aws, stack, execution.name, painted)

    # THEN the tracker ends the second, with its picture
    def ended() -> UploadRecord | None:
        record = ledger.uploads([painted])[painted]
        return record if record.status is UploadStatus.SUCCEEDED else None

    upload = eventually(ended)
    assert (upload.picture, upload.seconds) == (f"results/{painted}/stylized.jpg", 1.5)
    age = datetime.now(UTC) - datetime.fromisoformat(upload.finished_at)
    assert abs(age) < timedelta(seconds=PATIENCE)

    # AND what has not ended runs
    def running() -> bool | None:
        status = ledger.executions([execution.name])[execution.name].status
        return True if status is ExecutionStatus.RUNNING else None

    assert eventually(running)
    others = ledger.uploads([by_hand, waiting])
    assert {record.status for record in others.values()} == {UploadStatus.RUNNING}


def test_a_manifest_ends_its_execution_and_uploads(
    aws: Aws, task_aws: Aws, stack: Outputs, ledger: Ledger
) -> None:
    # GIVEN an execution in flight
    execution = claimed(ledger, stack, "uploads/manifest.jpg")
    ledger.mark_launched(execution)

    # WHEN a task writes its manifest
    put_manifest(task_aws, stack, execution)

    # THEN the tracker ends it in the ledger
    def finished() -> bool | None:
        status = ledger.executions([execution.name])[execution.name].status
        return True if status is ExecutionStatus.SUCCEEDED else None

    assert eventually(finished)
    (upload,) = ledger.uploads(execution.uploads).values()
    assert upload.status is UploadStatus.SUCCEEDED
    assert upload.picture == f"results/{upload.id}/stylized.jpg"


def test_an_upload_becomes_an_execution_in_flyte(
    aws: Aws, stack: Outputs, ledger: Ledger, flyte: FlyteDouble
) -> None:
    # GIVEN a style in the bucket
    aws.s3.put_object(Bucket=stack.uploads_bucket, Key="styles/mosaic.jpg", Body=b"a style")

    # WHEN a photo is put beside it, under a name that S3 encodes
    key = "uploads/mosaic/Große Welle + 100 %.jpg"
    version = aws.s3.put_object(Bucket=stack.uploads_bucket, Key=key, Body=b"a photo")["VersionId"]

    # THEN it is launched, and both sides know it by the same names
    id_ = upload_id(stack.uploads_bucket, key, version_id=version)

    def launched() -> UploadRecord | None:
        record = ledger.uploads([id_]).get(id_)
        return record if record and record.status is UploadStatus.LAUNCHED else None

    upload = eventually(launched)
    assert (upload.key, upload.version_id, upload.style) == (key, version, "mosaic")
    assert upload.execution in flyte.executions
    (record,) = ledger.executions([upload.execution]).values()
    assert record.status is ExecutionStatus.LAUNCHED


def test_uploads_that_were_held_are_launched_together(
    aws: Aws, stack: Outputs, ledger: Ledger, flyte: FlyteDouble
) -> None:
    # GIVEN photos that wait in the queue
    aws.s3.put_object(Bucket=stack.uploads_bucket, Key="styles/mosaic.jpg", Body=b"a style")
    with dispatch_held(aws, stack):
        for number in range(3):
            key = f"uploads/held-{number}.jpg"
            aws.s3.put_object(Bucket=stack.uploads_bucket, Key=key, Body=b"a photo")

    # WHEN they are handed out
    # THEN Flyte gets one execution with all of them
    (execution,) = eventually(lambda: list(flyte.executions.values()) or None)
    uploads = execution.closure.computed_inputs.literals["uploads"].collection.literals
    assert len(uploads) == 3


@contextmanager
def unannounced(aws: Aws, bucket: str) -> Iterator[None]:
    """Let the bucket lose its notifications."""
    kept = aws.s3.get_bucket_notification_configuration(Bucket=bucket)
    aws.s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    try:
        yield
    finally:
        aws.s3.put_bucket_notification_configuration(
            Bucket=bucket,
            NotificationConfiguration={
                "LambdaFunctionConfigurations": kept["LambdaFunctionConfigurations"]
            },
        )


def test_the_patrol_fails_what_flyte_ended_with_neither_manifest_nor_result(
    aws: Aws, task_aws: Aws, stack: Outputs, ledger: Ledger, flyte: FlyteDouble
) -> None:
    # GIVEN an execution that Flyte ended, and one result in the bucket that nobody announced
    execution = claimed(ledger, stack, "uploads/no-manifest.jpg", "uploads/unannounced.jpg")
    lost, painted = execution.uploads
    FlyteAdmin(flyte.endpoint, insecure=True).create_execution(execution)
    ledger.mark_launched(execution)
    with unannounced(aws, stack.results_bucket):
        put_result(task_aws, stack, execution.name, painted)
    flyte.set_phase(execution.name, "FAILED", "node n0 ran out of memory")

    # WHEN the schedule's minute has come
    reply = aws.functions.invoke(
        FunctionName=stack.tracker_function,
        Payload=json.dumps({"source": "aws.events", "detail-type": "Scheduled Event"}),
    )

    # THEN the ledger has Flyte's word for the one, and the picture of the other
    assert "FunctionError" not in reply
    uploads = ledger.uploads(execution.uploads)
    assert uploads[lost].status is UploadStatus.FAILED
    assert uploads[lost].reason == "node n0 ran out of memory"
    assert uploads[painted].status is UploadStatus.SUCCEEDED


def test_deploying_again_changes_what_changed_and_keeps_the_rest(
    aws: Aws, stack: Outputs, stack_parameters: dict[str, str]
) -> None:
    def version() -> str:
        function = aws.functions.get_function_configuration(FunctionName=stack.dispatcher_function)
        return function["Environment"]["Variables"]["FLYTE_LAUNCH_PLAN_VERSION"]

    # GIVEN the deployed stack
    # WHEN it is deployed with another version of the launch plan
    again = deploy(aws, stack_parameters | {"FlyteLaunchPlanVersion": "v2"})

    # THEN the dispatcher has the new version, and everything is where it was
    assert version() == "v2"
    assert again == stack

    # AND with the first parameters it is as before, however often it is deployed
    assert deploy(aws, stack_parameters) == deploy(aws, stack_parameters) == stack
    assert version() == "v1"


def test_a_stack_that_fails_says_which_resource_and_why(aws: Aws) -> None:
    # GIVEN a bucket of another account, of the name that the stack's will have
    stranger = replace(aws, access_key_id="1" * 12)
    stranger.s3.create_bucket(Bucket=f"blocked-results-{ACCOUNT}-{aws.region}")
    parameters = {"FlyteEndpoint": "flyte.example.com:443", "FlyteLaunchPlanVersion": "v1"}

    # WHEN the stack is deployed
    # THEN the error names what could not be made
    with pytest.raises(DeployError, match=r"ResultsBucket .* already exists"):
        deploy(aws, parameters, stack="blocked")


def test_a_parameter_out_of_its_range_is_refused(aws: Aws) -> None:
    with pytest.raises(DeployError, match="FlyteEndpoint"):
        deploy(aws, {"FlyteEndpoint": "https://x", "FlyteLaunchPlanVersion": "v1"}, stack="nst2")


def test_a_message_that_nobody_can_read_is_soon_among_the_dead_letters(
    aws: Aws, stack: Outputs
) -> None:
    # GIVEN a message that is no notification of S3
    aws.sqs.send_message(QueueUrl=stack.uploads_queue_url, MessageBody="not JSON")

    # WHEN it has been received as often as the queue allows, without delay
    def dead() -> str | None:
        reply = aws.sqs.receive_message(QueueUrl=stack.dead_letter_queue_url)
        return reply["Messages"][0]["Body"] if reply.get("Messages") else None

    # THEN it lies in the dead-letter queue as it came
    assert eventually(dead) == "not JSON"


def test_uploads_outlast_an_outage_of_flyte(
    aws: Aws, stack: Outputs, ledger: Ledger, flyte_endpoint: str
) -> None:
    # GIVEN an upload while nobody answers at Flyte's address
    aws.s3.put_object(Bucket=stack.uploads_bucket, Key="styles/mosaic.jpg", Body=b"a style")
    where = {"Bucket": stack.uploads_bucket, "Key": "uploads/outage.jpg"}
    version = aws.s3.put_object(**where, Body=b"a photo")["VersionId"]
    id_ = upload_id(where["Bucket"], where["Key"], version_id=version)

    def given_up() -> bool | None:
        found = aws.logs.filter_log_events(logGroupName=stack.dispatcher_log_group)["events"]
        words = ("upload not dispatched", id_)
        return any(all(word in event["message"] for word in words) for event in found) or None

    eventually(given_up)

    # WHEN Flyte is back
    with FlyteDouble(flyte_endpoint) as flyte:

        def launched() -> str | None:
            record = ledger.uploads([id_])[id_]
            return record.execution if record.status is UploadStatus.LAUNCHED else None

        # THEN the upload is launched, as it was claimed
        assert eventually(launched) in flyte.executions
