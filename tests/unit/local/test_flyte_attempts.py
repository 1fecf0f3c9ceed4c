"""Attempts at a task: budgets, timeouts, checkpoints, environment."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from flyteidl.admin import execution_pb2
from flyteidl.core import errors_pb2
from flyteidl.core.execution_pb2 import ExecutionError, WorkflowExecution

from tests.unit.local.flyte_client import (
    Client,
    emits,
    lines,
    node,
    run_one,
    text,
)


def reports(message: str, kind: int, origin: int) -> str:
    """Return a shell command that writes an error as flytekit does (and so exits with 0)."""
    error = errors_pb2.ContainerError(code="USER:Boom", message=message, kind=kind, origin=origin)
    document = errors_pb2.ErrorDocument(error=error).SerializeToString()
    escaped = "".join(f"\\{byte:03o}" for byte in document)
    return f"printf '{escaped}' > '{{{{.outputPrefix}}}}/error.pb'"


RECOVERABLE = reports(
    "may pass", errors_pb2.ContainerError.RECOVERABLE, ExecutionError.ErrorKind.Value("USER")
)


SYSTEM = reports(
    "no disk", errors_pb2.ContainerError.RECOVERABLE, ExecutionError.ErrorKind.Value("SYSTEM")
)


PERMANENT = reports(
    "is wrong", errors_pb2.ContainerError.NON_RECOVERABLE, ExecutionError.ErrorKind.Value("USER")
)


def test_recoverable_errors_use_up_the_retries_of_the_task(client: Client, tmp_path: Path) -> None:
    # GIVEN a task with two retries that always fails in a way that may pass
    script = f"echo $FLYTE_ATTEMPT_NUMBER >> {tmp_path}/attempts; {RECOVERABLE}"
    # WHEN it runs
    done = run_one(client, "recoverable", script, retries=2)
    # THEN it has been tried three times, and the error says so
    assert lines(tmp_path / "attempts") == ["0", "1", "2"]
    assert done.closure.phase == WorkflowExecution.FAILED
    assert done.closure.error.code == "RetriesExhausted|USER:Boom"
    assert done.closure.error.message == "[3/3] currentAttempt done. Last Error: USER::may pass"


def test_system_errors_have_a_budget_of_their_own(client: Client, tmp_path: Path) -> None:
    # GIVEN a task without retries that always dies of the system
    script = f"echo {{{{.perRetryUniqueKey}}}} >> {tmp_path}/attempts; {SYSTEM}"
    # WHEN it runs
    done = run_one(client, "system", script)
    # THEN it has been tried once and three times more
    assert len(set(lines(tmp_path / "attempts"))) == 4
    assert done.closure.error.kind == ExecutionError.SYSTEM


def test_the_retries_of_a_node_override_those_of_its_task(client: Client, tmp_path: Path) -> None:
    # GIVEN a task with one retry, in a node with three
    client.task("overridden", f"echo x >> {tmp_path}/attempts; {RECOVERABLE}", retries=1)
    stubborn = node("n0", "overridden")
    stubborn.metadata.retries.retries = 3
    client.workflow("overridden", [stubborn])
    # WHEN it always fails
    client.wait(client.launch("overridden"))
    # THEN it was tried as often as the node says
    assert len(lines(tmp_path / "attempts")) == 4


@pytest.mark.parametrize("exit_code", [137, 247])
def test_the_exit_code_of_a_killed_child_counts_as_killed(
    client: Client, tmp_path: Path, exit_code: int
) -> None:
    script = f"[ -e {tmp_path}/again ] || {{ touch {tmp_path}/again; exit {exit_code}; }}; "
    done = run_one(client, f"passed-on-{exit_code}", script + emits(y=text("alive")))
    assert done.closure.phase == WorkflowExecution.SUCCEEDED


def test_a_killed_process_is_the_systems_fault(client: Client, tmp_path: Path) -> None:
    # GIVEN a task without retries that is killed the first time
    script = f"[ -e {tmp_path}/again ] || {{ touch {tmp_path}/again; kill -9 $$; }}; "
    # WHEN it runs
    done = run_one(client, "killed", script + emits(y=text("alive")))
    # THEN it has succeeded
    assert done.closure.phase == WorkflowExecution.SUCCEEDED


@pytest.mark.parametrize(
    ("name", "script", "attempts", "message"),
    [
        ("permanent", PERMANENT, 1, "is wrong"),
        ("error-over-outputs", f"{emits(y=text('x'))}; {PERMANENT}", 1, "is wrong"),
        ("exit-code", "exit 3", 2, "exit code 3"),
        ("no-outputs", "true", 2, "Outputs not generated"),
        ("no-such-program", "exec /no/such/program", 2, "exit code 127"),
    ],
)
def test_a_failure_is_told(
    client: Client, tmp_path: Path, name: str, script: str, attempts: int, message: str
) -> None:
    # GIVEN a task with one retry
    count = f"echo x >> {tmp_path}/attempts; "
    # WHEN it fails
    done = run_one(client, name, count + script, retries=1)
    # THEN it was tried as often as that failure deserves, and the error tells why
    assert len(lines(tmp_path / "attempts")) == attempts
    assert message in done.closure.error.message


def test_an_attempt_that_takes_too_long_is_stopped_and_retried(
    client: Client, tmp_path: Path
) -> None:
    # GIVEN a task with a timeout that hangs the first time
    script = f"[ -e {tmp_path}/again ] || {{ touch {tmp_path}/again; sleep 60; }}; "
    # WHEN it runs
    began = time.monotonic()
    done = run_one(client, "slow", script + emits(y=text("x")), retries=1, timeout=0.5)
    # THEN the hanging attempt was stopped, and the next succeeded
    assert done.closure.phase == WorkflowExecution.SUCCEEDED
    assert time.monotonic() - began < 5


def test_all_attempts_together_have_twice_the_timeout(client: Client) -> None:
    # GIVEN a task with many retries that always hangs
    # WHEN it runs
    done = run_one(client, "hangs", "sleep 60", retries=100, timeout=0.3)
    # THEN it fails for good after twice the timeout of one attempt
    assert "task active timeout [0.6s] expired" in done.closure.error.message


def test_an_attempt_reads_the_checkpoint_of_the_one_before(client: Client, tmp_path: Path) -> None:
    # GIVEN a task that writes down which checkpoints it is given, and fails
    pair = "'{{.prevCheckpointPrefix}}'='{{.checkpointOutputPrefix}}'"
    script = f"echo {pair} >> {tmp_path}/c; "
    # WHEN it is tried three times
    run_one(client, "checkpoints", script + RECOVERABLE, retries=2)
    # THEN the first has none, and each other reads where the one before wrote
    pairs = [line.split("=") for line in (tmp_path / "c").read_text().splitlines()]
    assert pairs[0][0] == '""'
    assert [before for before, _ in pairs[1:]] == [written for _, written in pairs[:-1]]


def test_the_environment_is_flytes(client: Client, tmp_path: Path) -> None:
    # GIVEN a task, and an execution with a variable of its own
    client.task("environment", f"env > {tmp_path}/env")
    client.workflow("environment", [node("n0", "environment")])
    spec = execution_pb2.ExecutionSpec()
    spec.envs.values.add(key="COLOUR", value="blue")
    # WHEN it runs
    client.wait(client.launch("environment", "nst-env", spec=spec))
    # THEN it finds what flytekit needs
    found = dict(
        line.split("=", 1) for line in (tmp_path / "env").read_text().splitlines() if "=" in line
    )
    assert found["COLOUR"] == "blue"
    assert found["FLYTE_INTERNAL_EXECUTION_ID"] == "nst-env"
    assert found["FLYTE_INTERNAL_EXECUTION_PROJECT"] == "nst"
    assert found["FLYTE_INTERNAL_TASK_NAME"] == "environment"
    assert found["FLYTE_ATTEMPT_NUMBER"] == "0"
    # AND the folder that it wrote its temporary files to is gone
    assert not Path(found["TMPDIR"]).exists()
