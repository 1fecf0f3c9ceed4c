"""Metrics and log lines: the one place where the tracker tells what it saw."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from services.core.clock import seconds_between
from services.core.metrics import Age, Dimension, Metric, Outcome
from services.core.observability import count, logger, observe_seconds
from services.tracker.track import Sighting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.tracker.track import Report

# What a person has to look into; everything else goes its way.
TROUBLES = (Sighting.NOT_IN_FLYTE, Sighting.NOT_OURS, Sighting.UNREADABLE)
MISSED = (Sighting.UNREACHABLE, Sighting.NOT_SEEN)
NEWS = (Sighting.FINISHED, Sighting.NOT_IN_LEDGER)


def measure_patrol(reports: Sequence[Report]) -> dict[str, int]:
    """Tell what a patrol saw; zeros too, so that silence is not taken for health."""
    ages = Counter(Age.of(report.age) for report in reports)
    for age in Age:
        count(Metric.EXECUTIONS_IN_FLIGHT, ages[age], **{Dimension.AGE: age})
    unanswered = sum(report.sighting is Sighting.UNREACHABLE for report in reports)
    # What was missed for other reasons says nothing about Flyte.
    answered = sum(report.sighting not in MISSED for report in reports)
    count(Metric.FLYTE_CALLS, answered, **{Dimension.OUTCOME: Outcome.ANSWERED})
    count(Metric.FLYTE_CALLS, unanswered, **{Dimension.OUTCOME: Outcome.UNANSWERED})
    return _measure(reports)


def measure_arrivals(reports: Sequence[Report]) -> dict[str, int]:
    """Tell what came of records that arrived."""
    return _measure(reports)


def _measure(reports: Sequence[Report]) -> dict[str, int]:
    sightings = Counter(report.sighting for report in reports)
    count(Metric.EXECUTIONS_NOT_SEEN, sum(sightings[sighting] for sighting in MISSED))
    outcomes = [report.outcome for report in reports if report.outcome]
    uploads = [upload for report in reports for upload in report.ended]
    for execution_status, value in Counter(outcome.status for outcome in outcomes).items():
        count(Metric.EXECUTIONS_FINISHED, value, **{Dimension.STATUS: execution_status})
    for upload_status, value in Counter(upload.status for upload in uploads).items():
        count(Metric.UPLOADS_FINISHED, value, **{Dimension.STATUS: upload_status})
    observe_seconds(Metric.RUN_SECONDS, (report.seconds for report in reports if report.outcome))
    observe_seconds(
        Metric.UPLOAD_SECONDS,
        (
            seconds_between(each.uploaded_at, each.finished_at)
            for each in uploads
            if each.uploaded_at
        ),
    )
    pictures = [each for each in uploads if each.picture]
    observe_seconds(Metric.PAINT_SECONDS, (each.seconds for each in pictures))
    observe_seconds(Metric.CPU_SECONDS, (each.cpu_seconds for each in pictures))
    for report in reports:
        _log(report)
    return {str(sighting): value for sighting, value in sightings.items()}


def _log(report: Report) -> None:
    details: dict[str, object] = {"execution": report.execution, "detail": report.detail}
    if report.outcome:
        details["status"] = report.outcome.status
    for upload in report.ended:
        logger.info(
            "upload ended",
            extra={
                "upload": upload.id,
                "execution": upload.execution,
                "status": upload.status,
                "reason": upload.reason,
            },
        )
    message = f"execution {report.sighting.lower().replace('_', ' ')}"
    if report.sighting in TROUBLES:
        logger.error(message, extra=details)
    elif report.sighting in MISSED:
        logger.warning(message, extra=details)
    elif report.sighting in NEWS:
        logger.info(message, extra=details)
    else:
        logger.debug(message, extra=details)
