"""One DynamoDB table in memory: the calls and the expressions that the ledger uses, no more."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any

from tests.fakes import aws_errors
from tests.fakes.aws_errors import client_error, fault_error
from tests.fakes.faults import Fault, Faults

Item = dict[str, Any]


class FakeDynamoDB:
    """Stands where boto3's client does. `history` keeps every version of every row."""

    exceptions = aws_errors  # both name the classes alike

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.rows: dict[str, Item] = {}
        self.history: dict[str, list[Item]] = {}
        self.reads_to_leave_unprocessed = 0

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> Item:  # noqa: N803
        ((table, request),) = RequestItems.items()
        keys = request["Keys"]
        assert len(keys) <= 100
        assert len({key["pk"]["S"] for key in keys}) == len(keys)
        assert request["ConsistentRead"]

        def read() -> Item:
            left = keys[1:] if self.reads_to_leave_unprocessed else []
            self.reads_to_leave_unprocessed = max(0, self.reads_to_leave_unprocessed - 1)
            asked = [key["pk"]["S"] for key in keys if key not in left]
            found = [deepcopy(self.rows[pk]) for pk in asked if pk in self.rows]
            unprocessed = {table: {"Keys": left}} if left else {}
            return {"Responses": {table: found}, "UnprocessedKeys": unprocessed}

        return self._call("BatchGetItem", read)

    def put_item(self, **put: Any) -> Item:
        def write() -> Item:
            if not self._is_new(put):
                raise client_error("ConditionalCheckFailedException", "PutItem")
            self._store(put["Item"])
            return {}

        return self._call("PutItem", write)

    def transact_write_items(self, *, TransactItems: list[Any]) -> Item:  # noqa: N803
        assert len(TransactItems) <= 100
        puts = [item["Put"] for item in TransactItems]

        def write() -> Item:
            codes = ["None" if self._is_new(put) else "ConditionalCheckFailed" for put in puts]
            if set(codes) != {"None"}:
                reasons = [{"Code": code} for code in codes]
                raise client_error(
                    "TransactionCanceledException",
                    "TransactWriteItems",
                    CancellationReasons=reasons,
                )
            for put in puts:
                self._store(put["Item"])
            return {}

        return self._call("TransactWriteItems", write)

    def update_item(self, **update: Any) -> Item:
        def write() -> Item:
            row = self.rows.get(update["Key"]["pk"]["S"], {})
            names, values = (
                update["ExpressionAttributeNames"],
                update["ExpressionAttributeValues"],
            )
            allowed = re.fullmatch(r"#status IN \((.*)\)", update["ConditionExpression"])
            assert allowed is not None
            if row.get("status") not in [values[name] for name in allowed[1].split(", ")]:
                raise client_error("ConditionalCheckFailedException", "UpdateItem")
            changed = deepcopy(row)
            setting, _, removing = (
                update["UpdateExpression"].removeprefix("SET ").partition(" REMOVE ")
            )
            for assignment in setting.split(", "):
                name, value = assignment.split(" = ")
                changed[names[name]] = values[value]
            for name in filter(None, removing.split(", ")):
                changed.pop(names[name], None)
            self._store(changed)
            return {"Attributes": deepcopy(changed)}

        return self._call("UpdateItem", write)

    def query(self, **query: Any) -> Item:
        assert query["IndexName"] == "in-flight"
        flying = [row for row in self.rows.values() if "in_flight" in row]
        flying.sort(key=lambda row: (row["updated_at"]["S"], row["pk"]["S"]))
        start = query.get("ExclusiveStartKey")
        first = 1 + [row["pk"] for row in flying].index(start["pk"]) if start else 0
        page = flying[first : first + min(query["Limit"], 2)]  # small, so that pages turn
        answer: Item = {"Items": [{"pk": row["pk"]} for row in page]}
        if first + len(page) < len(flying):
            answer["LastEvaluatedKey"] = {"pk": page[-1]["pk"]}
        return self._call("Query", lambda: answer)

    def _is_new(self, put: Any) -> bool:
        assert put["ConditionExpression"] == "attribute_not_exists(pk)"
        return put["Item"]["pk"]["S"] not in self.rows

    def _store(self, item: Item) -> None:
        pk = item["pk"]["S"]
        self.rows[pk] = deepcopy(item)
        self.history.setdefault(pk, []).append(self.rows[pk])

    def _call(self, operation: str, act: Any) -> Item:
        def error(fault: Fault) -> Exception:
            return fault_error(fault, operation)

        answer: Item = self.faults.strike(operation, act, error)
        return answer
