"""One task (or one item of a map task) run to its end: attempt after attempt."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.flyte.execution.cpus import CpuShare
from local.flyte.execution.outcomes import USER, Failure, TaskFailed, failure, final_error, judge
from local.flyte.pods import pod
from local.flyte.pods.command import UnknownVariable, fill_in
from local.flyte.pods.environment import pod_environment
from local.flyte.state.blobs import OUTPUTS, read_literals
from local.flyte.state.rows import NO_ITEM, Task

if TYPE_CHECKING:
    from local.flyte.execution.runtime import Runtime
    from local.flyte.state.layout import AttemptLayout, ExecutionLayout
    from local.flyte.state.rows import ExecutionRow

_log = logging.getLogger(__name__)

_ACTIVE_DEADLINE_FACTOR = 2
"""All attempts together may take twice the timeout of one, queueing included
(flytepropeller ``compiler/transformers/k8s/node.go``)."""


@dataclass(frozen=True)
class TaskJob:
    """What to run.

    Attributes
    ----------
    node_id, item
        The node, and the item of its map task (or `NO_ITEM`).
    template
        The ``core.TaskTemplate``.
    inputs
        The node's ``core.LiteralMap``, already written to its file.
    retries, timeout
        The task's own retries; seconds per attempt, 0 for no limit.
    """

    node_id: str
    template: Any
    inputs: Any
    item: int = NO_ITEM
    share: CpuShare = field(default_factory=CpuShare)
    retries: int = 0
    timeout: float = 0.0


class TaskRun:
    """Runs one job of one execution.

    It reads from the journal how far the job has come, so it goes on after a restart of the
    server exactly as it would have without one.
    """

    def __init__(
        self,
        runtime: Runtime,
        execution: ExecutionRow,
        layout: ExecutionLayout,
        workflow: str,
        job: TaskJob,
    ) -> None:
        self._runtime = runtime
        self._execution = execution
        self._layout = layout
        self._workflow = workflow
        self._job = job

    async def outputs(self) -> Any:
        """Run until the job has succeeded or failed for good.

        Returns
        -------
        core.LiteralMap
            The outputs.

        Raises
        ------
        TaskFailed
            If no attempt is left, or none can help.
        """
        while True:
            attempts = self._runtime.journal.attempts(
                self._execution.serial, self._job.node_id, self._job.item
            )
            if attempts and attempts[-1].phase == Task.SUCCEEDED:
                return read_literals(Path(attempts[-1].output_dir) / OUTPUTS)
            error = final_error(attempts, self._job.retries)
            if error is not None:
                raise TaskFailed(error)
            first_queued = attempts[0].times.created if attempts else time.time()
            await self._attempt(len(attempts), first_queued)

    async def _attempt(self, number: int, first_queued: float) -> None:
        places = self._layout.attempt(self._job.node_id, self._job.item, number)
        key = (self._execution.serial, self._job.node_id, self._job.item, number)
        journal = self._runtime.journal
        journal.begin_attempt(*key, output_dir=str(places.output_dir), log=str(places.log))
        try:
            async with asyncio.timeout(self._seconds_left(first_queued)):
                ended = await self._run_pod(places, number)
        except TimeoutError:
            total = _ACTIVE_DEADLINE_FACTOR * self._job.timeout
            ended = failure("TimeoutExpired", f"task active timeout [{total:g}s] expired")
        except asyncio.CancelledError:
            # Terminated, or the server stops: no fault of the task, so no budget pays for it.
            journal.update_attempt(*key, Task.ABORTED)
            raise
        if ended is None:
            journal.update_attempt(*key, Task.SUCCEEDED)
            return
        phase = Task.RETRYABLE_FAILED if ended.budget else Task.FAILED
        _log.info("%s failed: %s (see %s)", places.name, ended.error.code, places.log)
        journal.update_attempt(*key, phase, error=ended.error, budget=ended.budget)

    async def _run_pod(self, places: AttemptLayout, number: int) -> Failure | None:
        job = self._job
        container = job.template.container
        try:
            command = fill_in([*container.command, *container.args], places, job.inputs)
        except UnknownVariable as error:
            return failure("BadTaskSpecification", str(error))
        environment = pod_environment(
            data_dir=self._runtime.data_dir,
            code=self._runtime.code,
            root=places.pod / "root",
            execution=self._execution.key,
            spec=self._execution.spec,
            workflow=self._workflow,
            template=job.template,
            item=job.item,
            attempt=number,
        )
        places.output_dir.mkdir(parents=True, exist_ok=True)
        async with self._runtime.cpus.lease(job.share, self._execution.serial) as cores:
            self._runtime.journal.update_attempt(
                self._execution.serial, job.node_id, job.item, number, Task.RUNNING
            )
            what = pod.Pod(command, environment, places.pod, places.log, cores)
            try:
                code = await pod.run(what, job.timeout or None)
            except TimeoutError:
                expired = f"task execution timeout [{job.timeout:g}s] expired"
                return failure("TimeoutExpired", expired, budget=USER)
        declares_outputs = bool(job.template.interface.outputs.variables)
        return judge(code, places.output_dir, declares_outputs=declares_outputs)

    def _seconds_left(self, first_queued: float) -> float | None:
        # Items of a map task have no time of first queueing in propeller: no common deadline.
        if not self._job.timeout or self._job.item != NO_ITEM:
            return None
        return first_queued + _ACTIVE_DEADLINE_FACTOR * self._job.timeout - time.time()
