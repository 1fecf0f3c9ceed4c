"""The handler with everything around it, as Lambda calls it; only AWS and Flyte are missing."""

from __future__ import annotations

import json
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from services.core.flyte import Phase
from services.core.flyte_errors import FlyteUnreachableError
from services.core.metrics import Age
from services.core.model import ExecutionStatus
from tests.unit.tracker.test_events import notification
from tests.unit.tracker.world import FakeFlyte, World, execution, in_phase

CONTEXT = SimpleNamespace(
    function_name="nst-tracker",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:eu-west-1:000000000000:function:nst-tracker",
    aws_request_id="request",
    get_remaining_time_in_millis=lambda: 60_000,
)


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("RESULTS_BUCKET", "results")
    monkeypatch.setenv("LEDGER_TABLE", "ledger")
    monkeypatch.setenv("FLYTE_ENDPOINT", "127.0.0.1:1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    import services.tracker.app

    return services.tracker.app


def metrics_in(output: str) -> dict[str, Any]:
    """The values of all metrics that were printed, by name and, where they are split, by what."""
    lines = [json.loads(line) for line in output.splitlines() if '"_aws"' in line]
    return {
        " ".join([metric["Name"], *(line[name] for name in names if name != "service")]): line[
            metric["Name"]
        ]
        for line in lines
        for each in line["_aws"]["CloudWatchMetrics"]
        for names in each["Dimensions"]
        for metric in each["Metrics"]
    }


def test_counts_an_upload_once_when_it_ends_and_how_long_it_took(
    app: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # GIVEN an execution of two uploads, and the result of one of them
    world = World(execution())
    world.results.put_result("a")
    world.results.put_manifest()
    monkeypatch.setattr(app, "tracker", world.tracker)

    # WHEN the result is announced
    answer = app.handler(notification("results/a/result.json"), CONTEXT)

    # THEN the answer and the metrics tell of this upload
    metrics = metrics_in(capsys.readouterr().out)
    assert answer == {"RUNNING": 1}
    assert metrics["UploadsFinished SUCCEEDED"] == [1.0]
    assert metrics["UploadSeconds"] == [60.0]
    assert metrics["PaintSeconds"] == [12.5]
    assert metrics["CpuSeconds"] == [21.5]

    # WHEN the manifest is announced
    answer = app.handler(notification("executions/nst-one/manifest.json"), CONTEXT)

    # THEN they tell of the execution and of the other one
    metrics = metrics_in(capsys.readouterr().out)
    assert answer == {"FINISHED": 1}
    assert metrics["ExecutionsFinished SUCCEEDED"] == [1.0]
    assert metrics["UploadsFinished SUCCEEDED"] == [1.0]
    assert metrics["UploadSeconds"] == [120.0]
    assert metrics["PaintSeconds"] == [12.5]


def test_patrols_and_counts_what_is_in_flight(
    app: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # GIVEN an execution that Flyte runs, launched minutes ago, and another that is overdue
    world = World(execution(), execution("nst-old", "cd"), flyte=in_phase(Phase.RUNNING))
    world.launched("nst-one", "2026-11-22T09:55:00.000Z")
    world.launched("nst-old", "2026-11-22T07:00:00.000Z")
    monkeypatch.setattr(app, "tracker", world.tracker)

    # WHEN the schedule's minute has come
    answer = app.handler({"detail-type": "Scheduled Event"}, CONTEXT)

    # THEN both are seen, and counted by their age; so are Flyte's answers
    metrics = metrics_in(capsys.readouterr().out)
    assert answer == {"RUNNING": 2}
    assert {age: metrics[f"ExecutionsInFlight {age}"] for age in Age} == {
        Age.MINUTES: [1.0],
        Age.HALF_AN_HOUR: [0.0],
        Age.HOURS: [0.0],
        Age.OVERDUE: [1.0],
    }
    assert metrics["FlyteCalls answered"] == [2.0]
    assert metrics["FlyteCalls unanswered"] == [0.0]
    assert world.execution() is ExecutionStatus.RUNNING


def test_counts_a_flyte_that_does_not_answer_as_unavailable_and_its_executions_as_not_seen(
    app: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World(execution(), flyte=FakeFlyte(FlyteUnreachableError("UNAVAILABLE", "down")))
    monkeypatch.setattr(app, "tracker", world.tracker)

    answer = app.handler({"detail-type": "Scheduled Event"}, CONTEXT)

    metrics = metrics_in(capsys.readouterr().out)
    assert answer == {"UNREACHABLE": 1}
    assert metrics["FlyteCalls answered"] == [0.0]
    assert metrics["FlyteCalls unanswered"] == [1.0]
    assert metrics["ExecutionsNotSeen"] == [1.0]


def test_drops_foreign_events_with_a_clear_word(
    app: ModuleType, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(app, "tracker", World().tracker)

    assert app.handler({"hello": "world"}, CONTEXT) == {}

    (line,) = caplog.records
    assert line.message == "event dropped"
    assert line.__dict__["shape"] == "object with hello"
