"""The local Flyte stopped and started again: nothing is lost, nothing is done twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flyteidl.admin import execution_pb2
from flyteidl.core.execution_pb2 import WorkflowExecution

from local.flyte import LocalFlyte
from local.flyte.pods.leftovers import MARK, end_leftovers
from tests.unit.local.flyte_client import STRING, Client, emits, node, text

if TYPE_CHECKING:
    from collections.abc import Callable


def wait_for(what: Callable[[], Any], seconds: float = 10) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)
    return found


def is_alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def register_two_steps(client: Client, notes: Path) -> None:
    """Register a workflow whose second step waits until somebody touches a file."""
    done, patient = f"echo x >> {notes}/first; ", f"echo $$ >> {notes}/second; "
    loop = f"while [ ! -e {notes}/go ]; do sleep 0.05; done; "
    client.task("first", done + emits(y=text("one")), outputs={"y": STRING})
    client.task(
        "second", patient + loop + emits(z=text("two")), inputs={"y": STRING}, outputs={"z": STRING}
    )
    steps = [node("n0", "first"), node("n1", "second", y=("n0", "y"))]
    client.workflow("steps", steps, outputs={"end": ("n1", "z")})


def test_a_stopped_server_stops_its_tasks_and_goes_on_later(tmp_path: Path) -> None:
    # GIVEN an execution in its second step
    with LocalFlyte(tmp_path / "flyte") as flyte:
        client = Client(flyte.endpoint)
        register_two_steps(client, tmp_path)
        launched = client.launch("steps")
        second = tmp_path / "second"
        pid = int(wait_for(lambda: second.exists() and second.read_text()))
    # WHEN the server is stopped
    # THEN the task's process is gone
    assert not is_alive(pid)
    # AND once it is started again, the second step is begun anew, the first one not
    (tmp_path / "go").touch()
    with LocalFlyte(tmp_path / "flyte") as flyte:
        client = Client(flyte.endpoint)
        done = client.wait(launched)
        assert done.closure.phase == WorkflowExecution.SUCCEEDED
        assert client.outputs(launched) == {"end": text("two")}
    assert (tmp_path / "first").read_text() == "x\n"
    assert len(second.read_text().split()) == 2


def test_stopping_costs_a_task_none_of_its_attempts(tmp_path: Path) -> None:
    # GIVEN a task without retries
    with LocalFlyte(tmp_path / "flyte") as flyte:
        client = Client(flyte.endpoint)
        register_two_steps(client, tmp_path)
        launched = client.launch("steps")
        wait_for((tmp_path / "second").exists)
    # WHEN the server is stopped more often than system failures are forgiven
    for _ in range(5):
        begun = (tmp_path / "second").read_text()
        with LocalFlyte(tmp_path / "flyte"):
            wait_for(lambda begun=begun: (tmp_path / "second").read_text() != begun)
    # THEN the task still succeeds
    (tmp_path / "go").touch()
    with LocalFlyte(tmp_path / "flyte") as flyte:
        done = Client(flyte.endpoint).wait(launched)
    assert done.closure.phase == WorkflowExecution.SUCCEEDED


def test_a_terminated_execution_stays_terminated(tmp_path: Path) -> None:
    # GIVEN an execution that was terminated, and a server that is gone at once
    with LocalFlyte(tmp_path / "flyte") as flyte:
        client = Client(flyte.endpoint)
        register_two_steps(client, tmp_path)
        launched = client.launch("steps")
        wait_for((tmp_path / "second").exists)
        client.admin.TerminateExecution(
            execution_pb2.ExecutionTerminateRequest(id=launched, cause="enough")
        )
    # WHEN the server is back
    with LocalFlyte(tmp_path / "flyte") as flyte:
        done = Client(flyte.endpoint).wait(launched)
    # THEN it has ended, and says why
    assert done.closure.phase == WorkflowExecution.ABORTED
    assert done.closure.abort_metadata.cause == "enough"


def test_leftovers_are_found_by_their_mark_and_by_nothing_else(tmp_path: Path) -> None:
    # GIVEN a process that a server of this directory left, and one of another server
    sleeps = [sys.executable, "-c", "import time; print(flush=True); time.sleep(60)"]
    ours, theirs = (
        subprocess.Popen(sleeps, env={**os.environ, MARK: str(mark)}, stdout=subprocess.PIPE)
        for mark in (tmp_path, tmp_path / "other")
    )
    try:
        for process in (ours, theirs):
            assert process.stdout is not None
            process.stdout.readline()
        # WHEN leftovers are ended
        ended = end_leftovers(tmp_path)
        # THEN it is ours, and only ours
        assert ended == [ours.pid]
        assert ours.wait(timeout=5) == -signal.SIGKILL
        assert theirs.poll() is None
    finally:
        for process in (ours, theirs):
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()
