"""Executions: ended by their manifests, and looked after by the patrol."""

from __future__ import annotations

from collections import Counter

import pytest

from services.core.flyte import FlyteExecution, Phase
from services.core.flyte_errors import FlyteUnreachableError, NotFoundError
from services.core.model import ExecutionStatus, UploadStatus
from services.tracker.track import PATROL_RESERVE, Sighting
from tests.unit.tracker.world import FakeFlyte, World, execution, in_phase, result


class TestManifestArrived:
    def test_ends_the_execution_as_its_manifest_says(self) -> None:
        # GIVEN an execution in flight and its manifest
        world = World(execution())
        world.results.put_manifest()

        # WHEN the manifest arrives
        report = world.tracker.manifest_arrived("nst-one")

        # THEN the ledger knows the end of the execution and of its uploads
        assert report.sighting is Sighting.FINISHED
        assert world.execution() is ExecutionStatus.SUCCEEDED
        assert world.statuses() == [UploadStatus.SUCCEEDED] * 2

    def test_a_second_notification_changes_nothing(self) -> None:
        # GIVEN an execution whose manifest has been read
        world = World(execution())
        world.results.put_manifest()
        world.tracker.manifest_arrived("nst-one")
        before = dict(world.dynamodb.rows)

        # WHEN the same notification comes again
        report = world.tracker.manifest_arrived("nst-one")

        # THEN it is known for what it is
        assert report.sighting is Sighting.FINISHED_BEFORE
        assert world.dynamodb.rows == before

    def test_leaves_executions_alone_that_the_ledger_does_not_know(self) -> None:
        world = World()
        world.results.put_manifest()

        report = world.tracker.manifest_arrived("nst-one")

        assert report.sighting is Sighting.NOT_IN_LEDGER

    @pytest.mark.parametrize("content", [None, b"?"])
    def test_leaves_an_unreadable_manifest_to_the_patrol(self, content: bytes | None) -> None:
        # GIVEN a manifest that is gone, or nonsense
        world = World(execution())
        if content:
            world.results.put_manifest(content)

        # WHEN it is announced
        report = world.tracker.manifest_arrived("nst-one")

        # THEN the execution is still in flight, and there is something to log
        assert report.sighting is Sighting.UNREADABLE
        assert report.detail
        assert world.ledger.in_flight_executions()


