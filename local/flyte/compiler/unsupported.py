"""What a Flyte cluster offers and this stand-in does not: refused by name at registration."""

from __future__ import annotations

from typing import Any

from flyteidl.core import tasks_pb2, workflow_pb2

from local.flyte.compiler.compiled import all_nodes
from local.flyte.refusals import invalid_argument, unsupported

_TASK_TYPES = ("python-task",)
_ARRAY_MODES = workflow_pb2.ArrayNode


def check_task(template: Any) -> None:
    """Refuse a ``core.TaskTemplate`` that cannot run as one child process.

    Raises
    ------
    Refused
        UNIMPLEMENTED, naming the task and what it asks for.
    """
    metadata = template.metadata
    target = template.WhichOneof("target")
    accelerator = template.extended_resources.gpu_accelerator.device
    reasons = {
        f"tasks of type '{template.type}'": template.type not in _TASK_TYPES,
        f"'{target}' tasks (only containers)": target != "container",
        "pod templates": bool(metadata.pod_template_name),
        "eager tasks": metadata.is_eager,
        "caching (it has no data catalog)": metadata.discoverable,
        "secrets (pass environment variables to the server)": bool(
            template.security_context.secrets
        ),
        f"accelerators such as {accelerator}": bool(accelerator),
        "GPUs": _asks_for_gpu(template.container.resources),
        "raw containers that load data": template.container.data_config.enabled,
    }
    _refuse_first(f"task {template.id.name}", reasons)


def _asks_for_gpu(resources: Any) -> bool:
    entries = [*resources.requests, *resources.limits]
    return any(
        entry.name == tasks_pb2.Resources.GPU and entry.value not in ("", "0") for entry in entries
    )


def check_workflow(template: Any) -> None:
    """Refuse a ``core.WorkflowTemplate`` with nodes of a kind that is not offered.

    Raises
    ------
    Refused
        UNIMPLEMENTED, naming the workflow, the node and its kind.
    """
    for node in all_nodes(template):
        where = f"workflow {template.id.name}, node {node.id}"
        _refuse_first(where, _node_reasons(node))
        if node.WhichOneof("target") is None:
            raise invalid_argument(f"{where}: the node has no target")


def _node_reasons(node: Any) -> dict[str, bool]:
    target = node.WhichOneof("target")
    workflow_node, array = node.workflow_node, node.array_node
    is_array = target == "array_node"
    inner = array.node.WhichOneof("target")
    task = array.node.task_node if is_array else node.task_node
    return {
        "branch nodes (conditional)": target == "branch_node",
        "gate nodes (approve, sleep, wait_for_input)": target == "gate_node",
        "launch plan nodes": workflow_node.HasField("launchplan_ref"),
        "sub-workflow nodes": workflow_node.HasField("sub_workflow_ref"),
        "array nodes over anything but a task": is_array and inner != "task_node",
        "array nodes with one input file per item": is_array
        and array.data_mode == _ARRAY_MODES.INDIVIDUAL_INPUT_FILES,
        "pod templates": task.overrides.HasField("pod_template"),
        "accelerators": bool(task.overrides.extended_resources.gpu_accelerator.device),
        "GPUs": _asks_for_gpu(task.overrides.resources),
        "caching (it has no data catalog)": node.metadata.cacheable
        or array.node.metadata.cacheable,
    }


def check_launch_plan(name: str, spec: Any) -> None:
    """Refuse an ``admin.LaunchPlanSpec`` that wants something to happen by itself.

    Raises
    ------
    Refused
        UNIMPLEMENTED, naming the launch plan and what it asks for.
    """
    metadata = spec.entity_metadata
    reasons = {
        "schedules": metadata.schedule.WhichOneof("ScheduleExpression") is not None,
        "notifications": bool(metadata.notifications),
        "triggers": metadata.HasField("launch_conditions"),
        "concurrency policies": bool(spec.concurrency_policy.max),
    }
    _refuse_first(f"launch plan {name}", reasons)


def check_execution(spec: Any) -> None:
    """Refuse an ``admin.ExecutionSpec`` that asks for what one machine has not."""
    reasons = {
        "notifications": bool(spec.notifications.notifications),
        "cluster pools": bool(spec.cluster_assignment.cluster_pool_name),
        "execution cluster labels": bool(spec.execution_cluster_label.value),
    }
    _refuse_first("execution", reasons)


def _refuse_first(where: str, reasons: dict[str, bool]) -> None:
    for what, applies in reasons.items():
        if applies:
            refusal = unsupported(what)
            refusal.args = (f"{where}: {refusal}",)
            raise refusal
