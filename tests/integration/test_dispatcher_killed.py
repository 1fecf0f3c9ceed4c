"""kill -9 of a real dispatcher process at the worst moment: Flyte has acted, the ledger has not."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from local.deploy import dispatch_held
from services.core.model import upload_id
from tests.integration.flyte_double import FlyteDouble

CALL_THE_HANDLER = """
import json, sys
from aws_lambda_powertools.utilities.typing import LambdaContext

class Context(LambdaContext):
    function_name = "dispatcher"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:dispatcher"
    aws_request_id = "killed"
    def get_remaining_time_in_millis(self):
        return 30_000

from services.dispatcher.app import handler
print("ready", flush=True)
handler(json.load(sys.stdin), Context())
"""


class DeadlyFlyte(FlyteDouble):
    """Stores an execution and kills whoever asked for it before the answer is sent."""

    victim: subprocess.Popen

    def _create(self, request, context):
        reply = super()._create(request, context)
        if self.victim.poll() is None:
            os.kill(self.victim.pid, signal.SIGKILL)
            self.victim.wait()
        return reply


@pytest.fixture
def deadly_flyte(flyte_endpoint):
    with DeadlyFlyte(flyte_endpoint) as flyte:
        yield flyte


def test_a_dispatcher_killed_after_the_launch_leaves_one_execution_and_a_complete_ledger(
    aws, stack, deadly_flyte
):
    # GIVEN two uploads in the queue, and a dispatcher process that dies with Flyte's answer
    with dispatch_held(aws, stack):
        ids = [put(aws, stack, f"uploads/mosaic/killed-{n}.jpg") for n in range(2)]
        event = receive(aws, stack, len(ids))
        victim = start_dispatcher(aws, stack)
        deadly_flyte.victim = victim
        victim.stdin.write(json.dumps(event))
        victim.stdin.close()
        assert victim.wait(timeout=60) == -signal.SIGKILL

        # Flyte has the execution, the ledger knows only the claim
        (name,) = deadly_flyte.executions
        assert {row["status"]["S"] for row in rows(aws, stack, ids)} == {"CLAIMED"}

    # WHEN SQS delivers the messages again, to a dispatcher that lives
    wait_until(lambda: all(row["status"]["S"] == "LAUNCHED" for row in rows(aws, stack, ids)))

    # THEN there is one execution, and the ledger is complete
    assert list(deadly_flyte.executions) == [name]
    assert {row["execution"]["S"] for row in rows(aws, stack, ids)} == {name}
    (execution,) = read(aws, stack, [f"execution#{name}"])
    assert execution["status"]["S"] == "LAUNCHED"
    assert {member["S"] for member in execution["uploads"]["L"]} == set(ids)


def put(aws, stack, key):
    aws.s3.put_object(Bucket=stack.uploads_bucket, Key="styles/mosaic.jpg", Body=b"a style")
    stored = aws.s3.put_object(Bucket=stack.uploads_bucket, Key=key, Body=b"a photo")
    return upload_id(stack.uploads_bucket, key, version_id=stored["VersionId"])


def receive(aws, stack, count):
    """Receive the messages as the event source would; they are back after two seconds."""
    queue = stack.uploads_queue_url
    messages = {}
    deadline = time.monotonic() + 20
    while len(messages) < count and time.monotonic() < deadline:
        got = aws.sqs.receive_message(
            QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=2, AttributeNames=["All"]
        )
        messages |= {message["MessageId"]: message for message in got.get("Messages", [])}
    return {
        "Records": [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message["Attributes"],
                "messageAttributes": {},
                "md5OfBody": message["MD5OfBody"],
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:uploads",
                "awsRegion": "us-east-1",
            }
            for message in messages.values()
        ]
    }


def start_dispatcher(aws, stack):
    """Start the dispatcher as Lambda does: a process with the function's own environment."""
    function = aws.functions.get_function_configuration(FunctionName=stack.dispatcher_function)
    process = subprocess.Popen(
        [sys.executable, "-c", CALL_THE_HANDLER],
        env=os.environ | function["Environment"]["Variables"] | aws.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    return process


def rows(aws, stack, ids):
    return read(aws, stack, [f"upload#{one}" for one in ids])


def read(aws, stack, keys):
    table = stack.ledger_table
    wanted = {"Keys": [{"pk": {"S": key}} for key in keys], "ConsistentRead": True}
    answer = aws.dynamodb.batch_get_item(RequestItems={table: wanted})
    return answer["Responses"][table]


def wait_until(holds, timeout=60):
    deadline = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.5)
