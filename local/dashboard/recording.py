"""What a run leaves for the dashboard: the functions' logs, and samples of the queues.

CloudWatch would make metrics of both. On one machine the lines in CloudWatch's embedded metric
format are read as they are, invocations are counted in the logs, and queues are asked each second.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from local.dashboard.body import Identity
from local.dashboard.measurements import Measured, Measurements, read_emf
from local.state import HOME

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

    from local.client import Depths
    from local.state import State

SAMPLE_SECONDS = 0.5
SAMPLES = "queues.jsonl"
LOG_GROUP = "/aws/lambda/"
REPORT = re.compile(r"REPORT RequestId: .*?\tDuration: ([\d.]+) ms")
FAILURE = re.compile(r"\[ERROR\]|Traceback|Task timed out")


class NoRecording(Exception):
    """A file that is no recording of a run."""


@dataclass(frozen=True)
class LogLine:
    """A line of a function's log."""

    group: str
    moment: float  # seconds since 1970
    message: str


@dataclass(frozen=True)
class Sample:
    """The queues at a moment."""

    moment: float
    waiting: int
    in_work: int
    dead: int


@dataclass(frozen=True)
class Recording:
    """A run, as far as the dashboard looks at it."""

    logs: Sequence[LogLine] = ()
    queues: Sequence[Sample] = ()

    def save(self, path: Path) -> None:
        """Keep the recording, to draw it again when the template has changed."""
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def load(cls, path: Path) -> Recording:
        """Read a recording.

        Raises
        ------
        NoRecording
            When it is none.
        """
        try:
            kept = json.loads(path.read_text())
            logs = [LogLine(**line) for line in kept["logs"]]
            return cls(logs, [Sample(**sample) for sample in kept["queues"]])
        except (OSError, ValueError, KeyError, TypeError) as error:
            message = f"{path} is no recording of a run ({error})"
            raise NoRecording(message) from error

    @classmethod
    def of(cls, state: State, home: Path = HOME) -> Recording:
        """Return what a running system has told since it was started."""
        groups = (state.stack.dispatcher_log_group, state.stack.tracker_log_group)
        kept = home / SAMPLES
        lines = kept.read_text().splitlines() if kept.exists() else []
        samples = [Sample(**json.loads(line)) for line in lines]
        return cls(read_logs(state.aws.logs, groups), samples)

    def measurements(self, queue: str, dead_letters: str) -> Measurements:
        """Return everything that was measured.

        Parameters
        ----------
        queue, dead_letters
            Names of the two queues.
        """
        measurements = Measurements()
        for line in self.logs:
            for measured in read_emf(line.message):
                measurements.add(measured)
        for measured in (*_invocations(self.logs), *_queues(self.queues, queue, dead_letters)):
            measurements.add(measured)
        return measurements


@contextmanager
def sampling(look: Callable[[], Depths], home: Path = HOME) -> Iterator[None]:
    """Ask the queues each second for as long as a block runs, and keep the answers."""
    over = Event()

    def sample() -> None:
        with (home / SAMPLES).open("a") as kept:
            while True:
                # A gap in the picture is better than the end of the run.
                with suppress(ClientError, BotoCoreError):
                    depths = look()
                    seen = Sample(time.time(), depths.waiting, depths.in_work, depths.dead)
                    print(json.dumps(asdict(seen)), file=kept, flush=True)
                if over.wait(SAMPLE_SECONDS):
                    return

    thread = Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def read_logs(logs: CloudWatchLogsClient, groups: Sequence[str]) -> list[LogLine]:
    """Read all that is in log groups, in the order of time."""
    found = [
        LogLine(group, event["timestamp"] / 1000, event["message"])
        for group in groups
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        for event in page["events"]
    ]
    return sorted(found, key=lambda line: line.moment)


def _invocations(logs: Sequence[LogLine]) -> Iterator[Measured]:
    """Count invocations as Lambda does, by the line that reports each."""
    failed: dict[str, bool] = {}
    for line in logs:
        function = line.group.removeprefix(LOG_GROUP)
        if report := REPORT.match(line.message):
            by = frozenset({("FunctionName", function)})
            error = float(failed.pop(function, False))
            told = {"Invocations": 1.0, "Duration": float(report[1]), "Errors": error}
            for name, value in told.items():
                yield Measured(Identity("AWS/Lambda", name, by), line.moment, (value,))
        elif FAILURE.match(line.message):
            failed[function] = True


def _queues(samples: Sequence[Sample], queue: str, dead_letters: str) -> Iterator[Measured]:
    """Measure queues as SQS does; a message is taken to be as old as the queue is not empty."""
    since: float | None = None
    for sample in samples:
        empty = sample.waiting + sample.in_work == 0
        since = None if empty else since or sample.moment
        of_queue = {
            "ApproximateNumberOfMessagesVisible": sample.waiting,
            "ApproximateNumberOfMessagesNotVisible": sample.in_work,
            "ApproximateAgeOfOldestMessage": sample.moment - (since or sample.moment),
        }
        of_dead_letters = {"ApproximateNumberOfMessagesVisible": sample.dead}
        for name, told in ((queue, of_queue), (dead_letters, of_dead_letters)):
            by = frozenset({("QueueName", name)})
            for metric, value in told.items():
                yield Measured(Identity("AWS/SQS", metric, by), sample.moment, (float(value),))
