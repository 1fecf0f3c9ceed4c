from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.core.flyte import FlyteExecution, Phase
from services.core.flyte_errors import FlyteUnreachableError, NotFoundError
from services.core.ledger import ExecutionOutcome
from services.core.ledger_rows import ExecutionRecord
from services.core.model import Execution, ExecutionStatus, UploadStatus
from services.tracker.track import FINISHED, PATROL_RESERVE, Sighting, Tracker
from tests.unit.tracker.executions import manifest, record


class FakeLedger:
    """Executions in memory; the first end told is the end, as in the real one."""

    def __init__(self, *records: ExecutionRecord) -> None:
        self.records = {record.name: record for record in records}
        self.outcomes: dict[str, ExecutionOutcome] = {}
        self.runs_told = 0

    def executions(self, names: Iterable[str]) -> Mapping[str, ExecutionRecord]:
        return {name: self.records[name] for name in names if name in self.records}

    def in_flight_executions(self) -> list[ExecutionRecord]:
        return [record for record in self.records.values() if record.status not in FINISHED]

    def mark_running(self, execution: Execution) -> None:
        self.runs_told += 1
        self._set(execution.name, ExecutionStatus.RUNNING)

    def finish(self, execution: Execution, outcome: ExecutionOutcome) -> None:
        if self.records[execution.name].status not in FINISHED:
            self.outcomes[execution.name] = outcome
            self._set(execution.name, outcome.status)

    def _set(self, name: str, status: ExecutionStatus) -> None:
        self.records[name] = replace(self.records[name], status=status)


class FakeFlyte:
    """Answers with phases, or raises what it is told to."""

    def __init__(self, *answers: FlyteExecution | Exception) -> None:
        self.answers = list(answers)
        self.calls = 0

    def get_execution(self, execution: Execution) -> FlyteExecution:
        self.calls += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return replace(
            answer, name=execution.name, fingerprint=answer.fingerprint or execution.fingerprint
        )


class FakeManifests:
    def __init__(self, **contents: bytes) -> None:
        self.contents = contents

    def read(self, execution: str) -> bytes | None:
        return self.contents.get(execution.replace("-", "_"))


def tracker(ledger: FakeLedger, flyte: FakeFlyte | None = None, **manifests: bytes) -> Tracker:
    return Tracker(
        ledger,
        flyte or FakeFlyte(NotFoundError("NOT_FOUND", "nothing here")),
        FakeManifests(**manifests),
        clock=lambda: datetime(2026, 11, 22, 10, tzinfo=UTC),
    )


def in_phase(phase: Phase, **more: str) -> FakeFlyte:
    return FakeFlyte(FlyteExecution("", phase, **more))


def plenty() -> float:
    return 60.0


class TestArrived:
    def test_ends_the_execution_as_its_manifest_says(self) -> None:
        # GIVEN an execution in flight and its manifest
        ledger = FakeLedger(record())

        # WHEN the manifest arrives
        report = tracker(ledger, nst_one=manifest()).arrived("nst-one")

        # THEN the ledger knows the end of the execution and of its uploads
        assert report.sighting is Sighting.FINISHED
        assert ledger.records["nst-one"].status is ExecutionStatus.SUCCEEDED
        assert len(ledger.outcomes["nst-one"].uploads) == 2

    def test_a_second_notification_changes_nothing(self) -> None:
        # GIVEN an execution whose manifest has been read
        ledger = FakeLedger(record())
        subject = tracker(ledger, nst_one=manifest())
        subject.arrived("nst-one")
        before = dict(ledger.outcomes)

        # WHEN the same notification comes again
        report = subject.arrived("nst-one")

        # THEN it is known for what it is
        assert report.sighting is Sighting.FINISHED_BEFORE
        assert ledger.outcomes == before

    def test_leaves_executions_alone_that_the_ledger_does_not_know(self) -> None:
        ledger = FakeLedger()

        report = tracker(ledger, nst_one=manifest()).arrived("nst-one")

        assert report.sighting is Sighting.NOT_IN_LEDGER

    @pytest.mark.parametrize("contents", [{}, {"nst_one": b"?"}])
    def test_leaves_an_unreadable_manifest_to_the_patrol(self, contents: dict[str, bytes]) -> None:
        # GIVEN a manifest that is gone, or nonsense
        ledger = FakeLedger(record())

        # WHEN it is announced
        report = tracker(ledger, **contents).arrived("nst-one")

        # THEN the execution is still in flight, and there is something to log
        assert report.sighting is Sighting.UNREADABLE
        assert report.detail
        assert ledger.in_flight_executions()


