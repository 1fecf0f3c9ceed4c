"""Reading the ledger: uploads, executions, and what is in flight. And how DynamoDB fails."""

from __future__ import annotations

import random
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from services.core.ledger_rows import (
    ExecutionRecord,
    Item,
    UploadRecord,
    execution_key,
    read_execution,
    read_upload,
    upload_key,
)
from services.core.model import ExecutionStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from mypy_boto3_dynamodb import DynamoDBClient

IN_FLIGHT_INDEX = "in-flight"
READ_CHUNK = 100  # keys that one BatchGetItem takes
UNPROCESSED_ROUNDS = 6  # at 50 ms, doubling: gives DynamoDB three seconds to find its breath
UNPROCESSED_PAUSE = 0.05

BEFORE_THE_END = (ExecutionStatus.CLAIMED, ExecutionStatus.LAUNCHED, ExecutionStatus.RUNNING)


class LedgerError(Exception):
    """DynamoDB did not do what it was asked, or did not say so; asking again is safe."""


class LedgerReader:
    """Reads the table; holds no state of its own and is safe to share by threads."""

    def __init__(
        self,
        client: DynamoDBClient,
        table: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._table = table
        self._sleep = sleep

    def uploads(self, ids: Iterable[str]) -> dict[str, UploadRecord]:
        """Read what is known of uploads, by id; an unknown one is absent. Strongly consistent."""
        keys = [upload_key(upload_id) for upload_id in dict.fromkeys(ids)]
        records = map(read_upload, self._read(keys))
        return {record.id: record for record in records}

    def executions(self, names: Iterable[str]) -> dict[str, ExecutionRecord]:
        """Read what is known of executions, by name; an unknown one is absent. Consistent."""
        keys = [execution_key(name) for name in dict.fromkeys(names)]
        records = map(read_execution, self._read(keys))
        return {record.name: record for record in records}

    def in_flight_executions(self, limit: int = 1000) -> list[ExecutionRecord]:
        """Read the executions that are not finished, the longest unheard-of first."""
        keys: list[Item] = []
        start: dict[str, Any] = {}
        while len(keys) < limit:
            with translated("list executions in flight"):
                page = self._client.query(
                    TableName=self._table,
                    IndexName=IN_FLIGHT_INDEX,
                    KeyConditionExpression="in_flight = :yes",
                    ExpressionAttributeValues={":yes": {"S": "yes"}},
                    Limit=limit - len(keys),
                    **start,
                )
            keys += [{"pk": item["pk"]} for item in page["Items"]]
            if not (last := page.get("LastEvaluatedKey")):
                break
            start = {"ExclusiveStartKey": last}
        found = {record.name: record for record in map(read_execution, self._read(keys))}
        names = (key["pk"]["S"].removeprefix("execution#") for key in keys)
        # The index lags behind the table, which alone knows what is really unfinished.
        return [
            found[name] for name in names if name in found and found[name].status in BEFORE_THE_END
        ]

    def _read(self, keys: Sequence[Item]) -> Iterator[Item]:
        for first in range(0, len(keys), READ_CHUNK):
            yield from self._read_chunk(list(keys[first : first + READ_CHUNK]))

    def _read_chunk(self, keys: list[Any]) -> Iterator[Item]:
        for attempt in range(UNPROCESSED_ROUNDS):
            if attempt:
                self._sleep(UNPROCESSED_PAUSE * 2**attempt * random.uniform(0.5, 1))  # noqa: S311
            with translated("read rows"):
                answer = self._client.batch_get_item(
                    RequestItems={self._table: {"Keys": keys, "ConsistentRead": True}}
                )
            yield from answer["Responses"].get(self._table, [])
            unread = answer.get("UnprocessedKeys", {})
            keys = list(unread[self._table]["Keys"]) if self._table in unread else []
            if not keys:
                return
        message = f"the ledger left {len(keys)} rows unread: DynamoDB throttles"
        raise LedgerError(message)


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Let a failed condition through as itself, and tell every other error in ledger's words."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] in _CONDITIONS:
            raise
        message = f"the ledger could not {what}: {error}"
        raise LedgerError(message) from error
    except BotoCoreError as error:
        message = f"the ledger could not {what}: {error}"
        raise LedgerError(message) from error


_CONDITIONS = ("ConditionalCheckFailedException", "TransactionCanceledException")
