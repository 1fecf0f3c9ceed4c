"""All executions that are under way in this server."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from flyteidl.core import execution_pb2

from local.flyte.compiler.compiled import what_it_launches
from local.flyte.execution.outcomes import SYSTEM, failure
from local.flyte.execution.workflow_run import WorkflowRun
from local.flyte.state.rows import Task, Workflow

if TYPE_CHECKING:
    from local.flyte.execution.runtime import Runtime
    from local.flyte.keys import ExecutionKey
    from local.flyte.state.rows import ExecutionRow

_log = logging.getLogger(__name__)


class Executor:
    """Starts, resumes, aborts and stops executions.

    Parameters
    ----------
    runtime
        What executions need.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._running: dict[ExecutionKey, asyncio.Task[None]] = {}

    def start(self, execution: ExecutionRow) -> None:
        """Begin to run an execution that is in the journal."""
        run = asyncio.get_running_loop().create_task(self._run(execution), name=str(execution.key))
        self._running[execution.key] = run
        run.add_done_callback(lambda _: self._running.pop(execution.key, None))

    def resume(self) -> list[ExecutionKey]:
        """Go on with what an earlier server left unfinished.

        Returns
        -------
        list of ExecutionKey
            The executions that go on.
        """
        resumed = []
        for execution in self._runtime.journal.unfinished():
            if execution.phase == Workflow.ABORTING:
                self._runtime.journal.update_execution(execution.serial, Workflow.ABORTED)
            else:
                self._end_lost_attempts(execution)
                self.start(execution)
                resumed.append(execution.key)
        return resumed

    def abort(self, execution: ExecutionRow, cause: str) -> None:
        """Stop an execution and everything it runs; ABORTED once all of it has ended."""
        journal = self._runtime.journal
        journal.update_execution(execution.serial, Workflow.ABORTING, abort_cause=cause)
        run = self._running.get(execution.key)
        if run is None:
            journal.update_execution(execution.serial, Workflow.ABORTED)
        else:
            run.cancel()

    async def stop(self) -> None:
        """Stop all processes; the journal keeps what is needed to go on."""
        runs = list(self._running.values())
        for run in runs:
            run.cancel()
        await asyncio.gather(*runs, return_exceptions=True)

    async def _run(self, execution: ExecutionRow) -> None:
        journal = self._runtime.journal
        _log.info("execution %s runs", execution.key)
        try:
            _, workflow = what_it_launches(execution.spec.launch_plan, self._runtime.registry)
            await WorkflowRun(self._runtime, execution, workflow).run()
            ended = Workflow.Phase.Name(journal.get(execution.key).phase)
            _log.info("execution %s ended: %s", execution.key, ended)
        except asyncio.CancelledError:
            if journal.get(execution.key).phase == Workflow.ABORTING:
                journal.update_execution(execution.serial, Workflow.ABORTED)
            raise
        except Exception as problem:
            # A defect of this program must not leave an execution RUNNING for ever.
            _log.exception("execution %s failed for a reason of our own", execution.key)
            error = failure("Internal", repr(problem), kind=execution_pb2.ExecutionError.SYSTEM)
            journal.update_execution(execution.serial, Workflow.FAILED, error=error.error)

    def _end_lost_attempts(self, execution: ExecutionRow) -> None:
        journal = self._runtime.journal
        lost = failure(
            "Interrupted",
            "the control plane ended while this attempt ran",
            kind=execution_pb2.ExecutionError.SYSTEM,
        )
        for node in journal.nodes(execution.serial):
            for attempt in journal.attempts(execution.serial, node.node_id):
                key = (execution.serial, node.node_id, attempt.item, attempt.attempt)
                if attempt.phase == Task.RUNNING:
                    journal.update_attempt(
                        *key, Task.RETRYABLE_FAILED, error=lost.error, budget=SYSTEM
                    )
                elif attempt.phase == Task.WAITING_FOR_RESOURCES:
                    journal.update_attempt(*key, Task.ABORTED)
