"""RPCs about executions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flyteidl.admin import common_pb2, execution_pb2

from local.flyte.api.launching import launch
from local.flyte.api.listing import page
from local.flyte.api.timestamps import closure_times
from local.flyte.compiler.bindings import END_NODE, START_NODE
from local.flyte.compiler.compiled import launched_workflow_id
from local.flyte.keys import LAUNCH_PLAN, EntityKey, ExecutionKey
from local.flyte.refusals import failed_precondition
from local.flyte.state.blobs import OUTPUTS, read_literals
from local.flyte.state.layout import ExecutionLayout
from local.flyte.state.rows import Workflow

if TYPE_CHECKING:
    from pathlib import Path

    from local.flyte.execution.executor import Executor
    from local.flyte.execution.runtime import Runtime
    from local.flyte.state.rows import ExecutionRow


class ExecutionsApi:
    """Creating, watching and ending executions.

    Parameters
    ----------
    runtime, executor
        Where executions are stored, and what runs them.
    """

    def __init__(self, runtime: Runtime, executor: Executor) -> None:
        self._runtime = runtime
        self._executor = executor

    def create_execution(self, request: Any) -> Any:
        """Answer ``CreateExecution``."""
        key = launch(
            request,
            registry=self._runtime.registry,
            journal=self._runtime.journal,
            executor=self._executor,
        )
        return execution_pb2.ExecutionCreateResponse(id=key.to_idl())

    def relaunch_execution(self, request: Any) -> Any:
        """Answer ``RelaunchExecution``: the same again under a new name."""
        execution = self._get(request)
        again = execution_pb2.ExecutionCreateRequest(
            project=execution.key.project,
            domain=execution.key.domain,
            name=request.name,
            spec=execution.spec,
        )
        entity = self._runtime.registry.get(EntityKey.of(execution.spec.launch_plan))
        fixed = entity.spec.fixed_inputs.literals if entity.key.kind == LAUNCH_PLAN else {}
        for name, literal in execution.inputs.literals.items():
            if name not in fixed:
                again.inputs.literals[name].CopyFrom(literal)
        again.spec.metadata.mode = execution_pb2.ExecutionMetadata.RELAUNCH
        again.spec.metadata.reference_execution.CopyFrom(execution.key.to_idl())
        return self.create_execution(again)

    def get_execution(self, request: Any) -> Any:
        """Answer ``GetExecution``."""
        return self._message(self._get(request))

    def list_executions(self, request: Any) -> Any:
        """Answer ``ListExecutions``."""
        rows = self._runtime.journal.executions(request.id.project, request.id.domain)
        if request.id.name:
            rows = [row for row in rows if row.key.name == request.id.name]
        selected, token = page(rows, request, _fields)
        messages = [self._message(row) for row in selected]
        return execution_pb2.ExecutionList(executions=messages, token=token)

    def get_execution_data(self, request: Any) -> Any:
        """Answer ``GetExecutionData``: inputs, and outputs once it has succeeded."""
        execution = self._get(request)
        layout = ExecutionLayout(self._runtime.data_dir, *execution.key)
        outputs = layout.collected(END_NODE) / OUTPUTS
        succeeded = execution.phase == Workflow.SUCCEEDED
        return execution_pb2.WorkflowExecutionGetDataResponse(
            inputs=url_blob(layout.inputs(START_NODE)),
            full_inputs=execution.inputs,
            outputs=url_blob(outputs) if succeeded else None,
            full_outputs=read_literals(outputs) if succeeded else None,
        )

    def terminate_execution(self, request: Any) -> Any:
        """Answer ``TerminateExecution``; FAILED_PRECONDITION if it is over."""
        execution = self._get(request)
        if execution.is_terminal:
            phase = Workflow.Phase.Name(execution.phase)
            raise failed_precondition(f"execution {execution.key} is already {phase}")
        self._executor.abort(execution, request.cause)
        return execution_pb2.ExecutionTerminateResponse()

    def update_execution(self, request: Any) -> Any:
        """Answer ``UpdateExecution``: archive it, or bring it back."""
        self._runtime.journal.set_state(self._get(request).serial, request.state)
        return execution_pb2.ExecutionUpdateResponse()

    def _get(self, request: Any) -> ExecutionRow:
        return self._runtime.journal.get(ExecutionKey.of(request.id))

    def _message(self, execution: ExecutionRow) -> Any:
        workflow_id = launched_workflow_id(execution.spec.launch_plan, self._runtime.registry)
        closure = execution_pb2.ExecutionClosure(
            phase=execution.phase,
            workflow_id=workflow_id,
            state_change_details={"state": execution.state},
            **closure_times(execution.times),
        )
        if execution.phase == Workflow.SUCCEEDED:
            closure.outputs.uri = execution.outputs_uri or ""
        elif execution.abort_cause is not None:
            closure.abort_metadata.cause = execution.abort_cause
        elif execution.error is not None:
            closure.error.CopyFrom(execution.error)
        return execution_pb2.Execution(
            id=execution.key.to_idl(), spec=execution.spec, closure=closure
        )


def url_blob(path: Path) -> Any:
    """Return where a file lies and how large it is, empty if there is none."""
    if not path.exists():
        return common_pb2.UrlBlob()
    return common_pb2.UrlBlob(url=str(path), bytes=path.stat().st_size)


def _fields(execution: ExecutionRow) -> dict[str, Any]:
    target = execution.spec.launch_plan
    return {
        "name": execution.key.name,
        "execution_name": execution.key.name,
        "phase": Workflow.Phase.Name(execution.phase),
        "state": execution.state,
        "created_at": execution.times.created,
        "launch_plan.name": target.name,
        "launch_plan.version": target.version,
    }
