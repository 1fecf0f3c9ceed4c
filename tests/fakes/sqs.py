"""A queue that remembers how long its messages were told to stay away."""

from __future__ import annotations

from typing import Any

from tests.fakes.aws_errors import fault_error
from tests.fakes.faults import Faults


class FakeSqs:
    """Stands where boto3's client does."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.delays: dict[str, int] = {}  # by receipt handle

    def change_message_visibility_batch(self, **request: Any) -> dict[str, Any]:
        assert 1 <= len(request["Entries"]) <= 10

        def change() -> dict[str, Any]:
            for entry in request["Entries"]:
                self.delays[entry["ReceiptHandle"]] = entry["VisibilityTimeout"]
            return {"Successful": [{"Id": entry["Id"]} for entry in request["Entries"]]}

        return self.faults.strike(
            "ChangeMessageVisibilityBatch",
            change,
            lambda fault: fault_error(fault, "ChangeMessageVisibilityBatch"),
        )
