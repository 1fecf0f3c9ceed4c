"""A workflow with everything it refers to: what an execution runs and ``GetWorkflow`` answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flyteidl.core import compiler_pb2, literals_pb2, workflow_pb2

from local.flyte.compiler.bindings import END_NODE, START_NODE, promises, upstream
from local.flyte.keys import LAUNCH_PLAN, TASK, WORKFLOW, EntityKey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.flyte.state.registry import Entity, Registry


@dataclass(frozen=True)
class CompiledWorkflow:
    """A workflow template and the templates of its tasks."""

    template: Any
    tasks: dict[EntityKey, Any]

    def task_of(self, node: Any) -> Any:
        """Return the ``core.TaskTemplate`` that a node runs (an array node: for each item)."""
        return self.tasks[EntityKey.of(task_node(node).reference_id, kind=TASK)]

    def closure(self) -> Any:
        """Return the ``core.CompiledWorkflowClosure``."""
        connections = compiler_pb2.ConnectionSet()
        for node in self.template.nodes:
            before = sorted(upstream(node)) or [START_NODE]
            connections.upstream[node.id].ids.extend(before)
            for node_id in before:
                connections.downstream[node_id].ids.append(node.id)
        return compiler_pb2.CompiledWorkflowClosure(
            primary=compiler_pb2.CompiledWorkflow(template=self.template, connections=connections),
            tasks=[compiler_pb2.CompiledTask(template=task) for task in self.tasks.values()],
        )


def task_node(node: Any) -> Any:
    """Return the ``core.TaskNode`` of a task node, or of the node inside an array node."""
    return node.array_node.node.task_node if node.HasField("array_node") else node.task_node


def all_nodes(template: Any) -> Iterator[Any]:
    """Yield the nodes of a workflow and its failure node, if it has one."""
    yield from template.nodes
    if template.HasField("failure_node"):
        yield template.failure_node


def compile_workflow(template: Any, registry: Registry) -> CompiledWorkflow:
    """Look up the tasks of a workflow.

    Raises
    ------
    Refused
        NOT_FOUND if a task is not registered.
    """
    keys = [EntityKey.of(task_node(node).reference_id, kind=TASK) for node in all_nodes(template)]
    return CompiledWorkflow(template, {key: registry.get(key).spec.template for key in keys})


def compile_task(task: Any) -> CompiledWorkflow:
    """Return the workflow of one node that stands for an execution of a task alone.

    flyteadmin makes the same (``manager/impl/util/single_task_execution.go``).
    """
    node_id = task.id.name.rsplit(".", 1)[-1].replace("_", "-")[:20].strip("-").lower() or "task"
    template = workflow_pb2.WorkflowTemplate(
        id=_generated_workflow_id(task.id), interface=task.interface
    )
    node = template.nodes.add(id=node_id)
    node.metadata.name = task.id.name
    node.task_node.reference_id.CopyFrom(task.id)
    for name in task.interface.inputs.variables:
        node.inputs.append(_from(name, START_NODE))
    for name in task.interface.outputs.variables:
        template.outputs.append(_from(name, node_id))
    return CompiledWorkflow(template, {EntityKey.of(task.id, kind=TASK): task})


def _generated_workflow_id(task_id: Any) -> Any:
    key = EntityKey.of(task_id)
    return key._replace(kind=WORKFLOW, name=f".flytegen.{key.name}").to_idl()


def launched_workflow_id(identifier: Any, registry: Registry) -> Any:
    """Return the ``core.Identifier`` of the workflow that an execution runs."""
    if identifier.resource_type == LAUNCH_PLAN:
        return registry.get(EntityKey.of(identifier)).spec.workflow_id
    return _generated_workflow_id(identifier)


def _from(name: str, node_id: str) -> Any:
    promise = literals_pb2.BindingData()
    promise.promise.node_id = node_id
    promise.promise.var = name
    return literals_pb2.Binding(var=name, binding=promise)


def what_it_launches(identifier: Any, registry: Registry) -> tuple[Entity, CompiledWorkflow]:
    """Return the launch plan (or task) of an execution and the workflow that it runs.

    Raises
    ------
    Refused
        NOT_FOUND if it, its workflow or a task is not registered.
    """
    entity = registry.get(EntityKey.of(identifier))
    if entity.key.kind == LAUNCH_PLAN:
        workflow = registry.get(EntityKey.of(entity.spec.workflow_id, kind=WORKFLOW))
        return entity, compile_workflow(workflow.spec.template, registry)
    return entity, compile_task(entity.spec.template)


def unknown_nodes(template: Any) -> set[str]:
    """Return the node ids that something refers to although no node has them."""
    known = {node.id for node in template.nodes} | {"", START_NODE, END_NODE}
    referred = {node_id for node in all_nodes(template) for node_id in upstream(node)}
    for output in template.outputs:
        referred |= {promise.node_id for promise in promises(output.binding)}
    return referred - known
