"""The real template, deployed with IAM enforced; the real handlers, run as Lambda functions."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import pytest

from local.aws import Aws
from local.deploy import Outputs
from services.core.ledger import Ledger
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

Found = TypeVar("Found")
PATIENCE = 30.0  # seconds for what takes two


def eventually(look: Callable[[], Found | None]) -> Found:
    """Look until there is something to see."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if (found := look()) is not None:
            return found
        time.sleep(0.1)
    pytest.fail(f"nothing to see after {PATIENCE} seconds")


@pytest.fixture(scope="module")
def ledger(aws: Aws, stack: Outputs) -> Ledger:
    return Ledger(aws.dynamodb, stack.ledger_table, retention=timedelta(days=1))


def claimed(ledger: Ledger, stack: Outputs, name: str) -> Execution:
    """An execution of one upload, as the dispatcher leaves it in the ledger."""
    bucket = stack.uploads_bucket
    notice = Notice(upload_id(bucket, name, version_id="1"), bucket, name, "1")
    style = Style("mosaic", bucket, "styles/mosaic.jpg", "1")
    upload = Upload(notice, 1, style, Options())
    plan = LaunchPlan("flytesnacks", "development", "style_transfer", "v1")
    execution = Execution.of([upload], plan, stack.results_bucket)
    ledger.claim(execution, [upload])
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
