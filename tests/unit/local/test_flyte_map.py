"""Map tasks of the local Flyte, and who gets the CPUs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flyteidl.core.execution_pb2 import WorkflowExecution

from tests.unit.local.flyte_client import (
    STRING,
    STRINGS,
    Client,
    emits,
    lines,
    map_node,
    node,
    text,
    texts,
)


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
