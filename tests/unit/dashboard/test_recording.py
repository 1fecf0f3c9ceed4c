"""Recordings: what the functions and the queues did, as CloudWatch would have measured it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from local.client import Depths
from local.dashboard.body import Identity
from local.dashboard.measurements import Measurements
from local.dashboard.recording import (
    SAMPLES,
    LogLine,
    NoRecording,
    Recording,
    Sample,
    sampling,
)

GROUP = "/aws/lambda/nst-tracker"
REPORT = "REPORT RequestId: 1\tDuration: 250 ms\tBilled Duration: 250 ms"


def measured(recording: Recording) -> Measurements:
    return recording.measurements("uploads", "dead-letters")


def of_tracker(name: str) -> Identity:
    return Identity("AWS/Lambda", name, frozenset({("FunctionName", "nst-tracker")}))


def of_queue(name: str, queue: str = "uploads") -> Identity:
    return Identity("AWS/SQS", name, frozenset({("QueueName", queue)}))


def test_invocations_are_counted_and_those_that_failed() -> None:
    lines = ["START RequestId: 1", REPORT, "[ERROR] KeyError: 'x'", "Traceback (most", REPORT]
    recording = Recording([LogLine(GROUP, 60.0 * n, line) for n, line in enumerate(lines)])

    measurements = measured(recording)

    assert measurements.points(of_tracker("Invocations"), "Sum", 300) == {0: 2.0}
    assert measurements.points(of_tracker("Errors"), "Sum", 300) == {0: 1.0}
    assert measurements.points(of_tracker("Duration"), "p50", 300) == {0: 250.0}


def test_a_queue_is_as_old_as_it_has_not_been_empty() -> None:
    depths = [(0, 0), (3, 0), (1, 2), (0, 1), (0, 0), (1, 0)]
    samples = [Sample(100.0 + at, *depth, dead=at) for at, depth in enumerate(depths)]

    measurements = measured(Recording(queues=samples))

    age = measurements.points(of_queue("ApproximateAgeOfOldestMessage"), "Maximum", 1)
    assert list(age.values()) == [0, 0, 1, 2, 0, 0]
    dead = of_queue("ApproximateNumberOfMessagesVisible", "dead-letters")
    assert measurements.points(dead, "Maximum", 300) == {0: 5.0}


def test_a_recording_is_read_as_it_was_kept(tmp_path: Path) -> None:
    recording = Recording([LogLine(GROUP, 1.5, REPORT)], [Sample(2.5, 1, 2, 3)])
    recording.save(tmp_path / "recording.json")

    assert Recording.load(tmp_path / "recording.json") == recording


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"logs": [{}], "queues": []}'])
def test_what_is_no_recording_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(content)

    with pytest.raises(NoRecording, match=r"other\.json is no recording of a run"):
        Recording.load(path)


def test_queues_are_sampled_while_something_else_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.dashboard.recording.SAMPLE_SECONDS", 0.01)

    with sampling(lambda: Depths(waiting=2, in_work=1, dead=0), tmp_path):
        kept, deadline = tmp_path / SAMPLES, time.monotonic() + 10
        while not (kept.exists() and kept.read_text()) and time.monotonic() < deadline:
            time.sleep(0.01)

    first, *_ = kept.read_text().splitlines()
    assert '"waiting": 2, "in_work": 1, "dead": 0' in first
