"""The launch plan changes its version while uploads wait: none is lost, none is launched twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from local.aws import Aws
from local.deploy import Outputs, deploy, dispatch_held
from services.core.ledger import Ledger
from services.core.model import UploadStatus, upload_id
from tests.integration.flyte_double import FlyteDouble
from tests.integration.waiting import eventually


@pytest.fixture
def upgraded_later(
    aws: Aws, stack: Outputs, stack_parameters: dict[str, str]
) -> Iterator[dict[str, str]]:
    """Parameters with the next version; those before are put back at the end."""
    yield stack_parameters | {"FlyteLaunchPlanVersion": "v2"}
    deploy(aws, stack_parameters)


@pytest.fixture
def short_visibility(aws: Aws, stack: Outputs) -> Iterator[None]:
    """Let messages of an invocation that dies come again soon.

    MiniStack ends an invocation that runs while its function is updated; AWS lets it finish.
    """

    def set_timeout(seconds: str) -> None:
        aws.sqs.set_queue_attributes(
            QueueUrl=stack.uploads_queue_url, Attributes={"VisibilityTimeout": seconds}
        )

    name = "VisibilityTimeout"
    reply = aws.sqs.get_queue_attributes(QueueUrl=stack.uploads_queue_url, AttributeNames=[name])
    set_timeout("10")
    yield
    set_timeout(reply["Attributes"][name])


def put_photos(aws: Aws, stack: Outputs, prefix: str, count: int) -> list[str]:
    """Put photos; returns the uploads' ids."""
    where = [
        {"Bucket": stack.uploads_bucket, "Key": f"uploads/{prefix}-{number}.jpg"}
        for number in range(count)
    ]
    return [
        upload_id(
            each["Bucket"],
            each["Key"],
            version_id=aws.s3.put_object(**each, Body=b"a photo")["VersionId"],
        )
        for each in where
    ]


def launches(flyte: FlyteDouble) -> list[tuple[str, str]]:
    """Every upload in every execution that Flyte has, with the version of its launch plan."""
    return [
        (upload.map.literals["id"].scalar.primitive.string_value, each.spec.launch_plan.version)
        for each in flyte.executions.values()
        for upload in each.closure.computed_inputs.literals["uploads"].collection.literals
    ]


@pytest.mark.usefixtures("short_visibility")
def test_an_upgrade_of_the_launch_plan_loses_no_upload_in_flight(
    aws: Aws,
    stack: Outputs,
    ledger: Ledger,
    flyte_endpoint: str,
    upgraded_later: dict[str, str],
) -> None:
    aws.s3.put_object(Bucket=stack.uploads_bucket, Key="styles/mosaic.jpg", Body=b"a style")

    # GIVEN uploads that are claimed for v1, while Flyte is out of reach
    claimed = put_photos(aws, stack, "claimed", 3)

    def given_up() -> bool | None:
        found = aws.logs.filter_log_events(
            logGroupName=stack.dispatcher_log_group, filterPattern="upload not dispatched"
        )["events"]
        told = "".join(event["message"] for event in found)
        return True if all(id_ in told for id_ in claimed) else None

    eventually(given_up)
    assert {row.status for row in ledger.uploads(claimed).values()} == {UploadStatus.CLAIMED}

    # AND uploads that wait in the queue while the stack is updated to v2
    with dispatch_held(aws, stack):
        waiting = put_photos(aws, stack, "waiting", 3)
        assert not ledger.uploads(waiting)
        deploy(aws, upgraded_later)

    # WHEN the queue is released, and Flyte is back
    with FlyteDouble(flyte_endpoint) as flyte:

        def all_launched() -> bool | None:
            rows = ledger.uploads([*claimed, *waiting]).values()
            launched = [row for row in rows if row.status is UploadStatus.LAUNCHED]
            return True if len(launched) == len(claimed) + len(waiting) else None

        eventually(all_launched)

        # THEN what was claimed runs v1, what came later v2, and each exactly once
        expected = {**dict.fromkeys(claimed, "v1"), **dict.fromkeys(waiting, "v2")}
        assert Counter(launches(flyte)) == Counter(expected.items())

        # AND no message is left that could launch one again
        def queue_empty() -> bool | None:
            names = "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"
            left = aws.sqs.get_queue_attributes(
                QueueUrl=stack.uploads_queue_url, AttributeNames=names
            )["Attributes"]
            return True if {left[name] for name in names} == {"0"} else None

        eventually(queue_empty)
        assert len(launches(flyte)) == len(expected)
