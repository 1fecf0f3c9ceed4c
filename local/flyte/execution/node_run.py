"""One node of a workflow run to its end: a task, or a map task."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.flyte.compiler.compiled import task_node
from local.flyte.execution.array_node import collect, item_count, run_items
from local.flyte.execution.cpus import cpu_share
from local.flyte.execution.outcomes import TaskFailed
from local.flyte.execution.task_run import TaskJob, TaskRun
from local.flyte.state.blobs import OUTPUTS, read_literals, write_message
from local.flyte.state.rows import NO_ITEM, Node

if TYPE_CHECKING:
    from local.flyte.compiler.compiled import CompiledWorkflow
    from local.flyte.execution.runtime import Runtime
    from local.flyte.state.layout import ExecutionLayout
    from local.flyte.state.rows import ExecutionRow


class NodeRun:
    """Runs the nodes of one execution, each at most once."""

    def __init__(
        self,
        runtime: Runtime,
        execution: ExecutionRow,
        workflow: CompiledWorkflow,
        layout: ExecutionLayout,
    ) -> None:
        self._runtime = runtime
        self._execution = execution
        self._workflow = workflow
        self._layout = layout

    def earlier_outputs(self, node_id: str) -> Any | None:
        """Return the outputs of a node that succeeded (before a restart), else None."""
        row = self._runtime.journal.node(self._execution.serial, node_id)
        if row is None or row.phase != Node.SUCCEEDED or row.output_dir is None:
            return None
        return read_literals(Path(row.output_dir) / OUTPUTS)

    def task_inputs(self, node: Any) -> dict[str, Any]:
        """Return the input variables of the task that a node runs."""
        return dict(self._workflow.task_of(node).interface.inputs.variables)

    async def run(self, node: Any, inputs: Any) -> Any:
        """Run a node.

        Parameters
        ----------
        node
            The ``core.Node``.
        inputs
            Its resolved ``core.LiteralMap``.

        Returns
        -------
        core.LiteralMap
            Its outputs.

        Raises
        ------
        TaskFailed
            If it failed for good.
        """
        journal, serial = self._runtime.journal, self._execution.serial
        is_array = node.HasField("array_node")
        journal.begin_node(serial, node.id, is_array=is_array)
        write_message(self._layout.inputs(node.id), inputs)
        try:
            outputs = await (self._map if is_array else self._task)(node, inputs)
        except TaskFailed as failed:
            journal.end_node(serial, node.id, Node.FAILED, error=failed.error)
            raise
        except BaseException:
            journal.end_node(serial, node.id, Node.ABORTED)
            raise
        folder = self._output_dir(node)
        write_message(folder / OUTPUTS, outputs)
        journal.end_node(serial, node.id, Node.SUCCEEDED, output_dir=str(folder))
        return outputs

    def _output_dir(self, node: Any) -> Path:
        attempts = self._runtime.journal.attempts(self._execution.serial, node.id, NO_ITEM)
        return Path(attempts[-1].output_dir) if attempts else self._layout.collected(node.id)

    async def _task(self, node: Any, inputs: Any) -> Any:
        return await self._run_job(self._job(node, node.metadata, inputs, NO_ITEM))

    async def _map(self, node: Any, inputs: Any) -> Any:
        array = node.array_node
        count = item_count(array, inputs)
        results = await run_items(
            array,
            count,
            lambda index: self._run_job(self._job(node, array.node.metadata, inputs, index)),
        )
        names = list(self._workflow.task_of(node).interface.outputs.variables)
        return collect(names, results)

    def _job(self, node: Any, metadata: Any, inputs: Any, item: int) -> TaskJob:
        template = self._workflow.task_of(node)
        # What the node says overrides what the task says (with_overrides).
        timeout = metadata.timeout.ToTimedelta() or template.metadata.timeout.ToTimedelta()
        return TaskJob(
            node_id=node.id,
            item=item,
            template=template,
            inputs=inputs,
            share=cpu_share(task_node(node).overrides.resources, template.container.resources),
            retries=metadata.retries.retries or template.metadata.retries.retries,
            timeout=timeout.total_seconds(),
        )

    async def _run_job(self, job: TaskJob) -> Any:
        workflow = self._workflow.template.id.name
        return await TaskRun(self._runtime, self._execution, self._layout, workflow, job).outputs()
