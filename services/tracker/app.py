"""Entry point of the tracker: made once per container, called for manifests and each minute."""

from __future__ import annotations

from typing import Any

from services.core.aws import Aws
from services.core.composition import flyte_admin, ledger
from services.core.observability import logger, observed
from services.core.settings import TrackerSettings, load
from services.tracker.events import Arrivals, Foreign, Patrol, describe, read_event
from services.tracker.manifest import S3Manifests
from services.tracker.measure import measure_arrivals, measure_patrol
from services.tracker.track import Tracker


def compose(settings: TrackerSettings) -> Tracker:
    """Make the tracker with its clients."""
    aws = Aws()
    manifests = S3Manifests(aws.s3, settings.results_bucket)
    return Tracker(ledger(settings, aws), flyte_admin(settings, aws), manifests)


settings = load(TrackerSettings)
tracker = compose(settings)


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Bring executions to their end in the ledger; returns how many were seen in which way."""
    match read_event(event, settings.results_bucket):
        case Arrivals(executions):
            return measure_arrivals([tracker.arrived(name) for name in executions])
        case Patrol():
            return measure_patrol(
                tracker.patrol(lambda: context.get_remaining_time_in_millis() / 1000)
            )
        case Foreign(reason):
            logger.warning("event dropped", extra={"reason": reason, "shape": describe(event)})
    return measure_arrivals([])