class TestPatrol:
    @pytest.mark.parametrize("phase", [Phase.RUNNING, Phase.SUCCEEDING, Phase.FAILING])
    def test_tells_the_ledger_once_that_an_execution_runs(self, phase: Phase) -> None:
        # GIVEN an execution that Flyte runs
        world = World(execution(), flyte=in_phase(phase))

        # WHEN two patrols pass
        reports = [*world.patrol(), *world.patrol()]

        # THEN both saw it running, and the ledger was told once
        assert [report.sighting for report in reports] == [Sighting.RUNNING] * 2
        told = [row["status"]["S"] for row in world.dynamodb.history["execution#nst-one"]]
        assert told == ["CLAIMED", "LAUNCHED", "RUNNING"]

    def test_ends_by_its_manifest_what_ended_unnoticed(self) -> None:
        # GIVEN an execution whose manifest was written but never announced
        world = World(execution(), flyte=in_phase(Phase.SUCCEEDED))
        world.results.put_manifest()

        # WHEN the patrol finds it ended
        world.patrol()

        # THEN the manifest is read
        assert world.upload("a").picture == "results/a/stylized.jpg"

    @pytest.mark.parametrize("phase", [Phase.FAILED, Phase.ABORTED, Phase.TIMED_OUT])
    def test_fails_with_flytes_words_what_ended_without_a_manifest(self, phase: Phase) -> None:
        # GIVEN an execution that Flyte ended, and no manifest
        flyte = in_phase(phase, error="node n0 ran out of memory", updated_at="2026-11-22T09:30Z")
        world = World(execution(), flyte=flyte)

        # WHEN the patrol finds it
        world.patrol()

        # THEN the execution and its uploads failed, and Flyte's words say why
        assert world.execution() is ExecutionStatus.FAILED
        for upload in map(world.upload, "ab"):
            assert upload.status is UploadStatus.FAILED
            assert upload.reason == "node n0 ran out of memory"
            assert upload.finished_at == "2026-11-22T09:30Z"

    def test_fails_what_ended_with_an_unreadable_manifest(self) -> None:
        world = World(execution(), flyte=in_phase(Phase.SUCCEEDED))
        world.results.put_manifest(b"?")

        world.patrol()

        assert world.execution() is ExecutionStatus.FAILED
        assert "not JSON" in world.upload("a").reason

    def test_fails_no_upload_whose_result_is_there(self) -> None:
        # GIVEN an aborted execution, a result of it that was never announced, and one of another
        world = World(execution(), flyte=in_phase(Phase.ABORTED))
        world.results.put_result("a")
        world.results.put_result("b", result("b", execution="by-hand"))

        # WHEN the patrol finds it
        (report,) = world.patrol()

        # THEN what was painted is painted, and the rest failed
        assert world.statuses() == [UploadStatus.SUCCEEDED, UploadStatus.FAILED]
        assert [upload.id for upload in report.ended] == ["a", "b"]

    def test_leaves_what_is_claimed_but_not_launched_to_the_dispatcher(self) -> None:
        # GIVEN an execution that is claimed, and that Flyte does not know
        world = World(execution(), status=ExecutionStatus.CLAIMED)

        # WHEN the patrol passes
        (report,) = world.patrol()

        # THEN nothing has changed
        assert report.sighting is Sighting.WAITING
        assert world.execution() is ExecutionStatus.CLAIMED

    def test_reports_what_flyte_has_forgotten(self) -> None:
        world = World(execution(), status=ExecutionStatus.RUNNING)

        (report,) = world.patrol()

        assert report.sighting is Sighting.NOT_IN_FLYTE

    def test_does_not_take_a_stranger_of_the_same_name_for_ours(self) -> None:
        # GIVEN an execution in Flyte with our name and another's fingerprint
        world = World(execution(), flyte=in_phase(Phase.SUCCEEDED, fingerprint="another"))

        # WHEN the patrol passes
        (report,) = world.patrol()

        # THEN it is reported, and ours is still in flight
        assert report.sighting is Sighting.NOT_OURS
        assert world.ledger.in_flight_executions()

    def test_asks_no_further_once_flyte_cannot_be_reached(self) -> None:
        # GIVEN more executions than the patrol looks at together, and a Flyte that is down
        flyte = FakeFlyte(FlyteUnreachableError("UNAVAILABLE", "connection refused"))
        world = World(*(execution(f"nst-{i}", uploads=()) for i in range(100)), flyte=flyte)

        # WHEN the patrol passes
        reports = world.patrol()

        # THEN every execution is reported as not seen, and few calls were made
        sightings = Counter(report.sighting for report in reports)
        assert sightings.keys() <= {Sighting.UNREACHABLE, Sighting.NOT_SEEN}
        assert sightings[Sighting.UNREACHABLE] == flyte.calls
        assert len(reports) == 100
        assert flyte.calls < 100

    def test_one_that_cannot_be_seen_does_not_hide_the_others(self) -> None:
        # GIVEN two executions, and a Flyte that refuses to tell about the first
        refusal = NotFoundError("NOT_FOUND", "gone")
        flyte = FakeFlyte(refusal, FlyteExecution("", Phase.RUNNING))
        world = World(execution("nst-1", "a"), execution("nst-2", "b"), flyte=flyte)

        # WHEN the patrol passes
        reports = world.patrol()

        # THEN the other one was seen
        assert sorted(report.sighting for report in reports) == [
            Sighting.NOT_IN_FLYTE,
            Sighting.RUNNING,
        ]

    def test_starts_nothing_that_it_has_no_time_to_finish(self) -> None:
        world = World(execution(), flyte=in_phase(Phase.RUNNING))

        (report,) = world.patrol(PATROL_RESERVE - 1)

        assert report.sighting is Sighting.NOT_SEEN
        assert world.flyte.calls == 0
