"""The ledger: who is first has claimed, nothing goes back, the first end told is the end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from services.core.ledger import (
    Claim,
    ExecutionOutcome,
    Ledger,
    LedgerError,
    UploadOutcome,
)
from services.core.ledger_rows import marshal, unmarshal
from services.core.model import (
    Execution,
    ExecutionStatus,
    LaunchPlan,
    Notice,
    Options,
    Rejection,
    RejectionCode,
    Style,
    Upload,
    UploadStatus,
    upload_id,
)
from tests.fakes.dynamodb import FakeDynamoDB
from tests.fakes.faults import Fault

PLAN = LaunchPlan("nst", "development", "style_transfer", "v1")
STYLE = Style("mosaic", "b", "styles/mosaic.jpg", "v1")
NOW = datetime(2026, 11, 22, 8, 0, 0, 123456, tzinfo=UTC)


def uploads(*numbers: int) -> list[Upload]:
    keys = [f"uploads/{number}.jpg" for number in numbers]
    notices = [Notice(upload_id("b", key, version_id="v"), "b", key, "v") for key in keys]
    return [Upload(notice, 1000, (STYLE,), Options()) for notice in notices]


def execution(*numbers: int) -> Execution:
    return Execution.of(uploads(*numbers), PLAN, "results")


@pytest.fixture
def table() -> FakeDynamoDB:
    return FakeDynamoDB()


@pytest.fixture
def ledger(table: FakeDynamoDB) -> Ledger:
    return Ledger(
        table,  # type: ignore[arg-type]
        "ledger",
        retention=timedelta(days=90),
        clock=lambda: NOW,
        sleep=lambda _: None,
    )


class TestClaim:
    def test_writes_execution_and_uploads_down(self, ledger: Ledger, table: FakeDynamoDB) -> None:
        planned = execution(1, 2)

        assert ledger.claim(planned, uploads(1, 2)) is Claim.WON

        record = ledger.executions([planned.name])[planned.name]
        assert record.execution == planned
        assert record.status is ExecutionStatus.CLAIMED
        assert record.claimed_at == "2026-11-22T08:00:00.123Z"
        found = ledger.uploads(planned.uploads)
        assert {each.execution for each in found.values()} == {planned.name}
        assert found[planned.uploads[0]].options == Options().wire()
        row = table.rows[f"execution#{planned.name}"]
        assert row["fingerprint"] == {"S": planned.fingerprint}
        assert row["in_flight"] == {"S": "yes"}
        assert row["expires_at"] == {"N": str(int((NOW + timedelta(days=90)).timestamp()))}

    def test_is_lost_whole_when_one_upload_is_taken(self, ledger: Ledger) -> None:
        ledger.claim(execution(1, 2), uploads(1, 2))
        later = execution(2, 3)

        assert ledger.claim(later, uploads(2, 3)) is Claim.LOST

        assert ledger.executions([later.name]) == {}
        assert uploads(3)[0].id not in ledger.uploads([uploads(3)[0].id])

    def test_takes_as_many_uploads_as_a_transaction_holds(self, ledger: Ledger) -> None:
        numbers = range(99)

        assert ledger.claim(execution(*numbers), uploads(*numbers)) is Claim.WON
        assert len(ledger.uploads(each.id for each in uploads(*numbers))) == 99

    @pytest.mark.parametrize("fault", [Fault.THROTTLED, Fault.DENIED, Fault.TIMED_OUT])
    def test_that_is_not_answered_is_an_error(
        self, ledger: Ledger, table: FakeDynamoDB, fault: Fault
    ) -> None:
        table.faults.plan("TransactWriteItems", fault)

        with pytest.raises(LedgerError):
            ledger.claim(execution(1), uploads(1))


class TestReading:
    def test_asks_again_for_what_was_left_unprocessed(
        self, ledger: Ledger, table: FakeDynamoDB
    ) -> None:
        ledger.claim(execution(1, 2, 3), uploads(1, 2, 3))
        table.reads_to_leave_unprocessed = 3

        assert len(ledger.uploads(each.id for each in uploads(1, 2, 3))) == 3

    def test_gives_up_when_it_stays_unprocessed(self, ledger: Ledger, table: FakeDynamoDB) -> None:
        table.reads_to_leave_unprocessed = 100

        with pytest.raises(LedgerError, match="throttles"):
            ledger.uploads("abcdefghij")

    def test_goes_by_hundreds(self, ledger: Ledger) -> None:
        assert ledger.uploads(str(number) for number in range(250)) == {}

    def test_finds_what_is_in_flight_over_many_pages(self, ledger: Ledger) -> None:
        planned = [execution(number) for number in range(5)]
        for number, each in enumerate(planned):
            ledger.claim(each, uploads(number))
        ledger.finish(planned[0], ExecutionOutcome(ExecutionStatus.FAILED, "2026-11-22"))

        found = ledger.in_flight_executions()

        assert {record.name for record in found} == {each.name for each in planned[1:]}
        assert len(ledger.in_flight_executions(limit=3)) == 3


class TestRejection:
    def test_is_written_down_once_with_its_reason(self, ledger: Ledger) -> None:
        rejection = Rejection(uploads(1)[0].notice, RejectionCode.EMPTY, "the file is empty")

        assert ledger.reject(rejection) is Claim.WON
        assert ledger.reject(rejection) is Claim.LOST

        record = ledger.uploads([rejection.notice.id])[rejection.notice.id]
        assert record.status is UploadStatus.REJECTED
        assert record.reason == "the file is empty"

    def test_never_replaces_a_claim(self, ledger: Ledger) -> None:
        ledger.claim(execution(1), uploads(1))
        notice = uploads(1)[0].notice

        assert ledger.reject(Rejection(notice, RejectionCode.GONE, "gone")) is Claim.LOST

        assert ledger.uploads([notice.id])[notice.id].status is UploadStatus.CLAIMED


class TestMovingOn:
    def outcome(self, status: UploadStatus = UploadStatus.SUCCEEDED) -> ExecutionOutcome:
        (upload,) = uploads(1)
        at = "2026-11-22T08:01:00.000Z"
        picture = "results/x/stylized.jpg"
        result = UploadOutcome(upload.id, status, at, picture=picture, seconds=12.5)
        return ExecutionOutcome(ExecutionStatus.SUCCEEDED, at, uploads=(result,))

    def test_an_execution_goes_its_way_with_its_uploads(
        self, ledger: Ledger, table: FakeDynamoDB
    ) -> None:
        planned, (upload,) = execution(1), uploads(1)
        ledger.claim(planned, [upload])

        for step, status in (
            (ledger.mark_launched, "LAUNCHED"),
            (ledger.mark_running, "RUNNING"),
            (lambda each: ledger.finish(each, self.outcome()), "SUCCEEDED"),
        ):
            step(planned)
            assert ledger.executions([planned.name])[planned.name].status == status
            assert ledger.uploads([upload.id])[upload.id].status == status

        record = ledger.uploads([upload.id])[upload.id]
        assert record.picture == "results/x/stylized.jpg"
        assert record.seconds == 12.5
        assert record.finished_at == "2026-11-22T08:01:00.000Z"
        assert "in_flight" not in table.rows[f"execution#{planned.name}"]
        assert ledger.in_flight_executions() == []

    STEPS = ("note", "mark_launched", "mark_running", "finish")

    @pytest.mark.parametrize(("first", "second"), list(product(STEPS, STEPS)))
    def test_nothing_goes_back(
        self, ledger: Ledger, table: FakeDynamoDB, first: str, second: str
    ) -> None:
        planned = execution(1)
        ledger.claim(planned, uploads(1))

        for step in (first, second):
            extra = {"note": ("why",), "finish": (self.outcome(),)}.get(step, ())
            getattr(ledger, step)(planned, *extra)

        order = ["CLAIMED", "LAUNCHED", "RUNNING", "SUCCEEDED"]
        for versions in table.history.values():
            ranks = [order.index(version["status"]["S"]) for version in versions]
            assert ranks == sorted(ranks)

    def test_the_first_end_told_is_the_end(self, ledger: Ledger) -> None:
        planned, (upload,) = execution(1), uploads(1)
        ledger.claim(planned, [upload])
        ledger.finish(planned, self.outcome())

        ledger.finish(planned, self.outcome(UploadStatus.FAILED))

        assert ledger.uploads([upload.id])[upload.id].status is UploadStatus.SUCCEEDED

    def test_of_what_the_ledger_does_not_know_moves_nothing(
        self, ledger: Ledger, table: FakeDynamoDB
    ) -> None:
        ledger.mark_launched(execution(1))
        ledger.finish(execution(1), self.outcome())

        assert table.rows == {}

    def test_a_note_stays_until_the_launch(self, ledger: Ledger) -> None:
        planned = execution(1)
        ledger.claim(planned, uploads(1))

        ledger.note(planned, "NOT_FOUND: no such launch plan")
        noted = ledger.executions([planned.name])[planned.name]
        ledger.mark_launched(planned)

        assert noted.reason == "NOT_FOUND: no such launch plan"
        assert noted.status is ExecutionStatus.CLAIMED
        assert ledger.executions([planned.name])[planned.name].reason == ""


def test_the_notation_of_dynamodb_is_read_as_it_is_written() -> None:
    row = {"s": "ü", "i": 7, "f": 12.5, "e": 1e-7, "m": {"a": "b"}, "l": ["x", "y"], "empty": ""}

    assert unmarshal(marshal(row)) == row
