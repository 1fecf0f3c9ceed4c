"""Every upload is launched in exactly one execution, whatever fails, in whatever order.

A state machine plays an account: uploads, duplicates, deliveries in any order and grouping, and
for each delivery any plan of faults, rival dispatchers and deaths between any two calls.
"""

from __future__ import annotations

import random
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.core.model import upload_id
from tests.fakes.dispatcher import BUCKET, World, s3_record, sqs_message
from tests.fakes.faults import Crash, Fault

OPERATIONS = (
    "BatchGetItem",
    "TransactWriteItems",
    "PutItem",
    "UpdateItem",
    "CreateExecution",
    "GetExecution",
    "HeadObject",
    "ListObjectsV2",
    "ChangeMessageVisibilityBatch",
)
RANKS = {
    "CLAIMED": 0,
    "LAUNCHED": 1,
    "RUNNING": 2,
    "SUCCEEDED": 3,
    "FAILED": 3,
    "REJECTED": 3,
}
METADATA = st.sampled_from(
    [{}, {"style": "waves"}, {"size": "256"}, {"style": "unheard-of"}, {"strength": "7"}]
)
RIVAL = "a rival gets there first"
TROUBLE = st.one_of(st.none(), st.sampled_from([*Fault, RIVAL]))
PLANS = st.dictionaries(st.sampled_from(OPERATIONS), st.lists(TROUBLE, max_size=8), max_size=4)


class Account(RuleBasedStateMachine):
    @initialize()
    def open(self) -> None:
        self.world = World(max_uploads=2)
        self.queue: dict[int, list[dict[str, Any]]] = {}
        self.bodies: list[list[dict[str, Any]]] = []
        self.uploads: set[str] = set()
        self.sent = 0

    def _send(self, records: list[dict[str, Any]]) -> None:
        self.sent += 1
        self.queue[self.sent] = records

    @rule(metadata=st.lists(METADATA, min_size=1, max_size=3))
    def upload(self, metadata: list[dict[str, str]]) -> None:
        records = []
        for each in metadata:
            key = f"uploads/{len(self.uploads)}.jpg"
            self.world.s3.put(key, metadata=each)
            self.uploads.add(upload_id(BUCKET, key, version_id="v1"))
            records.append(s3_record(key))
        self.bodies.append(records)
        self._send(records)

    @rule(which=st.integers(min_value=0))
    def duplicate(self, which: int) -> None:
        if self.bodies:
            self._send(self.bodies[which % len(self.bodies)])

    @rule(order=st.randoms(use_true_random=False), plan=PLANS, share=st.floats(0.1, 1))
    def deliver(self, order: random.Random, plan: dict[str, list[Any]], share: float) -> None:
        if not self.queue:
            return
        numbers = list(self.queue)
        order.shuffle(numbers)
        numbers = numbers[: max(1, round(share * len(numbers)))]
        for operation, troubles in plan.items():
            rival = self._rival(order.sample(numbers, 1 + len(numbers) // 2))
            faults = [rival if trouble == RIVAL else trouble for trouble in troubles]
            self.world.faults.plan(operation, *faults)
        self._deliver(numbers)

    @rule(order=st.randoms(use_true_random=False))
    def race(self, order: random.Random) -> None:
        self.deliver(order=order, plan={"TransactWriteItems": [RIVAL]}, share=1.0)

    def _rival(self, numbers: list[int]) -> Any:
        """Another container gets some of the messages too, and is through before us."""

        def interlude() -> None:
            with self.world.faults.suspended():
                self.world.handle(self._event(numbers))

        return interlude

    def _event(self, numbers: list[int]) -> dict[str, Any]:
        messages = [sqs_message({"Records": self.queue[n]}, number=n) for n in numbers]
        return {"Records": messages}

    def _deliver(self, numbers: list[int]) -> None:
        try:
            answer = self.world.handle(self._event(numbers))
        except Crash:
            return  # SQS delivers all of them again
        finally:
            self.world.faults.heal()
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        for number in numbers:
            if f"message-{number}" not in failed:
                self._check_done(self.queue.pop(number))

    def _check_done(self, records: list[dict[str, Any]]) -> None:
        """A message is deleted only when each of its uploads is launched or rejected."""
        for record in records:
            key = record["s3"]["object"]["key"]
            found = self.world.record(upload_id(BUCKET, key, version_id="v1"))
            assert found.status in ("LAUNCHED", "REJECTED")

    @invariant()
    def no_upload_is_launched_twice(self) -> None:
        launched = self.world.launched_uploads()
        assert len(launched) == len(set(launched))

    @invariant()
    def nothing_goes_back(self) -> None:
        for versions in self.world.dynamodb.history.values():
            ranks = [RANKS[version["status"]["S"]] for version in versions]
            assert ranks == sorted(ranks)

    @invariant()
    def what_is_launched_was_written_down_before(self) -> None:
        known = self.world.ledger.executions(self.world.flyte.created)
        for name, execution in self.world.flyte.created.items():
            assert known[name].execution == execution

    def teardown(self) -> None:
        """Once all is well again, redelivery completes everything."""
        self.world.faults.heal()
        if self.queue:
            self._deliver(list(self.queue))
        assert not self.queue
        records = self.world.ledger.uploads(self.uploads)
        assert set(records) == self.uploads
        launched = {i for i, record in records.items() if record.status == "LAUNCHED"}
        rejected = {i for i, record in records.items() if record.status == "REJECTED"}
        assert launched | rejected == self.uploads
        assert launched == set(self.world.launched_uploads())
        executions = self.world.ledger.executions(
            r.execution for r in records.values() if r.execution
        )
        assert set(executions) == set(self.world.flyte.created)
        assert all(record.status == "LAUNCHED" for record in executions.values())


TestExactlyOnce = Account.TestCase
TestExactlyOnce.settings = settings(
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],  # a busy machine is no finding
)
