"""Unmodified flytekit against the local Flyte: register, run, wait; processes killed on the way."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flytekit.configuration import Config
from flytekit.models.core.execution import WorkflowExecutionPhase
from flytekit.remote import FlyteRemote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REPOSITORY = Path(__file__).parents[2]
FIXTURES = REPOSITORY / "tests" / "fixtures"
PROJECT, DOMAIN = "nst", "development"
BIN = Path(sys.executable).parent
PATIENCE = 120.0  # a child imports flytekit, which takes long on a machine that is busy elsewhere


class Server:
    """The local Flyte as a process of its own, to be killed and started again."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.process: subprocess.Popen[str] | None = None
        self.port = 0

    def start(self) -> None:
        where = ["--data-dir", str(self.data_dir), "--port", str(self.port)]
        what = ["--cpus", "2", "--code", str(FIXTURES)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "local.flyte", "serve", *where, *what],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert "answers at" in self.process.stdout.readline()
        endpoint = json.loads((self.data_dir / "endpoint.json").read_text())
        assert endpoint["pid"] == self.process.pid
        self.port = int(endpoint["grpc"].rsplit(":", 1)[1])

    def end(self, number: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(timeout=20)

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "FLYTE_PLATFORM_URL": f"127.0.0.1:{self.port}",
            "FLYTE_PLATFORM_INSECURE": "true",
            "FLYTECTL_CONFIG": os.devnull,
        }


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("flyte"))
    server.start()
    yield server
    assert server.end(signal.SIGTERM) == 0
    assert not (server.data_dir / "endpoint.json").exists()


