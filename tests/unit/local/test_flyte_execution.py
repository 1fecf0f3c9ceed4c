"""Executions of the local Flyte: attempts, budgets, timeouts, map tasks, failures."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flyteidl.admin import execution_pb2, node_execution_pb2
from flyteidl.core import errors_pb2, workflow_pb2
from flyteidl.core.execution_pb2 import ExecutionError, NodeExecution, WorkflowExecution

from local.flyte import LocalFlyte
from tests.unit.local.flyte_client import (
    STRING,
    STRINGS,
    Client,
    emits,
    map_node,
    node,
    text,
    texts,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def flyte(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalFlyte]:
    with LocalFlyte(tmp_path_factory.mktemp("flyte"), cpus=2) as flyte:
        yield flyte


@pytest.fixture(scope="module")
def client(flyte: LocalFlyte) -> Client:
    return Client(flyte.endpoint)


def reports(message: str, kind: int, origin: int) -> str:
    """Return a shell command that writes an error as flytekit does (and so exits with 0)."""
    error = errors_pb2.ContainerError(code="USER:Boom", message=message, kind=kind, origin=origin)
    encoded = errors_pb2.ErrorDocument(error=error).SerializeToString().hex()
    escaped = "".join(f"\\{int(encoded[i : i + 2], 16):03o}" for i in range(0, len(encoded), 2))
    return f"printf '{escaped}' > {{{{.outputPrefix}}}}/error.pb"


RECOVERABLE = reports(
    "may pass", errors_pb2.ContainerError.RECOVERABLE, ExecutionError.ErrorKind.Value("USER")
)
SYSTEM = reports(
    "no disk", errors_pb2.ContainerError.RECOVERABLE, ExecutionError.ErrorKind.Value("SYSTEM")
)
PERMANENT = reports(
    "is wrong", errors_pb2.ContainerError.NON_RECOVERABLE, ExecutionError.ErrorKind.Value("USER")
)


def run_one(client: Client, name: str, script: str, **task: Any) -> Any:
    """Run a workflow of one task that promises the output `y`."""
    client.task(name, script, outputs={"y": STRING}, **task)
    client.workflow(name, [node("n0", name)], outputs={"y": ("n0", "y")})
    return client.wait(client.launch(name))


def lines(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []


def nodes(client: Client, execution: Any) -> dict[str, Any]:
    request = node_execution_pb2.NodeExecutionListRequest(workflow_execution_id=execution.id)
    found = client.admin.ListNodeExecutions(request, timeout=5).node_executions
    return {each.id.node_id: each.closure for each in found}


def test_outputs_flow_from_node_to_node(client: Client) -> None:
    # GIVEN two tasks, the second fed by the first
    client.task("first", emits(y=text("made")), outputs={"y": STRING})
    client.task(
        "second", "cp {{.input}} {{.outputPrefix}}/outputs.pb", inputs={"y": STRING},
        outputs={"y": STRING},
    )  # fmt: skip
    chain = [node("b", "second", y=("a", "y")), node("a", "first")]
    client.workflow("chain", chain, outputs={"end": ("b", "y")})
    # WHEN the workflow runs
    done = client.wait(client.launch("chain"))
    # THEN its output has come through both, and its closure tells the whole story
    assert done.closure.phase == WorkflowExecution.SUCCEEDED
    assert client.outputs(done.id) == {"end": text("made")}
    assert Path(done.closure.outputs.uri).is_file()
    assert done.closure.workflow_id.name == "chain"
    assert 0 < done.closure.duration.ToTimedelta().total_seconds() < 10
    assert done.closure.started_at.ToNanoseconds() >= done.closure.created_at.ToNanoseconds()


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


def test_no_more_nodes_run_at_a_time_than_the_execution_allows(
    client: Client, tmp_path: Path
) -> None:
    # GIVEN three independent nodes
    client.task(
        "one-of-many", f"echo begin >> {tmp_path}/log; sleep 0.1; echo end >> {tmp_path}/log"
    )
    client.workflow("many", [node(f"n{i}", "one-of-many") for i in range(3)])
    # WHEN they are executed with max_parallelism 1
    client.wait(client.launch("many", spec=execution_pb2.ExecutionSpec(max_parallelism=1)))
    # THEN they run one after the other
    assert lines(tmp_path / "log") == ["begin", "end"] * 3


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
    script = f"echo {{{{.prevCheckpointPrefix}}}}={{{{.checkpointOutputPrefix}}}} >> {tmp_path}/c; "
    # WHEN it is tried three times
    run_one(client, "checkpoints", script + RECOVERABLE, retries=2)
    # THEN the first has none, and each other reads where the one before wrote
    pairs = [line.split("=") for line in lines(tmp_path / "c")]
    assert pairs[0][0] == ""
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
    found = dict(line.split("=", 1) for line in lines(tmp_path / "env") if "=" in line)
    assert found["COLOUR"] == "blue"
    assert found["FLYTE_INTERNAL_EXECUTION_ID"] == "nst-env"
    assert found["FLYTE_INTERNAL_EXECUTION_PROJECT"] == "nst"
    assert found["FLYTE_INTERNAL_TASK_NAME"] == "environment"
    assert found["FLYTE_ATTEMPT_NUMBER"] == "0"
    # AND the folder that it wrote its temporary files to is gone
    assert not Path(found["TMPDIR"]).exists()


def register_map(client: Client, name: str, script: str, **array: Any) -> None:
    client.task(name, script, inputs={"x": STRINGS, "s": STRING}, outputs={"o": STRINGS})
    mapped = map_node(node("n0", name, x="xs", s="s"), bound_inputs=["s"], **array)
    client.workflow(
        name, [mapped], inputs={"xs": STRINGS, "s": STRING}, outputs={"all": ("n0", "o")}
    )


def test_a_map_task_collects_its_items_in_order(client: Client) -> None:
    # GIVEN a map task
    register_map(client, "mapped", emits(o=text("itemINDEX")))
    # WHEN it runs over three items
    done = client.wait(client.launch("mapped", xs=texts("a", "b", "c"), s=text("bound")))
    # THEN there is one output per item, in their order
    assert client.outputs(done.id) == {"all": texts("item00000", "item00001", "item00002")}


def test_a_map_task_over_nothing_succeeds(client: Client) -> None:
    register_map(client, "mapped-none", "exit 1")
    done = client.wait(client.launch("mapped-none", xs=texts(), s=text("")))
    assert client.outputs(done.id) == {"all": texts()}


def test_items_may_fail_as_far_as_the_ratio_allows(client: Client) -> None:
    # GIVEN a map task of which half must succeed, and whose item 1 fails
    script = f"[ $FLYTE_K8S_ARRAY_INDEX != 1 ] || exit 1; {emits(o=text('itemINDEX'))}"
    register_map(client, "mapped-half", script, min_success_ratio=0.5)
    # WHEN it runs
    done = client.wait(client.launch("mapped-half", xs=texts("a", "b"), s=text("")))
    # THEN it succeeds, with none in the place of the failed item
    collected = client.outputs(done.id)["all"].collection.literals
    assert collected[0] == text("item00000")
    assert collected[1].scalar.WhichOneof("value") == "none_type"


def test_a_map_task_stops_as_soon_as_it_cannot_succeed(client: Client, tmp_path: Path) -> None:
    # GIVEN a map task whose first item fails while the second takes for ever
    script = f"echo $$ >> {tmp_path}/pids; [ $FLYTE_K8S_ARRAY_INDEX = 0 ] && exit 1; sleep 60"
    register_map(client, "mapped-stop", script)
    # WHEN it runs
    done = client.wait(client.launch("mapped-stop", xs=texts("a", "b"), s=text("")))
    # THEN it fails at once with the item's number, and no process is left
    assert done.closure.phase == WorkflowExecution.FAILED
    assert done.closure.error.message.startswith("[0]: ")
    assert not any(Path(f"/proc/{pid}").exists() for pid in lines(tmp_path / "pids"))


def test_concurrency_bounds_the_items_at_a_time(client: Client, tmp_path: Path) -> None:
    # GIVEN a map task with concurrency 1 whose items say when they begin and end
    script = f"echo begin >> {tmp_path}/log; sleep 0.1; echo end >> {tmp_path}/log; "
    register_map(client, "mapped-serial", script + emits(o=text("x")), parallelism=1)
    # WHEN it runs
    client.wait(client.launch("mapped-serial", xs=texts("a", "b", "c"), s=text("")))
    # THEN no item began before the one before had ended
    assert lines(tmp_path / "log") == ["begin", "end"] * 3


def test_cpu_requests_bound_the_tasks_at_a_time(client: Client, tmp_path: Path) -> None:
    # GIVEN two CPUs, and three tasks that ask for both
    script = f"echo begin >> {tmp_path}/log; sleep 0.1; echo end >> {tmp_path}/log"
    client.task("greedy", script, cpu="2")
    client.workflow("greedy", [node(f"n{i}", "greedy") for i in range(3)])
    # WHEN they could all run
    client.wait(client.launch("greedy"))
    # THEN they run one after the other
    assert lines(tmp_path / "log") == ["begin", "end"] * 3


@pytest.mark.parametrize(
    ("policy", "sibling"),
    [
        (workflow_pb2.WorkflowMetadata.FAIL_IMMEDIATELY, NodeExecution.ABORTED),
        (
            workflow_pb2.WorkflowMetadata.FAIL_AFTER_EXECUTABLE_NODES_COMPLETE,
            NodeExecution.SUCCEEDED,
        ),
    ],
)
def test_the_failure_policy_decides_about_siblings(
    client: Client, policy: int, sibling: int
) -> None:
    # GIVEN a node that fails beside one that takes a while, and one that waits for that
    name = f"policy-{policy}"
    client.task(f"{name}-bad", "exit 1")
    client.task(f"{name}-slow", "sleep 0.5")
    client.workflow(
        name,
        [
            node("bad", f"{name}-bad"),
            node("slow", f"{name}-slow"),
            node("after-bad", f"{name}-slow", after=["bad"]),
        ],
        on_failure=policy,
    )
    # WHEN the workflow runs
    done = client.wait(client.launch(name))
    # THEN the sibling has ended as the policy says, and what depends on the bad one never began
    reached = nodes(client, done)
    assert done.closure.phase == WorkflowExecution.FAILED
    assert reached["slow"].phase == sibling
    assert "after-bad" not in reached


def test_a_failure_in_the_failure_node_does_not_hide_the_first(client: Client) -> None:
    # GIVEN a workflow whose failure node fails
    client.task("breaks", "exit 5")
    client.task("handler", "exit 6")
    client.workflow("handled", [node("n0", "breaks")], failure_node=node("fn0", "handler"))
    # WHEN it fails
    done = client.wait(client.launch("handled"))
    # THEN both are told, the first one first
    assert "exit code 5" in done.closure.error.message.splitlines()[0]
    assert "exit code 6" in done.closure.error.message
