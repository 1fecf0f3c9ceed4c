"""Entry point of the tracker: made once per container, called for records and each minute."""

from __future__ import annotations

from typing import Any

from services.core.aws import Aws
from services.core.composition import flyte_admin, ledger
from services.core.observability import logger, observed
from services.core.settings import TrackerSettings, load
from services.tracker.bucket import ResultsBucket
from services.tracker.events import Arrivals, Foreign, Patrol, describe, read_event
from services.tracker.measure import measure_arrivals, measure_patrol
from services.tracker.track import Tracker


def compose(settings: TrackerSettings) -> Tracker:
    """Make the tracker with its clients."""
    aws = Aws()
    results = ResultsBucket(aws.s3, settings.results_bucket)
    return Tracker(ledger(settings, aws), flyte_admin(settings, aws), results)


settings = load(TrackerSettings)
tracker = compose(settings)


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Bring uploads and executions to their end in the ledger; returns what was seen how often."""
    match read_event(event, settings.results_bucket):
        case Arrivals(uploads, executions):
            reports = [tracker.result_arrived(upload) for upload in uploads]
            reports += [tracker.manifest_arrived(name) for name in executions]
            return measure_arrivals(reports)
        case Patrol():
            return measure_patrol(
                tracker.patrol(lambda: context.get_remaining_time_in_millis() / 1000)
            )
        case Foreign(reason):
            logger.warning("event dropped", extra={"reason": reason, "shape": describe(event)})
    return measure_arrivals([])
