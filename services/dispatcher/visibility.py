"""When a failed message comes again: later each time, so that an outage does not use them up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from services.core.observability import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import ChangeMessageVisibilityBatchRequestEntryTypeDef

BASE_DELAY = 4  # seconds; a hiccup is over by then
MAX_DELAY = 900  # seconds; after an outage of any length work goes on within a quarter of an hour
FOREIGN_DELAY = 0  # what nobody can ever read goes to the dead-letter queue without delay
_BATCH = 10  # entries that SQS takes in a call


@dataclass(frozen=True, slots=True)
class FailedMessage:
    """A message that SQS is to deliver again."""

    receipt_handle: str
    receive_count: int
    foreign: bool = False

    @property
    def delay(self) -> int:
        """Seconds until it comes again: doubling with each time it came."""
        if self.foreign:
            return FOREIGN_DELAY
        doublings = min(max(self.receive_count, 1) - 1, MAX_DELAY.bit_length())
        return min(BASE_DELAY << doublings, MAX_DELAY)


class Visibility:
    """Tells SQS when to deliver messages again.

    Parameters
    ----------
    client
        Gives the client of SQS when there is a failure; most invocations need none.
    queue_url
        The uploads queue.
    """

    def __init__(self, client: Callable[[], SQSClient], queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def postpone(self, messages: Sequence[FailedMessage]) -> None:
        """Set the delay of each message; where SQS refuses, the queue's own timeout stands."""
        for first in range(0, len(messages), _BATCH):
            entries: list[ChangeMessageVisibilityBatchRequestEntryTypeDef] = [
                {
                    "Id": str(number),
                    "ReceiptHandle": message.receipt_handle,
                    "VisibilityTimeout": message.delay,
                }
                for number, message in enumerate(messages[first : first + _BATCH])
            ]
            try:
                answer = self._client().change_message_visibility_batch(
                    QueueUrl=self._queue_url, Entries=entries
                )
            except (BotoCoreError, ClientError) as error:
                logger.warning("visibility unchanged", extra={"reason": str(error)})
                return
            for refusal in answer.get("Failed", []):
                logger.warning("visibility unchanged", extra={"reason": refusal.get("Message")})