def pyflyte(server: Server, *arguments: str) -> str:
    done = subprocess.run(
        [BIN / "pyflyte", *arguments],
        cwd=FIXTURES,
        env=server.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def register(server: Server, version: str, *flags: str) -> str:
    target = ["--project", PROJECT, "--domain", DOMAIN, "--image", "nst:test", "--version", version]
    return pyflyte(server, "register", *target, *flags, "flyte_demo")


@pytest.fixture(scope="module")
def remote(server: Server) -> FlyteRemote:
    register(server, "baked", "--non-fast")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        return FlyteRemote(Config.auto(), default_project=PROJECT, default_domain=DOMAIN)


@pytest.fixture(scope="module")
def fast(server: Server) -> str:
    assert "Successfully registered" in register(server, "fast")
    return "fast"


def upload(name: str, mood: str = "calm") -> dict[str, str]:
    return {"id": name, "mood": mood}


@contextmanager
def painting(
    remote: FlyteRemote, notes: Path, uploads: list[dict[str, str]], version: str = "baked"
) -> Iterator[Any]:
    plan = remote.fetch_launch_plan(name="painting", version=version)
    style = {"name": "wave", "notes": str(notes)}
    execution = remote.execute(plan, inputs={"uploads": uploads, "style": style})
    try:
        yield execution
    finally:
        if not remote.sync_execution(execution).is_done:
            remote.terminate(execution, "the test is over")


def finished(remote: FlyteRemote, execution: Any) -> Any:
    return remote.wait(
        execution, timeout=timedelta(seconds=PATIENCE), poll_interval=timedelta(seconds=0.2)
    )


def wait_for(what: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)
    return found


def is_alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def pid_in(note: Path) -> int:
    return int(wait_for(lambda: note.exists() and note.read_text()))


def test_a_registered_map_workflow_runs_to_its_outputs(remote: FlyteRemote, tmp_path: Path) -> None:
    # GIVEN a workflow registered with pyflyte register --non-fast, and an upload that stumbles
    uploads = [upload("a"), upload("b", "stumbles"), upload("c")]
    # WHEN it is executed with FlyteRemote
    with painting(remote, tmp_path, uploads) as execution:
        done = finished(remote, execution)
    # THEN its outputs come back in order, bound inputs included
    assert done.closure.phase == WorkflowExecutionPhase.SUCCEEDED
    results = json.loads(done.outputs["o0"])
    assert [result["id"] for result in results] == ["a", "b", "c"]
    assert {result["style"] for result in results} == {"wave"}
    # AND the one that stumbled went on from the checkpoint of its first attempt
    assert [result["attempt"] for result in results] == ["0", "1", "0"]
    assert [result["resumed"] for result in results] == ["", "3", ""]
    # AND nodes and tasks are there to look at
    assert {"start-node", "n0", "n1", "end-node"} == set(done.node_executions)
    assert done.node_executions["n0"].outputs["o0"] == results
    items = done.node_executions["n0"].task_executions[0].closure.metadata.external_resources
    assert sorted((item.index, item.retry_attempt) for item in items) == [
        (0, 0),
        (1, 0),
        (1, 1),
        (2, 0),
    ]
    # AND tasks that ask for one CPU each never ran on more than the two that there are
    assert {result["cores"] for result in results} == {"1"}
    spans = [(float(result["begun"]), float(result["ended"])) for result in results]
    assert all(sum(begun <= at < ended for begun, ended in spans) <= 2 for at, _ in spans)


def test_fast_registration_ships_the_code(server: Server, remote: FlyteRemote, fast: str) -> None:
    # GIVEN a fast registration, and the same once more
    assert "Successfully registered" in register(server, fast)
    # WHEN the launch plan is fetched without a version
    plan = remote.fetch_launch_plan(name="flyte_demo.hello.hello")
    # THEN it is the latest, and its code comes from the upload
    assert plan.id.version == "fast"
    arguments = remote.fetch_task(name="flyte_demo.hello.say", version="fast").container.args
    assert arguments[0] == "pyflyte-fast-execute"
    done = finished(remote, remote.execute(plan, inputs={"name": "fast"}))
    assert done.outputs["o0"] == "hello fast"


def test_pyflyte_run_remote_launches_a_script(server: Server, remote: FlyteRemote) -> None:
    # GIVEN a script that nobody registered
    target = ["--project", PROJECT, "--domain", DOMAIN]
    # WHEN it is run remotely
    wait = ["--wait", "--poll-interval", "1"]
    script = ["flyte_demo/hello.py", "hello", "--name", "you"]
    output = pyflyte(server, "run", "--remote", *wait, *target, *script)
    # THEN it has run
    (name,) = re.findall(r"Execution (\S+) has succeeded", output)
    execution = remote.sync(remote.fetch_execution(name=name))
    assert execution.outputs["o0"] == "hello you"


def test_a_permanent_failure_is_not_retried_and_reaches_the_handler(
    remote: FlyteRemote, tmp_path: Path
) -> None:
    # GIVEN an upload that cannot be painted
    with painting(remote, tmp_path, [upload("x", "broken")]) as execution:
        # WHEN the workflow runs
        done = finished(remote, execution)
    # THEN it has failed with the task's message, after one attempt
    assert done.closure.phase == WorkflowExecutionPhase.FAILED
    assert "cannot paint x" in done.error.message
    assert not (tmp_path / "x.1").exists()
    # AND the failure handler was told
    told = json.loads((tmp_path / "failure.json").read_text())
    assert told["uploads"] == 1
    assert told["node"] == "n0"
    assert "cannot paint x" in told["message"]


def test_a_killed_task_goes_on_from_its_checkpoint(remote: FlyteRemote, tmp_path: Path) -> None:
    with painting(remote, tmp_path, [upload("k", "patient")]) as execution:
        # GIVEN a running task
        pid = pid_in(tmp_path / "k.0")
        # WHEN it is killed
        os.kill(pid, signal.SIGKILL)
        pid_in(tmp_path / "k.1")
        (tmp_path / "go").touch()
        done = finished(remote, execution)
    # THEN its second attempt has gone on from the checkpoint
    (result,) = json.loads(done.outputs["o0"])
    assert (result["attempt"], result["resumed"]) == ("1", "3")


def test_a_killed_server_goes_on_where_it_was(
    server: Server, remote: FlyteRemote, fast: str, tmp_path: Path
) -> None:
    uploads = [upload("quick"), upload("slow", "patient")]
    with painting(remote, tmp_path, uploads, fast) as execution:
        # GIVEN an execution with one item done and one running (in a child of its own child)
        pid = pid_in(tmp_path / "slow.0")
        wait_for(lambda: 3 in item_phases(remote, execution))
        # WHEN the server is killed and started again
        server.end(signal.SIGKILL)
        server.start()
        # THEN the old process is gone, and another attempt has begun
        wait_for(lambda: not is_alive(pid))
        pid_in(tmp_path / "slow.1")
        (tmp_path / "go").touch()
        done = finished(remote, execution)
    # AND it has gone on from the checkpoint, and what was done was not done again
    results = json.loads(done.outputs["o0"])
    assert [result["attempt"] for result in results] == ["0", "1"]
    assert results[1]["resumed"] == "3"


def item_phases(remote: FlyteRemote, execution: Any) -> list[int]:
    nodes, _ = remote.client.list_node_executions(execution.id)
    phases = []
    for node in nodes:
        if node.metadata.is_array:
            tasks, _ = remote.client.list_task_executions_paginated(node.id)
            phases += [item.phase for item in tasks[0].closure.metadata.external_resources]
    return phases


def test_a_terminated_execution_takes_its_processes_with_it(
    remote: FlyteRemote, tmp_path: Path
) -> None:
    with painting(remote, tmp_path, [upload("t", "patient")]) as execution:
        # GIVEN a running task
        pid = pid_in(tmp_path / "t.0")
        # WHEN the execution is terminated
        remote.terminate(execution, "changed my mind")
        # THEN it is aborted, and the process is gone
        done = finished(remote, execution)
    assert done.closure.phase == WorkflowExecutionPhase.ABORTED
    assert done.closure.abort_metadata.cause == "changed my mind"
    assert not is_alive(pid)
    assert not (tmp_path / "failure.json").exists()


def test_a_name_is_taken_for_ever(remote: FlyteRemote) -> None:
    # GIVEN an execution with a name
    plan = remote.fetch_launch_plan(name="flyte_demo.hello.hello", version="baked")
    first = remote.execute(plan, inputs={"name": "first"}, execution_name="nst-once")
    # WHEN another one is launched with that name
    second = remote.execute(plan, inputs={"name": "second"}, execution_name="nst-once")
    # THEN flytekit, told ALREADY_EXISTS, hands out the first, and that one is untouched
    assert second.id == first.id
    assert finished(remote, second).outputs["o0"] == "hello first"


def test_a_task_runs_alone(remote: FlyteRemote) -> None:
    # GIVEN a registered task
    task = remote.fetch_task(name="flyte_demo.hello.say", version="baked")
    # WHEN it is executed without a workflow
    done = finished(remote, remote.execute(task, inputs={"name": "task"}))
    # THEN its outputs come back
    assert done.outputs["o0"] == "hello task"
