"""Metrics and log lines: the one place where the dispatcher tells what it did."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.core.clock import seconds_between, timestamp
from services.core.metrics import Dimension, Metric, Outcome
from services.core.observability import count, logger, observe_percent, observe_seconds
from services.dispatcher.report import Disposition

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from services.core.model import Notice
    from services.dispatcher.notifications import Ignored
    from services.dispatcher.report import Report
    from services.dispatcher.visibility import FailedMessage


@dataclass(frozen=True, slots=True)
class Invocation:
    """What came in with an invocation, and what goes back to the queue."""

    began: datetime
    notices: Sequence[Notice]
    ignored: Sequence[Ignored]
    failed: Sequence[FailedMessage]


def measure(invocation: Invocation, report: Report, *, max_uploads: int) -> None:
    """Publish the metrics of an invocation, zeros included, and log what is not as it should be."""
    _count(invocation, report)
    _time(invocation, report, max_uploads)
    _log(invocation, report)


def _count(invocation: Invocation, report: Report) -> None:
    foreign = sum(message.foreign for message in invocation.failed)
    counts = {
        Metric.UPLOADS_RECEIVED: len(invocation.notices),
        Metric.UPLOADS_IGNORED: len(invocation.ignored),
        Metric.UPLOADS_DUPLICATE: _duplicates(invocation, report),
        Metric.UPLOADS_LAUNCHED: report.count(Disposition.LAUNCHED),
        Metric.MESSAGES_FOREIGN: foreign,
        Metric.MESSAGES_FAILED: len(invocation.failed) - foreign,
        Metric.EXECUTIONS_LAUNCHED: len(report.launched),
        Metric.LAUNCH_ERRORS: report.launch_errors.total(),
        Metric.LAUNCH_RETRIES: report.launch_retries,
        Metric.LEDGER_ERRORS: report.ledger_errors,
    }
    for metric, value in counts.items():
        count(metric, value)
    for reason, value in Counter(rejection.code for rejection in report.rejections).items():
        count(Metric.UPLOADS_REJECTED, value, **{Dimension.REASON: reason})
    for code, value in report.launch_errors.items():
        count(Metric.LAUNCH_ERRORS, value, **{Dimension.CODE: code})
    answered = report.flyte_calls - report.flyte_unanswered
    count(Metric.FLYTE_CALLS, answered, **{Dimension.OUTCOME: Outcome.ANSWERED})
    count(Metric.FLYTE_CALLS, report.flyte_unanswered, **{Dimension.OUTCOME: Outcome.UNANSWERED})


def _duplicates(invocation: Invocation, report: Report) -> int:
    within = len(invocation.notices) - len({notice.id for notice in invocation.notices})
    return within + report.count(Disposition.DUPLICATE)


def _time(invocation: Invocation, report: Report, max_uploads: int) -> None:
    began = timestamp(invocation.began)
    observe_seconds(
        Metric.QUEUE_SECONDS,
        (
            seconds_between(notice.uploaded_at, began)
            for notice in {notice.id: notice for notice in invocation.notices}.values()
            if notice.uploaded_at and _launched(report, notice)
        ),
    )
    observe_seconds(Metric.LAUNCH_SECONDS, (launched.seconds for launched in report.launched))
    observe_percent(
        Metric.BATCH_FILL,
        (100 * len(launched.execution.uploads) / max_uploads for launched in report.launched),
    )


def _launched(report: Report, notice: Notice) -> bool:
    return report.outcomes[notice.id].disposition is Disposition.LAUNCHED


def _log(invocation: Invocation, report: Report) -> None:
    for ignored in invocation.ignored:
        logger.info("key ignored", extra={"key": ignored.key, "reason": ignored.why})
    for rejection in report.rejections:
        logger.info(
            "upload rejected",
            extra={
                "upload": rejection.notice.id,
                "code": rejection.code,
                "reason": rejection.reason,
            },
        )
    for launched in report.launched:
        execution = launched.execution
        logger.info(
            "execution launched",
            extra={"execution": execution.name, "uploads": list(execution.uploads)},
        )
    for upload, outcome in report.outcomes.items():
        if not outcome.disposition.done:
            logger.warning(
                "upload not dispatched",
                extra={
                    "upload": upload,
                    "execution": outcome.execution,
                    "reason": outcome.reason,
                },
            )
