"""One function in a process of its own, through everything that can happen to it.

``python -m tests.unit.dashboard.play dispatcher`` prints what the function prints: its metrics and
its log lines. A second argument such as ``UPLOADS_LAUNCHED=UploadsStarted`` renames a metric first,
in the code. The environment is the template's.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from enum import StrEnum
from types import SimpleNamespace
from typing import Any

from events.make import FOLDER
from events.messages import EXAMPLE, version_id
from events.situations import OBJECTS, SITUATIONS
from services.core import metrics
from services.core.flyte import Phase
from services.core.flyte_errors import FlyteUnreachableError
from services.core.model import ExecutionStatus

CONTEXT = SimpleNamespace(
    function_version="1",
    memory_limit_in_mb=512,
    aws_request_id="00000000-0000-4000-8000-000000000000",
    tenant_id=None,
    get_remaining_time_in_millis=lambda: 60_000,
)


def play_dispatcher(context: Any) -> None:
    """Every fixture of events/, then the faults that they cannot hold."""
    from services.dispatcher import app
    from tests.fakes.faults import Fault

    events = {
        situation.name: json.loads((FOLDER / f"{situation.name}.json").read_text(encoding="utf-8"))
        for situation in SITUATIONS
    }
    for event in events.values():
        app.processor = _dispatcher_world().processor()
        app.handler(event, context)
    for operation, faults in (
        ("CreateExecution", [Fault.THROTTLED] * 100),
        ("CreateExecution", [Fault.TIMED_OUT, None]),
        ("CreateExecution", [Fault.DENIED]),
        ("BatchGetItem", [Fault.DENIED]),
    ):
        world = _dispatcher_world()
        world.faults.plan(operation, *faults)
        app.processor = world.processor()
        app.handler(events["one-upload"], context)


def _dispatcher_world() -> Any:
    from tests.fakes.dispatcher import World

    world = World(max_uploads=25, styles=(), bucket=EXAMPLE.name)
    for key, metadata in OBJECTS.items():
        world.s3.put(key, version_id(key), metadata=metadata)
    return world


def play_tracker(context: Any) -> None:
    """Results and manifests of every kind, and patrols that see, and do not see."""
    from services.tracker import app

    for world, event in _tracker_events(app.settings.results_bucket):
        app.tracker = world.tracker
        app.handler(event, context)


def _tracker_events(bucket: str) -> Iterator[tuple[Any, dict[str, Any]]]:
    from tests.unit.tracker.test_events import notification
    from tests.unit.tracker.world import FakeFlyte, World, execution, in_phase, manifest, result

    rejected = {"status": "REJECTED", "reason": "the photo: it is empty", "picture": ""}
    for more in ({}, rejected):
        world = World(execution())
        world.results.put_result("a", result("a", **more))
        yield world, notification("results/a/result.json", bucket=bucket)
    for more in ({}, {"status": "FAILED", "reason": "out of memory", "uploads": []}):
        world = World(execution())
        world.results.put_manifest(manifest(**more))
        yield world, notification("executions/nst-one/manifest.json", bucket=bucket)
    patrol = json.loads((FOLDER / "patrol.json").read_text(encoding="utf-8"))
    unreachable = FakeFlyte(FlyteUnreachableError("UNAVAILABLE", "connection refused"))
    yield World(execution(), flyte=unreachable), patrol
    for phase in (Phase.RUNNING, Phase.FAILED):
        yield World(execution(), flyte=in_phase(phase)), patrol
    lost = World(execution(), status=ExecutionStatus.RUNNING)
    yield lost, patrol
    yield lost, {"hello": "world"}


def rename(member: str, name: str) -> None:
    """Give a metric another name, as an edit of `services.core.metrics` would."""
    names = {metric.name: metric.value for metric in metrics.Metric} | {member: name}
    metrics.Metric = StrEnum("Metric", names)  # type: ignore[misc]


if __name__ == "__main__":
    function, *renamed = sys.argv[1:]
    for each in renamed:
        rename(*each.split("=", 1))
    context = SimpleNamespace(
        **vars(CONTEXT),
        function_name=f"nst-{function}",
        invoked_function_arn=f"arn:aws:lambda:eu-west-1:123456789012:function:nst-{function}",
    )
    {"dispatcher": play_dispatcher, "tracker": play_tracker}[function](context)
