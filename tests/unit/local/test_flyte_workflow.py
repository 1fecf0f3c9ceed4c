"""Workflows of the local Flyte: order, outputs, failures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flyteidl.admin import execution_pb2, node_execution_pb2
from flyteidl.core import workflow_pb2
from flyteidl.core.execution_pb2 import NodeExecution, WorkflowExecution

from tests.unit.local.flyte_client import (
    STRING,
    Client,
    emits,
    lines,
    node,
    text,
)

PASS_ON = "cp '{{.input}}' '{{.outputPrefix}}/outputs.pb'"


def nodes(client: Client, execution: Any) -> dict[str, Any]:
    request = node_execution_pb2.NodeExecutionListRequest(workflow_execution_id=execution.id)
    found = client.admin.ListNodeExecutions(request, timeout=5).node_executions
    return {each.id.node_id: each.closure for each in found}


def test_outputs_flow_from_node_to_node(client: Client) -> None:
    # GIVEN two tasks, the second fed by the first
    client.task("first", emits(y=text("made")), outputs={"y": STRING})
    client.task("second", PASS_ON, inputs={"y": STRING}, outputs={"y": STRING})
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
