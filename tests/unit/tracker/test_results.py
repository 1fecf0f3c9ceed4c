"""Uploads end when their own result arrives, not when their batch does."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.flyte import Phase
from services.core.model import ExecutionStatus, UploadStatus
from services.tracker.track import Report, Sighting, Tracker
from tests.fakes import dispatcher
from tests.fakes.faults import Crash, Fault
from tests.unit.tracker.world import (
    WRITTEN_AT,
    FakeResults,
    World,
    execution,
    in_phase,
    manifest,
    result,
)

RANKS = {"CLAIMED": 0, "LAUNCHED": 1, "RUNNING": 2, "SUCCEEDED": 3, "FAILED": 3, "REJECTED": 3}


def test_a_result_ends_its_upload_at_once() -> None:
    # GIVEN an execution of two uploads, one of which is painted
    world = World(execution())
    world.results.put_result("a")

    # WHEN its result arrives
    report = world.tracker.result_arrived("a")

    # THEN this upload has ended, with its picture, when the result was written
    upload = world.upload("a")
    assert upload.status is UploadStatus.SUCCEEDED
    assert (upload.picture, upload.seconds) == ("results/a/stylized.jpg", 12.5)
    assert upload.finished_at == WRITTEN_AT
    assert report.ended == (upload,)

    # AND the rest of the batch is known to run
    assert world.execution() is ExecutionStatus.RUNNING
    assert world.upload("b").status is UploadStatus.RUNNING


def test_a_result_may_be_a_rejection() -> None:
    world = World(execution())
    world.results.put_result("a", result("a", status="REJECTED", reason="no photo", picture=""))

    world.tracker.result_arrived("a")

    upload = world.upload("a")
    assert (upload.status, upload.reason) == (UploadStatus.REJECTED, "no photo")


def test_a_second_notification_ends_nothing_twice() -> None:
    # GIVEN an upload whose result has been read
    world = World(execution())
    world.results.put_result("a")
    world.tracker.result_arrived("a")
    before = dict(world.dynamodb.rows)

    # WHEN the same notification comes again
    report = world.tracker.result_arrived("a")

    # THEN nothing has changed, and nothing is counted
    assert world.dynamodb.rows == before
    assert report.ended == ()


@pytest.mark.parametrize("name", ["by-hand", "nst-two"])
def test_a_result_of_another_execution_changes_nothing(name: str) -> None:
    # GIVEN an upload that was painted by hand, or by an execution of the ledger that it is not in
    world = World(execution(), execution("nst-two", "c"))
    world.results.put_result("a", result("a", execution=name))
    before = dict(world.dynamodb.rows)

    # WHEN that result arrives
    report = world.tracker.result_arrived("a")

    # THEN the ledger is as it was
    assert report.sighting is Sighting.NOT_IN_LEDGER
    assert world.dynamodb.rows == before


@pytest.mark.parametrize("content", [None, b"?", result("b")])
def test_an_unreadable_result_is_left_to_the_manifest(content: bytes | None) -> None:
    # GIVEN a result that is gone, nonsense, or another upload's
    world = World(execution())
    if content:
        world.results.put_result("a", content)

    # WHEN it is announced
    report = world.tracker.result_arrived("a")

    # THEN the upload goes on, and there is something to log
    assert report.sighting is Sighting.UNREADABLE
    assert report.detail
    assert world.upload("a").status is UploadStatus.LAUNCHED


def test_a_result_after_the_end_of_its_execution_changes_nothing() -> None:
    # GIVEN an execution that failed before the result of an upload was announced
    world = World(execution(), flyte=in_phase(Phase.ABORTED))
    world.patrol()
    world.results.put_result("a")

    # WHEN it is announced
    report = world.tracker.result_arrived("a")

    # THEN the first end told is the end
    assert report.sighting is Sighting.FINISHED_BEFORE
    assert world.upload("a").status is UploadStatus.FAILED


def test_the_manifest_ends_only_what_has_not_ended() -> None:
    # GIVEN an upload that has ended by its result
    world = World(execution())
    world.results.put_result("a")
    world.tracker.result_arrived("a")

    # WHEN the manifest arrives
    world.results.put_manifest()
    report = world.tracker.manifest_arrived("nst-one")

    # THEN it ends the other one; the first keeps its time
    assert [upload.id for upload in report.ended] == ["b"]
    assert world.upload("a").finished_at == WRITTEN_AT
    assert world.execution() is ExecutionStatus.SUCCEEDED


def test_a_redelivery_finishes_what_a_result_overtook() -> None:
    # GIVEN a dispatcher that died between the launch and its note of it
    world = dispatcher.World()
    keys = ("uploads/one.jpg", "uploads/two.jpg")
    for key in keys:
        world.s3.put(key)
    one, two = (dispatcher.notice(key).id for key in keys)
    messages = [
        dispatcher.sqs_message({"Records": [dispatcher.s3_record(key)]}, number=number)
        for number, key in enumerate(keys)
    ]
    world.faults.plan("UpdateItem", Fault.CRASHED)
    with pytest.raises(Crash):
        world.handle({"Records": messages})

    # AND a picture that is painted all the same
    (name,) = world.flyte.created
    results = FakeResults()
    results.put_result(one, result(one, execution=name))
    Tracker(world.ledger, world.flyte, results).result_arrived(one)
    assert world.record(one).status is UploadStatus.SUCCEEDED
    assert world.record(two).status is UploadStatus.CLAIMED

    # WHEN the messages are delivered again
    answer = world.handle({"Records": messages})

    # THEN both are done, the other upload is launched, and nothing went back or ran twice
    assert answer["batchItemFailures"] == []
    assert world.record(one).status is UploadStatus.SUCCEEDED
    assert world.record(two).status is UploadStatus.LAUNCHED
    assert sorted(world.launched_uploads()) == sorted([one, two])


def launched(world: World) -> list[Report]:
    """The dispatcher gets to its note of the launch."""
    world.ledger.mark_launched(execution(uploads="abc"))
    return []


STEPS: dict[str, Callable[[World], list[Report]]] = {
    "a arrives": lambda world: [world.tracker.result_arrived("a")],
    "b arrives": lambda world: [world.tracker.result_arrived("b")],
    "a stray": lambda world: [world.tracker.result_arrived("c")],
    "manifest": lambda world: [world.tracker.manifest_arrived("nst-one")],
    "patrol": lambda world: world.patrol(),
    "launched": launched,
}


@given(
    st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.none() | st.integers(0, 6))),
    st.booleans(),
)
def test_in_whatever_order_news_come_each_upload_ends_once_and_as_its_result_says(
    steps: list[tuple[str, int | None]], has_manifest: bool
) -> None:
    # GIVEN a batch of which one picture was painted, one rejected and one killed
    world = World(
        execution(uploads="abc"), status=ExecutionStatus.CLAIMED, flyte=in_phase(Phase.RUNNING)
    )
    rejected = {"status": "REJECTED", "picture": ""}
    world.results.put_result("a")
    world.results.put_result("b", result("b", **rejected))
    if has_manifest:
        content = json.loads(manifest(uploads="abc", status="FAILED"))
        content["uploads"][1] |= rejected
        content["uploads"][2] |= {"status": "FAILED", "picture": ""}
        world.results.put_manifest(json.dumps(content).encode())

    # WHEN the news of it come in any order and number, and some of their readers die
    ended: Counter[str] = Counter()
    for step, writes_before_death in steps:
        if writes_before_death is not None:
            crash = [None] * writes_before_death + [Fault.CRASHED]
            world.dynamodb.faults.plan("UpdateItem", *crash)
        try:
            reports = STEPS[step](world)
        except Crash:
            reports = []
        world.dynamodb.faults.heal()
        ended.update(upload.id for report in reports for upload in report.ended)

    # AND the last is that Flyte has aborted the execution
    world.flyte.answers = in_phase(Phase.ABORTED).answers
    ended.update(upload.id for report in world.patrol() for upload in report.ended)

    # THEN each upload has the end that it came to, and nothing ever went back
    assert world.statuses("abc") == ["SUCCEEDED", "REJECTED", "FAILED"]
    assert world.execution() is ExecutionStatus.FAILED
    assert world.ledger.in_flight_executions() == []
    for versions in world.dynamodb.history.values():
        ranks = [RANKS[version["status"]["S"]] for version in versions]
        assert ranks == sorted(ranks)

    # AND it was told once, or not at all by a reader that died
    assert set(ended.values()) <= {1}
    if all(death is None for _, death in steps):
        assert set(ended) == set("abc")
