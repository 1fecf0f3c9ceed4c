"""Checks that a task, workflow or launch plan makes sense before it is registered.

A small part of flytepropeller's compiler: everything that would otherwise be found out only
when an execution is half done.
"""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

from local.flyte.compiler.bindings import START_NODE, promises, upstream
from local.flyte.compiler.compiled import all_nodes, compile_workflow, unknown_nodes
from local.flyte.compiler.literal_types import is_of_type, type_name
from local.flyte.compiler.unsupported import check_launch_plan, check_task, check_workflow
from local.flyte.execution.cpus import cpu_share
from local.flyte.keys import WORKFLOW, EntityKey
from local.flyte.pods.command import check_variables
from local.flyte.refusals import invalid_argument

if TYPE_CHECKING:
    from local.flyte.compiler.compiled import CompiledWorkflow
    from local.flyte.state.registry import Registry


def validate_task(template: Any) -> None:
    """Refuse a ``core.TaskTemplate`` that could not be run.

    Raises
    ------
    Refused
        UNIMPLEMENTED or INVALID_ARGUMENT, with the reason.
    """
    check_task(template)
    container = template.container
    try:
        cpu_share(container.resources)
        check_variables([*container.command, *container.args])
    except ValueError as problem:
        raise invalid_argument(f"task {template.id.name}: {problem}") from problem
    if not [*container.command, *container.args]:
        raise invalid_argument(f"task {template.id.name} has no command")


def validate_workflow(template: Any, registry: Registry) -> None:
    """Refuse a ``core.WorkflowTemplate`` that could not be run.

    Raises
    ------
    Refused
        UNIMPLEMENTED for kinds of nodes that are not offered, NOT_FOUND for tasks that are
        not registered, INVALID_ARGUMENT for what contradicts itself.
    """
    check_workflow(template)
    name = template.id.name
    ids = [node.id for node in all_nodes(template)]
    if len(set(ids)) < len(ids):
        raise invalid_argument(f"workflow {name} has two nodes of one id: {', '.join(ids)}")
    unknown = sorted(unknown_nodes(template))
    if unknown:
        raise invalid_argument(f"workflow {name} refers to unknown nodes: {', '.join(unknown)}")
    try:
        TopologicalSorter({node.id: upstream(node) for node in template.nodes}).prepare()
    except CycleError as cycle:
        path = " -> ".join(cycle.args[1])
        raise invalid_argument(f"workflow {name} has a cycle: {path}") from cycle
    _check_bindings(compile_workflow(template, registry))


def _check_bindings(workflow: CompiledWorkflow) -> None:
    template = workflow.template
    outputs = {
        node.id: set(workflow.task_of(node).interface.outputs.variables) for node in template.nodes
    }
    outputs[START_NODE] = set(template.interface.inputs.variables)
    for node in all_nodes(template):
        bound = {binding.var for binding in node.inputs}
        wanted = set(workflow.task_of(node).interface.inputs.variables)
        if bound != wanted:
            different = ", ".join(sorted(bound ^ wanted))
            raise invalid_argument(
                f"workflow {template.id.name}, node {node.id}: bindings and inputs of the task "
                f"differ in {different}"
            )
        _check_promises(template, node.inputs, outputs)
    _check_promises(template, template.outputs, outputs)


def _check_promises(template: Any, bindings: Any, outputs: dict[str, set[str]]) -> None:
    for binding in bindings:
        for promise in promises(binding.binding):
            node_id = promise.node_id or START_NODE
            if promise.var not in outputs[node_id]:
                raise invalid_argument(
                    f"workflow {template.id.name}: {binding.var} is bound to "
                    f"{node_id}.{promise.var}, which does not exist"
                )


def validate_launch_plan(key: EntityKey, spec: Any, registry: Registry) -> None:
    """Refuse an ``admin.LaunchPlanSpec`` whose workflow or inputs do not fit.

    Raises
    ------
    Refused
        UNIMPLEMENTED for what is not offered, NOT_FOUND for an unknown workflow,
        INVALID_ARGUMENT for inputs that the workflow does not have or of another type.
    """
    check_launch_plan(key.name, spec)
    workflow = registry.get(EntityKey.of(spec.workflow_id, kind=WORKFLOW))
    variables = workflow.spec.template.interface.inputs.variables
    values = dict(spec.fixed_inputs.literals)
    for name, parameter in spec.default_inputs.parameters.items():
        if parameter.HasField("default"):
            values[name] = parameter.default
        elif name not in variables:
            raise invalid_argument(f"launch plan {key.name}: the workflow has no input {name}")
    for name, literal in values.items():
        if name not in variables:
            raise invalid_argument(f"launch plan {key.name}: the workflow has no input {name}")
        if not is_of_type(literal, variables[name].type):
            wanted = type_name(variables[name].type)
            raise invalid_argument(f"launch plan {key.name}: input {name} is no {wanted}")
