"""One execution run to its end: nodes in topological order, then outputs or the failure node."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from flyteidl.core import execution_pb2, literals_pb2, types_pb2, workflow_pb2

from local.flyte.compiler.bindings import (
    END_NODE,
    START_NODE,
    UnresolvedBinding,
    resolve_all,
    upstream,
)
from local.flyte.execution.node_run import NodeRun
from local.flyte.execution.outcomes import TaskFailed, failure
from local.flyte.state.blobs import OUTPUTS, write_message
from local.flyte.state.layout import ExecutionLayout
from local.flyte.state.rows import Node, Workflow

if TYPE_CHECKING:
    from local.flyte.compiler.compiled import CompiledWorkflow
    from local.flyte.execution.runtime import Runtime
    from local.flyte.state.rows import ExecutionRow

_DEFAULT_PARALLELISM = 25
"""Nodes of one execution that may run at a time (flyteadmin ``maxParallelism``)."""

_FAIL_IMMEDIATELY = workflow_pb2.WorkflowMetadata.FAIL_IMMEDIATELY


class NodeFailed(Exception):
    """A node has failed, and so its workflow."""

    def __init__(self, node_id: str, error: Any) -> None:
        super().__init__(error.message)
        self.node_id = node_id
        self.error = error


class WorkflowRun:
    """Runs one execution; after a restart of the server it goes on where the journal ends."""

    def __init__(
        self, runtime: Runtime, execution: ExecutionRow, workflow: CompiledWorkflow
    ) -> None:
        self._journal = runtime.journal
        self._serial = execution.serial
        self._template = workflow.template
        key = execution.key
        raw = execution.spec.raw_output_data_config.output_location_prefix
        self._layout = ExecutionLayout(runtime.data_dir, *key, raw_prefix=raw)
        self._nodes = NodeRun(runtime, execution, workflow, self._layout)
        self._outputs = {START_NODE: execution.inputs}
        self._parallelism = execution.spec.max_parallelism or _DEFAULT_PARALLELISM
        self._has_started = execution.times.started is not None

    async def run(self) -> None:
        """Run to the end; its result is in the journal."""
        if not self._has_started:
            self._begin()
        try:
            await self._walk()
            outputs = resolve_all(self._template.outputs, self._outputs)
        except NodeFailed as failed:
            await self._fail(failed)
        except UnresolvedBinding as problem:
            error = failure("BindingResolutionError", str(problem)).error
            await self._fail(NodeFailed(END_NODE, error))
        else:
            self._succeed(outputs)

    def _begin(self) -> None:
        inputs = self._outputs[START_NODE]
        write_message(self._layout.inputs(START_NODE), inputs)
        folder = self._layout.collected(START_NODE)
        write_message(folder / OUTPUTS, inputs)
        self._journal.update_execution(self._serial, Workflow.RUNNING)
        self._journal.begin_node(self._serial, START_NODE, is_array=False)
        self._journal.end_node(self._serial, START_NODE, Node.SUCCEEDED, output_dir=str(folder))

    async def _walk(self) -> None:
        self._recall()
        waiting = [node for node in self._template.nodes if node.id not in self._outputs]
        running: dict[asyncio.Task[Any], str] = {}
        first_failure: NodeFailed | None = None
        try:
            while True:
                ready = [node for node in waiting if upstream(node) <= self._outputs.keys()]
                for node in ready[: self._parallelism - len(running)]:
                    waiting.remove(node)
                    running[asyncio.ensure_future(self._run_node(node))] = node.id
                if not running:
                    break
                done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    node_id = running.pop(task)
                    try:
                        self._outputs[node_id] = task.result()
                    except NodeFailed as failed:
                        first_failure = first_failure or failed
                if first_failure and self._template.metadata.on_failure == _FAIL_IMMEDIATELY:
                    break
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
        if first_failure:
            raise first_failure

    def _recall(self) -> None:
        for row in self._journal.nodes(self._serial):
            if row.node_id == self._template.failure_node.id:
                continue
            if row.phase == Node.FAILED and self._template.metadata.on_failure == _FAIL_IMMEDIATELY:
                raise NodeFailed(row.node_id, row.error)
            outputs = self._nodes.earlier_outputs(row.node_id)
            if outputs is not None:
                self._outputs[row.node_id] = outputs

    async def _run_node(self, node: Any) -> Any:
        try:
            return await self._nodes.run(node, resolve_all(node.inputs, self._outputs))
        except TaskFailed as failed:
            raise NodeFailed(node.id, failed.error) from failed
        except UnresolvedBinding as problem:
            error = failure("BindingResolutionError", str(problem)).error
            raise NodeFailed(node.id, error) from problem

    def _succeed(self, outputs: Any) -> None:
        folder = self._layout.collected(END_NODE)
        write_message(self._layout.inputs(END_NODE), outputs)
        write_message(folder / OUTPUTS, outputs)
        self._journal.begin_node(self._serial, END_NODE, is_array=False)
        self._journal.end_node(self._serial, END_NODE, Node.SUCCEEDED, output_dir=str(folder))
        uri = str(folder / OUTPUTS)
        self._journal.update_execution(self._serial, Workflow.SUCCEEDED, outputs_uri=uri)

    async def _fail(self, failed: NodeFailed) -> None:
        self._journal.update_execution(self._serial, Workflow.FAILING, error=failed.error)
        error = failed.error
        node = self._template.failure_node
        if self._template.HasField("failure_node"):
            try:
                await self._run_failure_node(node, failed)
            except NodeFailed as worse:
                # A failure in the failure node must not hide the one it was told to handle.
                message = f"{error.message}\nThe failure node '{node.id}' failed, too: {worse}"
                error = execution_pb2.ExecutionError(
                    code=error.code, kind=error.kind, message=message, error_uri=error.error_uri
                )
        self._journal.update_execution(self._serial, Workflow.FAILED, error=error)

    async def _run_failure_node(self, node: Any, failed: NodeFailed) -> None:
        if self._nodes.earlier_outputs(node.id) is not None:
            return
        try:
            inputs = resolve_all(node.inputs, {START_NODE: self._outputs[START_NODE]})
        except UnresolvedBinding as problem:
            raise NodeFailed(node.id, failure("BindingResolutionError", str(problem)).error) from (
                problem
            )
        for name, literal in self._error_inputs(node, failed).items():
            inputs.literals[name].CopyFrom(literal)
        try:
            await self._nodes.run(node, inputs)
        except TaskFailed as worse:
            raise NodeFailed(node.id, worse.error) from worse

    def _error_inputs(self, node: Any, failed: NodeFailed) -> dict[str, Any]:
        """Return a literal for each input of the failure node that takes the error."""
        error = types_pb2.Error(failed_node_id=failed.node_id, message=failed.error.message)
        value = literals_pb2.Literal(scalar=literals_pb2.Scalar(error=error))
        literals = {}
        for name, variable in self._nodes.task_inputs(node).items():
            if variable.type.simple == types_pb2.ERROR:
                literals[name] = value
            for variant in variable.type.union_type.variants:
                if variant.simple == types_pb2.ERROR:
                    union = literals_pb2.Union(value=value, type=variant)
                    literals[name] = literals_pb2.Literal(scalar=literals_pb2.Scalar(union=union))
        return literals
