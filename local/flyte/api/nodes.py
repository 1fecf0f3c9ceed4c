"""RPCs about what happens inside an execution: nodes and task attempts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from flyteidl.admin import node_execution_pb2, task_execution_pb2
from flyteidl.core import execution_pb2, identifier_pb2
from flyteidl.event import event_pb2

from local.flyte.api.executions import url_blob
from local.flyte.api.listing import page
from local.flyte.api.timestamps import closure_times
from local.flyte.compiler.compiled import all_nodes, what_it_launches
from local.flyte.keys import ExecutionKey
from local.flyte.refusals import not_found
from local.flyte.state.blobs import OUTPUTS, read_literals
from local.flyte.state.layout import ExecutionLayout
from local.flyte.state.rows import NO_ITEM, Node, Task, Times

if TYPE_CHECKING:
    from local.flyte.execution.runtime import Runtime
    from local.flyte.state.rows import AttemptRow, ExecutionRow, NodeRow

_TASK_PHASES = {
    Node.RUNNING: Task.RUNNING,
    Node.SUCCEEDED: Task.SUCCEEDED,
    Node.FAILED: Task.FAILED,
    Node.ABORTED: Task.ABORTED,
}


class NodesApi:
    """Node executions and task executions.

    A map task has one task execution; its items are the ``external_resources`` of that one,
    as propeller reports them.

    Parameters
    ----------
    runtime
        Where executions are stored.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def list_node_executions(self, request: Any) -> Any:
        """Answer ``ListNodeExecutions``; no node here has child nodes of its own."""
        execution = self._execution(request.workflow_execution_id)
        rows = [] if request.unique_parent_id else self._runtime.journal.nodes(execution.serial)
        selected, token = page(rows, request, _node_fields)
        return node_execution_pb2.NodeExecutionList(
            node_executions=[self._node_message(execution, row) for row in selected], token=token
        )

    def get_node_execution(self, request: Any) -> Any:
        """Answer ``GetNodeExecution``."""
        return self._node_message(*self._node(request.id))

    def get_node_execution_data(self, request: Any) -> Any:
        """Answer ``GetNodeExecutionData``."""
        execution, row = self._node(request.id)
        fields = self._data(execution, row.node_id, row.output_dir)
        return node_execution_pb2.NodeExecutionGetDataResponse(**fields)

    def list_task_executions(self, request: Any) -> Any:
        """Answer ``ListTaskExecutions``: one per attempt."""
        execution, node = self._node(request.node_execution_id)
        if self._task_id(execution, node) is None:
            return task_execution_pb2.TaskExecutionList()
        if node.is_array:
            messages, token = [self._map_message(execution, node)], ""
        else:
            rows = self._runtime.journal.attempts(execution.serial, node.node_id)
            selected, token = page(rows, request, _attempt_fields)
            messages = [self._attempt_message(execution, node, row) for row in selected]
        return task_execution_pb2.TaskExecutionList(task_executions=messages, token=token)

    def get_task_execution(self, request: Any) -> Any:
        """Answer ``GetTaskExecution``."""
        execution, node = self._node(request.id.node_execution_id)
        if node.is_array:
            return self._map_message(execution, node)
        row = self._attempt(execution, request.id)
        return self._attempt_message(execution, node, row)

    def get_task_execution_data(self, request: Any) -> Any:
        """Answer ``GetTaskExecutionData``."""
        execution, node = self._node(request.id.node_execution_id)
        folder = node.output_dir
        if not node.is_array:
            folder = self._attempt(execution, request.id).output_dir
        fields = self._data(execution, node.node_id, folder)
        return task_execution_pb2.TaskExecutionGetDataResponse(**fields)

    def _execution(self, identifier: Any) -> ExecutionRow:
        return self._runtime.journal.get(ExecutionKey.of(identifier))

    def _node(self, identifier: Any) -> tuple[ExecutionRow, NodeRow]:
        execution = self._execution(identifier.execution_id)
        row = self._runtime.journal.node(execution.serial, identifier.node_id)
        if row is None:
            raise not_found(f"execution {execution.key} has not reached node {identifier.node_id}")
        return execution, row

    def _attempt(self, execution: ExecutionRow, identifier: Any) -> AttemptRow:
        node_id, attempt = identifier.node_execution_id.node_id, int(identifier.retry_attempt)
        rows = self._runtime.journal.attempts(execution.serial, node_id, NO_ITEM)
        if attempt >= len(rows):
            raise not_found(f"execution {execution.key}, node {node_id}: no attempt {attempt}")
        return rows[attempt]

    def _task_id(self, execution: ExecutionRow, row: NodeRow) -> Any | None:
        _, workflow = what_it_launches(execution.spec.launch_plan, self._runtime.registry)
        for node in all_nodes(workflow.template):
            if node.id == row.node_id:
                return workflow.task_of(node).id
        return None

    def _data(self, execution: ExecutionRow, node_id: str, folder: str | None) -> dict[str, Any]:
        inputs = ExecutionLayout(self._runtime.data_dir, *execution.key).inputs(node_id)
        fields = {"inputs": url_blob(inputs), "full_inputs": read_literals(inputs)}
        if folder is not None:
            outputs = Path(folder) / OUTPUTS
            fields |= {"outputs": url_blob(outputs), "full_outputs": read_literals(outputs)}
        return fields

    def _node_message(self, execution: ExecutionRow, row: NodeRow) -> Any:
        layout = ExecutionLayout(self._runtime.data_dir, *execution.key)
        closure = node_execution_pb2.NodeExecutionClosure(
            phase=row.phase, **closure_times(row.times)
        )
        if row.error is not None:
            closure.error.CopyFrom(row.error)
        elif row.output_dir is not None:
            closure.output_uri = str(Path(row.output_dir) / OUTPUTS)
            deck = Path(row.output_dir) / "deck.html"
            closure.deck_uri = str(deck) if deck.exists() else ""
        return node_execution_pb2.NodeExecution(
            id=_node_id(execution, row),
            input_uri=str(layout.inputs(row.node_id)),
            closure=closure,
            metadata=node_execution_pb2.NodeExecutionMetaData(
                spec_node_id=row.node_id, is_array=row.is_array
            ),
        )

    def _task_message(
        self, execution: ExecutionRow, node: NodeRow, attempt: int, closure: Any
    ) -> Any:
        layout = ExecutionLayout(self._runtime.data_dir, *execution.key)
        closure.task_type = "python-task"
        return task_execution_pb2.TaskExecution(
            id=identifier_pb2.TaskExecutionIdentifier(
                task_id=self._task_id(execution, node),
                node_execution_id=_node_id(execution, node),
                retry_attempt=attempt,
            ),
            input_uri=str(layout.inputs(node.node_id)),
            closure=closure,
        )

    def _attempt_message(self, execution: ExecutionRow, node: NodeRow, row: AttemptRow) -> Any:
        closure = _closure(row.phase, row.times, row.error)
        closure.logs.append(_log(row))
        if row.phase == Task.SUCCEEDED:
            closure.output_uri = str(Path(row.output_dir) / OUTPUTS)
        return self._task_message(execution, node, row.attempt, closure)

    def _map_message(self, execution: ExecutionRow, node: NodeRow) -> Any:
        closure = _closure(_TASK_PHASES[node.phase], node.times, node.error)
        if node.output_dir is not None:
            closure.output_uri = str(Path(node.output_dir) / OUTPUTS)
        for row in self._runtime.journal.attempts(execution.serial, node.node_id):
            closure.metadata.external_resources.append(
                event_pb2.ExternalResourceInfo(
                    external_id=Path(row.log).stem,
                    index=row.item,
                    retry_attempt=row.attempt,
                    phase=row.phase,
                    logs=[_log(row)],
                )
            )
        return self._task_message(execution, node, 0, closure)


def _closure(phase: int, times: Times, error: Any | None) -> Any:
    closure = task_execution_pb2.TaskExecutionClosure(phase=phase, **closure_times(times))
    if error is not None:
        closure.error.CopyFrom(error)
    return closure


def _log(row: AttemptRow) -> Any:
    return execution_pb2.TaskLog(name="stdout and stderr", uri=Path(row.log).as_uri())


def _node_id(execution: ExecutionRow, row: NodeRow) -> Any:
    return identifier_pb2.NodeExecutionIdentifier(
        node_id=row.node_id, execution_id=execution.key.to_idl()
    )


def _node_fields(row: NodeRow) -> dict[str, Any]:
    return {
        "node_id": row.node_id,
        "phase": Node.Phase.Name(row.phase),
        "created_at": row.times.created,
    }


def _attempt_fields(row: AttemptRow) -> dict[str, Any]:
    return {
        "retry_attempt": row.attempt,
        "phase": Task.Phase.Name(row.phase),
        "created_at": row.times.created,
    }