class TestPatrol:
    @pytest.mark.parametrize("phase", [Phase.RUNNING, Phase.SUCCEEDING, Phase.FAILING])
    def test_tells_the_ledger_once_that_an_execution_runs(self, phase: Phase) -> None:
        # GIVEN an execution that Flyte runs
        ledger = FakeLedger(record())
        subject = tracker(ledger, in_phase(phase))

        # WHEN two patrols pass
        reports = [*subject.patrol(plenty), *subject.patrol(plenty)]

        # THEN both saw it running, and the ledger was told once
        assert [report.sighting for report in reports] == [Sighting.RUNNING] * 2
        assert ledger.runs_told == 1

    def test_ends_by_its_manifest_what_ended_unnoticed(self) -> None:
        # GIVEN an execution whose manifest was written but never announced
        ledger = FakeLedger(record())

        # WHEN the patrol finds it ended
        tracker(ledger, in_phase(Phase.SUCCEEDED), nst_one=manifest()).patrol(plenty)

        # THEN the manifest is read
        assert ledger.outcomes["nst-one"].uploads[0].picture == "results/a/stylized.jpg"

    @pytest.mark.parametrize("phase", [Phase.FAILED, Phase.ABORTED, Phase.TIMED_OUT])
    def test_fails_with_flytes_words_what_ended_without_a_manifest(self, phase: Phase) -> None:
        # GIVEN an execution that Flyte ended, and no manifest
        ledger = FakeLedger(record())
        flyte = in_phase(phase, error="node n0 ran out of memory", updated_at="2026-11-22T09:30Z")

        # WHEN the patrol finds it
        tracker(ledger, flyte).patrol(plenty)

        # THEN the execution and its uploads failed, and Flyte's words say why
        outcome = ledger.outcomes["nst-one"]
        assert outcome.status is ExecutionStatus.FAILED
        assert outcome.finished_at == "2026-11-22T09:30Z"
        assert {upload.status for upload in outcome.uploads} == {UploadStatus.FAILED}
        assert {upload.reason for upload in outcome.uploads} == {"node n0 ran out of memory"}

    def test_fails_what_ended_with_an_unreadable_manifest(self) -> None:
        ledger = FakeLedger(record())

        tracker(ledger, in_phase(Phase.SUCCEEDED), nst_one=b"?").patrol(plenty)

        assert ledger.outcomes["nst-one"].status is ExecutionStatus.FAILED
        assert "not JSON" in ledger.outcomes["nst-one"].reason

    def test_leaves_what_is_claimed_but_not_launched_to_the_dispatcher(self) -> None:
        # GIVEN an execution that is claimed, and that Flyte does not know
        ledger = FakeLedger(record(ExecutionStatus.CLAIMED))

        # WHEN the patrol passes
        (report,) = tracker(ledger).patrol(plenty)

        # THEN nothing has changed
        assert report.sighting is Sighting.WAITING
        assert ledger.records["nst-one"].status is ExecutionStatus.CLAIMED

    def test_reports_what_flyte_has_forgotten(self) -> None:
        ledger = FakeLedger(record(ExecutionStatus.RUNNING))

        (report,) = tracker(ledger).patrol(plenty)

        assert report.sighting is Sighting.NOT_IN_FLYTE

    def test_does_not_take_a_stranger_of_the_same_name_for_ours(self) -> None:
        # GIVEN an execution in Flyte with our name and another's fingerprint
        ledger = FakeLedger(record())

        # WHEN the patrol passes
        flyte = in_phase(Phase.SUCCEEDED, fingerprint="another")
        (report,) = tracker(ledger, flyte).patrol(plenty)

        # THEN it is reported, and ours is still in flight
        assert report.sighting is Sighting.NOT_OURS
        assert ledger.in_flight_executions()

    def test_asks_no_further_once_flyte_cannot_be_reached(self) -> None:
        # GIVEN more executions than the patrol looks at together, and a Flyte that is down
        ledger = FakeLedger(*(record(name=f"nst-{i}") for i in range(100)))
        flyte = FakeFlyte(FlyteUnreachableError("UNAVAILABLE", "connection refused"))

        # WHEN the patrol passes
        reports = tracker(ledger, flyte).patrol(plenty)

        # THEN every execution is reported as not seen, and few calls were made
        assert {report.sighting for report in reports} == {Sighting.NOT_SEEN}
        assert len(reports) == 100
        assert flyte.calls < 100

    def test_one_that_cannot_be_seen_does_not_hide_the_others(self) -> None:
        # GIVEN two executions, and a Flyte that refuses to tell about the first
        ledger = FakeLedger(record(name="nst-1"), record(name="nst-2"))
        refusal = NotFoundError("NOT_FOUND", "gone")
        flyte = FakeFlyte(refusal, FlyteExecution("", Phase.RUNNING))

        # WHEN the patrol passes
        reports = tracker(ledger, flyte).patrol(plenty)

        # THEN the other one was seen
        assert sorted(report.sighting for report in reports) == [
            Sighting.NOT_IN_FLYTE,
            Sighting.RUNNING,
        ]

    def test_starts_nothing_that_it_has_no_time_to_finish(self) -> None:
        flyte = in_phase(Phase.RUNNING)

        (report,) = tracker(FakeLedger(record()), flyte).patrol(lambda: PATROL_RESERVE - 1)

        assert report.sighting is Sighting.NOT_SEEN
        assert flyte.calls == 0
