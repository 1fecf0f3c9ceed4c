"""Messages: which come again, when, and what is told about it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.core.metrics import Metric
from services.dispatcher.visibility import BASE_DELAY, MAX_DELAY, FailedMessage
from tests.fakes.dispatcher import World, s3_record, sqs_message
from tests.fakes.faults import Fault


@pytest.fixture
def world() -> World:
    world = World()
    for name in "abc":
        world.s3.put(f"uploads/{name}.jpg")
    return world


def event(*messages: dict[str, Any]) -> dict[str, Any]:
    return {"Records": list(messages)}


def announce(*names: str, number: int = 1, receive_count: int = 1) -> dict[str, Any]:
    records = [s3_record(f"uploads/{name}.jpg") for name in names]
    return sqs_message({"Records": records}, number=number, receive_count=receive_count)


def failed(answer: dict[str, Any]) -> list[str]:
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


class TestAnswer:
    def test_names_no_message_when_all_went_well(self, world: World) -> None:
        assert world.handle(event(announce("a", "b"))) == {"batchItemFailures": []}

    def test_names_only_messages_that_failed(self, world: World) -> None:
        world.faults.plan("HeadObject", None, Fault.THROTTLED)

        answer = world.handle(event(announce("a", number=1), announce("b", number=2)))

        assert len(failed(answer)) == 1

    def test_names_a_message_when_one_of_its_uploads_failed(self, world: World) -> None:
        world.faults.plan("HeadObject", None, Fault.THROTTLED)

        answer = world.handle(event(announce("a", "b", "c")))

        assert failed(answer) == ["message-1"]
        assert len(world.launched_uploads()) == 2

    def test_names_each_message_once_when_all_failed(self, world: World) -> None:
        world.faults.plan("BatchGetItem", Fault.DENIED)

        answer = world.handle(event(announce("a", number=1), announce("a", number=2)))

        assert failed(answer) == ["message-1", "message-2"]

    @pytest.mark.parametrize(
        ("foreign", "reason"),
        [
            ({}, "has no list of Records"),
            ([], "has no list of Records"),
            ({"Records": None}, "has no list of Records"),
            ({"Records": [{"eventSource": "aws:s3"}]}, "not of aws:s3"),
            ({"Records": [{}]}, "not of an unnamed source"),
            ({"Records": [{"eventSource": "aws:sqs"}]}, "lacks messageId"),
        ],
    )
    def test_to_a_foreign_event_says_what_is_wrong(
        self, world: World, foreign: object, reason: str
    ) -> None:
        assert reason in world.handle(foreign)["error"]

    def test_to_no_messages_is_nothing(self, world: World) -> None:
        assert world.handle({"Records": []}) == {"batchItemFailures": []}


class TestVisibility:
    def test_of_a_failed_message_doubles_each_time_it_comes(self) -> None:
        delays = [FailedMessage("r", count).delay for count in range(1, 12)]

        assert delays[:4] == [BASE_DELAY, 8, 16, 32]
        assert delays[-1] == MAX_DELAY
        assert delays == sorted(delays)

    def test_of_any_receive_count_is_one_that_sqs_takes(self) -> None:
        assert all(0 <= FailedMessage("r", n).delay <= MAX_DELAY for n in (0, 1, 10**9))

    def test_is_set_for_what_failed_and_nothing_else(self, world: World) -> None:
        world.faults.plan("HeadObject", Fault.THROTTLED)
        good, bad = announce("a", number=1), announce("b", number=2, receive_count=3)

        world.handle(event(bad, good))

        assert world.sqs.delays == {"receipt-2": 16}

    def test_of_what_is_no_notification_is_none_so_that_it_is_dead_soon(self, world: World) -> None:
        world.handle(event(sqs_message("hello", receive_count=4)))

        assert world.sqs.delays == {"receipt-1": 0}

    def test_is_set_for_any_number_of_messages(self, world: World) -> None:
        messages = [sqs_message("hello", number=number) for number in range(25)]

        world.handle(event(*messages))

        assert len(world.sqs.delays) == 25

    def test_that_sqs_does_not_change_is_no_failure(self, world: World) -> None:
        world.faults.plan("ChangeMessageVisibilityBatch", Fault.DENIED)

        assert failed(world.handle(event(sqs_message("hello")))) == ["message-1"]


class TestMetrics:
    @pytest.fixture
    def told(self, world: World, capsys: pytest.CaptureFixture[str]) -> Any:
        """Handle an event and return what was told: values by metric and by what it is split."""
        from services.core.observability import metrics

        def handle(*messages: dict[str, Any]) -> dict[str, Any]:
            metrics.clear_metrics()
            world.handle(event(*messages))
            metrics.flush_metrics()
            values: dict[str, Any] = {}
            for line in map(json.loads, capsys.readouterr().out.splitlines()):
                (directive,) = line["_aws"]["CloudWatchMetrics"]
                assert directive["Namespace"] == "nst"
                for each in directive["Metrics"]:
                    split = [line[name] for name in directive["Dimensions"][0] if name != "service"]
                    values[" ".join([each["Name"], *split])] = line[each["Name"]]
            return values

        return handle

    def test_tell_the_way_of_uploads(self, told: Any) -> None:
        values = told(announce("a", "b", number=1), announce("a", number=2))

        assert values[Metric.UPLOADS_RECEIVED] == [3.0]
        assert values[Metric.UPLOADS_DUPLICATE] == [1.0]
        assert values[Metric.UPLOADS_LAUNCHED] == [2.0]
        assert values[Metric.EXECUTIONS_LAUNCHED] == [1.0]
        assert values[Metric.BATCH_FILL] == [pytest.approx(100 * 2 / 3)]
        assert len(values[Metric.QUEUE_SECONDS]) == 2
        assert len(values[Metric.LAUNCH_SECONDS]) == 1

    def test_tell_rejections_by_reason(self, world: World, told: Any) -> None:
        world.s3.put("uploads/empty.jpg", size=0)

        values = told(announce("empty"))

        assert values[f"{Metric.UPLOADS_REJECTED} empty"] == [1.0]

    def test_tell_launch_errors_by_code(self, world: World, told: Any) -> None:
        world.faults.plan("CreateExecution", *[Fault.THROTTLED] * 100)

        values = told(announce("a"))

        assert values[Metric.LAUNCH_ERRORS] == [1.0]
        assert values[f"{Metric.LAUNCH_ERRORS} RESOURCE_EXHAUSTED"] == [1.0]
        assert values[Metric.LAUNCH_RETRIES] == [5.0]
        assert values[Metric.MESSAGES_FAILED] == [1.0]

    def test_tell_how_often_flyte_did_not_answer(self, world: World, told: Any) -> None:
        # GIVEN a Flyte that does not answer, then refuses, and then does as it is told
        world.faults.plan("CreateExecution", Fault.TIMED_OUT, Fault.THROTTLED)

        values = told(announce("a"))

        assert values[f"{Metric.FLYTE_CALLS} unanswered"] == [1.0]
        assert values[f"{Metric.FLYTE_CALLS} answered"] == [2.0]
        assert values[Metric.LAUNCH_RETRIES] == [2.0]
        assert values[Metric.LAUNCH_ERRORS] == [0.0]

    def test_tell_zeros_so_that_alarms_have_something_to_look_at(self, told: Any) -> None:
        values = told(sqs_message("hello"))

        assert values[Metric.UPLOADS_LAUNCHED] == [0.0]
        assert values[Metric.MESSAGES_FOREIGN] == [1.0]
        assert values[Metric.MESSAGES_FAILED] == [0.0]
