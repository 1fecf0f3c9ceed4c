"""The protocol, one accident at a time. `test_exactly_once` plays them all together."""

from __future__ import annotations

import pytest

from services.core.model import UploadStatus
from services.dispatcher.budget import Budget
from services.dispatcher.report import Disposition, Report
from tests.fakes.dispatcher import World, notice
from tests.fakes.faults import Crash, Fault

KEYS = [f"uploads/{number}.jpg" for number in range(3)]


@pytest.fixture
def world() -> World:
    world = World(max_uploads=3)
    for key in KEYS:
        world.s3.put(key)
    return world


def dispatch(world: World, *keys: str, seconds: float = 60.0) -> Report:
    notices = [notice(key) for key in keys or KEYS]
    return world.dispatcher().dispatch(notices, Budget(seconds))


def dispositions(report: Report) -> set[Disposition]:
    return {outcome.disposition for outcome in report.outcomes.values()}


def assert_launched_once(world: World) -> None:
    ids = sorted(notice(key).id for key in KEYS)
    assert sorted(world.launched_uploads()) == ids
    assert {world.record(upload).status for upload in ids} == {UploadStatus.LAUNCHED}
    executions = world.ledger.executions(world.flyte.created)
    assert {record.status for record in executions.values()} == {"LAUNCHED"}


def test_uploads_alike_are_launched_together(world: World) -> None:
    report = dispatch(world)

    assert dispositions(report) == {Disposition.LAUNCHED}
    assert len(world.flyte.created) == 1
    assert_launched_once(world)


def test_uploads_that_were_launched_are_left_alone(world: World) -> None:
    dispatch(world)
    calls = list(world.flyte.calls)

    report = dispatch(world)

    assert dispositions(report) == {Disposition.DUPLICATE}
    assert world.flyte.calls == calls


def test_a_rejection_is_told_once(world: World) -> None:
    world.s3.put("uploads/empty.jpg", size=0)

    first, second = (dispatch(world, "uploads/empty.jpg") for _ in range(2))

    assert dispositions(first) == {Disposition.REJECTED}
    assert dispositions(second) == {Disposition.DUPLICATE}
    assert second.rejections == []


@pytest.mark.parametrize(
    "accident",
    [
        ("TransactWriteItems", Fault.CRASHED_AFTER),  # claimed, not launched
        ("CreateExecution", Fault.CRASHED),
        ("CreateExecution", Fault.CRASHED_AFTER),  # launched, not written down
        ("UpdateItem", Fault.CRASHED),
        ("UpdateItem", Fault.CRASHED_AFTER),  # the execution is marked, its uploads are not
    ],
    ids=lambda accident: f"{accident[0]}-{accident[1].name}",
)
def test_a_death_is_made_good_by_the_redelivery(world: World, accident: tuple[str, Fault]) -> None:
    world.faults.plan(*accident)
    with pytest.raises(Crash):
        dispatch(world)

    report = dispatch(world)

    assert dispositions(report) == {Disposition.LAUNCHED}
    assert len(world.flyte.created) == 1
    assert_launched_once(world)


def test_a_claimed_batch_is_finished_as_it_was_claimed(world: World) -> None:
    # GIVEN two uploads that were claimed together, and a launch that never came
    world.faults.plan("TransactWriteItems", Fault.CRASHED_AFTER)
    with pytest.raises(Crash):
        dispatch(world, *KEYS[:2])

    # WHEN one of them comes again, in the company of a third
    dispatch(world, *KEYS[1:])

    # THEN the two went together all the same, and the third alone
    sizes = sorted(len(execution.uploads) for execution in world.flyte.created.values())
    assert sizes == [1, 2]
    assert_launched_once(world)


def test_a_claim_that_was_made_without_an_answer_is_found_again(world: World) -> None:
    world.faults.plan("TransactWriteItems", Fault.TIMED_OUT_AFTER)

    first = dispatch(world)
    second = dispatch(world)

    assert dispositions(first) == {Disposition.FAILED}
    assert dispositions(second) == {Disposition.LAUNCHED}
    assert_launched_once(world)


def test_a_race_lost_for_one_upload_loses_no_other(world: World) -> None:
    # GIVEN a rival that claims one of our uploads just before we claim all
    def rival() -> None:
        with world.faults.suspended():
            dispatch(world, KEYS[0])

    world.faults.plan("TransactWriteItems", rival)

    report = dispatch(world)

    # THEN the others are grouped anew and launched
    assert report.outcomes[notice(KEYS[0]).id].disposition is Disposition.DUPLICATE
    assert report.count(Disposition.LAUNCHED) == 2
    assert_launched_once(world)


def test_an_outage_of_flyte_asks_once_for_all_and_claims_no_more_than_it_must(
    world: World,
) -> None:
    for number in range(5):
        world.s3.put(f"uploads/small-{number}.jpg", metadata={"size": str(100 + number)})
    keys = [f"uploads/small-{number}.jpg" for number in range(5)]
    world.faults.plan("CreateExecution", *[Fault.TIMED_OUT] * 1000)

    report = dispatch(world, *keys)

    assert dispositions(report) == {Disposition.FAILED}
    assert len(world.ledger.uploads(notice(key).id for key in keys)) == 1
    assert report.launch_errors == {"DEADLINE_EXCEEDED": 1}


def test_what_flyte_will_never_take_is_noted_and_comes_again(world: World) -> None:
    world.faults.plan("CreateExecution", Fault.DENIED)

    report = dispatch(world)

    assert dispositions(report) == {Disposition.FAILED}
    record = world.record(notice(KEYS[0]).id)
    assert record.status is UploadStatus.CLAIMED
    assert record.reason == "PERMISSION_DENIED: not you"
    assert dispositions(dispatch(world)) == {Disposition.LAUNCHED}
    assert world.record(notice(KEYS[0]).id).reason == ""


@pytest.mark.parametrize("operation", ["BatchGetItem", "TransactWriteItems", "UpdateItem"])
@pytest.mark.parametrize("fault", [Fault.THROTTLED, Fault.DENIED, Fault.TIMED_OUT])
def test_trouble_with_the_ledger_fails_messages_and_nothing_else(
    world: World, operation: str, fault: Fault
) -> None:
    world.faults.plan(operation, fault)

    report = dispatch(world)

    assert dispositions(report) == {Disposition.FAILED}
    assert report.ledger_errors == 1
    dispatch(world)
    assert_launched_once(world)


def test_without_time_nothing_is_begun(world: World) -> None:
    report = dispatch(world, seconds=0.0)

    assert dispositions(report) == {Disposition.FAILED}
    assert world.dynamodb.rows == {}
    assert world.flyte.calls == []
