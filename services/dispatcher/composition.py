"""What the dispatcher is made of: the one place that knows all of its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.core.aws import Aws
from services.core.composition import flyte_admin, ledger
from services.core.model import LaunchPlan
from services.dispatcher.bucket import UploadsBucket
from services.dispatcher.dispatch import Dispatcher, Target
from services.dispatcher.intake import Intake
from services.dispatcher.processor import UploadsProcessor
from services.dispatcher.visibility import Visibility

if TYPE_CHECKING:
    from services.core.settings import DispatcherSettings


def compose(settings: DispatcherSettings) -> UploadsProcessor:
    """Make the dispatcher with its clients."""
    aws = Aws()
    intake = Intake(
        UploadsBucket(aws.s3, settings.uploads_bucket),
        default_style=settings.default_style,
        max_bytes=settings.max_upload_bytes,
    )
    target = Target(
        launch_plan=LaunchPlan(
            project=settings.flyte_project,
            domain=settings.flyte_domain,
            name=settings.flyte_launch_plan,
            version=settings.flyte_launch_plan_version,
        ),
        results=settings.results_bucket,
        max_uploads=settings.max_uploads_per_execution,
    )
    return UploadsProcessor(
        Dispatcher(ledger(settings, aws), flyte_admin(settings, aws), intake, target),
        Visibility(lambda: aws.sqs, settings.uploads_queue_url),
        bucket=settings.uploads_bucket,
        max_uploads=settings.max_uploads_per_execution,
    )
