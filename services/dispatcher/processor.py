"""A batch of messages as one unit: Powertools reads and reports each, we dispatch them together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from services.core.clock import Clock, utc_now
from services.core.observability import logger
from services.dispatcher.budget import Budget, LambdaContext
from services.dispatcher.measure import Invocation, measure
from services.dispatcher.notifications import (
    ForeignMessageError,
    Notification,
    read_notification,
)
from services.dispatcher.visibility import FailedMessage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from services.core.model import Notice
    from services.dispatcher.report import Report


class Dispatcher(Protocol):
    """The port to the protocol; see `services.dispatcher.dispatch.Dispatcher`."""

    def dispatch(self, notices: Iterable[Notice], budget: Budget) -> Report:
        """Launch what is new, finish what was begun, leave what is done."""


class Visibility(Protocol):
    """The port to SQS; see `services.dispatcher.visibility.Visibility`."""

    def postpone(self, messages: Sequence[FailedMessage]) -> None:
        """Set the delay of each message."""


class UploadNotDispatchedError(Exception):
    """Some uploads of a message are not launched; the message has to come again."""


class UploadsProcessor(BatchProcessor):
    """Reads each message on its own, dispatches the uploads of all, and attributes what fails.

    Parameters
    ----------
    dispatcher, visibility
        What does the work.
    bucket
        The uploads bucket, whose notifications are taken.
    max_uploads
        What a full batch has.
    clock
        Tells the time.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        visibility: Visibility,
        *,
        bucket: str,
        max_uploads: int,
        clock: Clock = utc_now,
    ) -> None:
        # That all messages fail is how an outage of Flyte looks: it is counted and retried, and
        # Lambda's own error count is kept for what we did not foresee.
        super().__init__(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
        self._dispatcher = dispatcher
        self._visibility = visibility
        self._bucket = bucket
        self._max_uploads = max_uploads
        self._clock = clock

    def read(self, record: SQSRecord) -> Notification:
        """Read one message; what this raises fails that message alone."""
        return read_notification(record.body, bucket=self._bucket)

    def process(self) -> list[tuple[Any, ...]]:
        """Process the batch: read each message, dispatch all uploads, report each message."""
        began = self._clock()
        results = super().process()
        read = [result[1] for result in results if result[0] == "success"]
        notices = [notice for notification in read for notice in notification.notices]
        report = self._dispatcher.dispatch(notices, Budget.of(self.lambda_context))
        for index, (status, notification, record) in enumerate(results):
            if status == "success" and (error := _failure(notification, report)):
                self.success_messages.remove(record)
                failure = (type(error), error, error.__traceback__)
                results[index] = self.failure_handler(SQSRecord(record), failure)
        failed = self._failed_messages()
        self._visibility.postpone(failed)
        ignored = [each for notification in read for each in notification.ignored]
        measure(Invocation(began, notices, ignored, failed), report, max_uploads=self._max_uploads)
        return results

    def _failed_messages(self) -> list[FailedMessage]:
        records = cast("list[SQSRecord]", self.fail_messages)
        return [
            _failed_message(record, error)
            for record, (_, error, _) in zip(records, self.exceptions, strict=True)
        ]


def _failed_message(record: SQSRecord, error: BaseException | None) -> FailedMessage:
    if foreign := isinstance(error, ForeignMessageError):
        logger.warning(
            "message is no S3 notification",
            extra={"message_id": record.message_id, "reason": str(error)},
        )
    return FailedMessage(
        receipt_handle=record.receipt_handle,
        receive_count=int(record.attributes.approximate_receive_count),
        foreign=foreign,
    )


def _failure(notification: Notification, report: Report) -> UploadNotDispatchedError | None:
    open_ends = [
        f"{notice.id}: {outcome.reason}"
        for notice in notification.notices
        if not (outcome := report.outcomes[notice.id]).disposition.done
    ]
    return UploadNotDispatchedError("; ".join(open_ends)) if open_ends else None


def answer(
    event: dict[str, Any], context: LambdaContext, processor: UploadsProcessor
) -> dict[str, Any]:
    """Answer an event: which messages are to come again, or why this is no event for us."""
    if problem := _not_from_sqs(event):
        logger.error("event refused", extra={"reason": problem})
        return {"error": problem}
    if not event["Records"]:
        return {"batchItemFailures": []}
    response = process_partial_response(event, processor.read, processor, context)  # type: ignore[arg-type]
    return dict(response)


def _not_from_sqs(event: object) -> str:
    expected = "this function takes batches of SQS messages, like those in events/"
    if not isinstance(event, dict) or not isinstance(event.get("Records"), list):
        return f"{expected}: the event has no list of Records"
    for record in event["Records"]:
        source = record.get("eventSource") if isinstance(record, dict) else None
        if source != "aws:sqs":
            return f"{expected}, not of {source or 'an unnamed source'}"
        if missing := [name for name in _MESSAGE_PARTS if name not in record]:
            return f"{expected}: a message lacks {', '.join(missing)}"
    return ""


_MESSAGE_PARTS = ("messageId", "receiptHandle", "body", "attributes")
