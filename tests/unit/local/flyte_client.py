"""A client of the local Flyte, and tasks that are shell scripts: no test waits for flytekit."""

from __future__ import annotations

import base64
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from flyteidl.admin import execution_pb2, launch_plan_pb2, task_pb2, workflow_pb2
from flyteidl.admin.common_pb2 import ObjectGetRequest
from flyteidl.core import identifier_pb2, interface_pb2, literals_pb2, tasks_pb2, types_pb2
from flyteidl.core import workflow_pb2 as core_workflow_pb2
from flyteidl.core.execution_pb2 import WorkflowExecution
from flyteidl.service.admin_pb2_grpc import AdminServiceStub

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

INVALID = grpc.StatusCode.INVALID_ARGUMENT
EXISTS = grpc.StatusCode.ALREADY_EXISTS
MISSING = grpc.StatusCode.NOT_FOUND
UNSUPPORTED = grpc.StatusCode.UNIMPLEMENTED

STRING = types_pb2.LiteralType(simple=types_pb2.STRING)
STRINGS = types_pb2.LiteralType(collection_type=STRING)
TERMINAL = {
    WorkflowExecution.SUCCEEDED,
    WorkflowExecution.FAILED,
    WorkflowExecution.ABORTED,
}


def text(value: str) -> Any:
    primitive = literals_pb2.Primitive(string_value=value)
    return literals_pb2.Literal(scalar=literals_pb2.Scalar(primitive=primitive))


def texts(*values: str) -> Any:
    collection = literals_pb2.LiteralCollection(literals=[text(value) for value in values])
    return literals_pb2.Literal(collection=collection)


def literals(**values: Any) -> Any:
    return literals_pb2.LiteralMap(literals=values)


def variables(types: Mapping[str, Any]) -> Any:
    return interface_pb2.VariableMap(
        variables={name: interface_pb2.Variable(type=kind) for name, kind in types.items()}
    )


def emits(**values: Any) -> str:
    """Return a shell command that writes outputs; INDEX in a text becomes the item's number."""
    encoded = base64.b64encode(literals(**values).SerializeToString()).decode()
    return (
        f"echo {encoded} | base64 -d | sed s/INDEX/0000${{FLYTE_K8S_ARRAY_INDEX:-0}}/"
        ' > "{{.outputPrefix}}/outputs.pb"'
    )


def identifier(kind: int, name: str, version: str = "1") -> Any:
    return identifier_pb2.Identifier(
        resource_type=kind, project="nst", domain="development", name=name, version=version
    )


def task_request(
    name: str,
    script: str,
    *,
    inputs: Mapping[str, Any] | None = None,
    outputs: Mapping[str, Any] | None = None,
    retries: int = 0,
    timeout: float = 0.0,
    cpu: str = "100m",
) -> Any:
    template = tasks_pb2.TaskTemplate(
        type="python-task",
        interface=interface_pb2.TypedInterface(
            inputs=variables(inputs or {}), outputs=variables(outputs or {})
        ),
        container=tasks_pb2.Container(args=["sh", "-c", script]),
    )
    template.container.resources.requests.add(name=tasks_pb2.Resources.CPU, value=cpu)
    template.metadata.retries.retries = retries
    template.metadata.timeout.FromMilliseconds(round(timeout * 1000))
    return task_pb2.TaskCreateRequest(
        id=identifier(identifier_pb2.TASK, name), spec=task_pb2.TaskSpec(template=template)
    )


def node(
    node_id: str, task: str, *, after: Sequence[str] = (), **promises: tuple[str, str] | str
) -> Any:
    """Return a task node; a promise is (node id, output) or the name of a workflow input."""
    made = core_workflow_pb2.Node(id=node_id, upstream_node_ids=after)
    made.task_node.reference_id.CopyFrom(identifier(identifier_pb2.TASK, task))
    for name, promise in promises.items():
        made.inputs.append(bound(name, promise))
    return made


def bound(name: str, promise: tuple[str, str] | str) -> Any:
    source, var = ("", promise) if isinstance(promise, str) else promise
    data = literals_pb2.BindingData()
    data.promise.node_id, data.promise.var = source, var
    return literals_pb2.Binding(var=name, binding=data)


def map_node(inner: Any, **array: Any) -> Any:
    made = core_workflow_pb2.Node(id=inner.id, inputs=inner.inputs)
    made.array_node.CopyFrom(core_workflow_pb2.ArrayNode(node=inner, **array))
    return made


def workflow_request(
    name: str,
    nodes: Sequence[Any],
    *,
    inputs: Mapping[str, Any] | None = None,
    outputs: Mapping[str, tuple[str, str]] | None = None,
    failure_node: Any = None,
    on_failure: int = 0,
) -> Any:
    template = core_workflow_pb2.WorkflowTemplate(
        interface=interface_pb2.TypedInterface(
            inputs=variables(inputs or {}),
            outputs=variables(dict.fromkeys(outputs or {}, STRING)),
        ),
        nodes=nodes,
        outputs=[bound(var, promise) for var, promise in (outputs or {}).items()],
        failure_node=failure_node,
    )
    template.metadata.on_failure = on_failure
    return workflow_pb2.WorkflowCreateRequest(
        id=identifier(identifier_pb2.WORKFLOW, name),
        spec=workflow_pb2.WorkflowSpec(template=template),
    )


class Client:
    """Talks to a local Flyte as any gRPC client does."""

    def __init__(self, endpoint: str) -> None:
        self.channel = grpc.insecure_channel(endpoint)
        self.admin = AdminServiceStub(self.channel)

    def task(self, name: str, script: str, **fields: Any) -> None:
        self.admin.CreateTask(task_request(name, script, **fields), timeout=5)

    def workflow(self, name: str, nodes: Sequence[Any], **fields: Any) -> None:
        self.admin.CreateWorkflow(workflow_request(name, nodes, **fields), timeout=5)
        self.launch_plan(name, name)

    def launch_plan(self, name: str, workflow: str, version: str = "1", **spec: Any) -> None:
        made = launch_plan_pb2.LaunchPlanSpec(
            workflow_id=identifier(identifier_pb2.WORKFLOW, workflow), **spec
        )
        request = launch_plan_pb2.LaunchPlanCreateRequest(
            id=identifier(identifier_pb2.LAUNCH_PLAN, name, version), spec=made
        )
        self.admin.CreateLaunchPlan(request, timeout=5)

    def launch(
        self,
        launch_plan: str,
        name: str = "",
        /,
        *,
        version: str = "1",
        spec: Any = None,
        **inputs: Any,
    ) -> Any:
        request = execution_pb2.ExecutionCreateRequest(
            project="nst", domain="development", name=name, spec=spec, inputs=literals(**inputs)
        )
        plan = identifier(identifier_pb2.LAUNCH_PLAN, launch_plan, version)
        request.spec.launch_plan.CopyFrom(plan)
        return self.admin.CreateExecution(request, timeout=5).id

    def get(self, execution: Any) -> Any:
        request = execution_pb2.WorkflowExecutionGetRequest(id=execution)
        return self.admin.GetExecution(request, timeout=5)

    def wait(self, execution: Any, seconds: float = 20.0) -> Any:
        deadline = time.monotonic() + seconds
        while (found := self.get(execution)).closure.phase not in TERMINAL:
            assert time.monotonic() < deadline, f"not finished: {found}"
            time.sleep(0.02)
        return found

    def outputs(self, execution: Any) -> dict[str, Any]:
        request = execution_pb2.WorkflowExecutionGetDataRequest(id=execution)
        return dict(self.admin.GetExecutionData(request, timeout=5).full_outputs.literals)

    def get_launch_plan(self, name: str, version: str = "1") -> Any:
        wanted = identifier(identifier_pb2.LAUNCH_PLAN, name, version)
        return self.admin.GetLaunchPlan(ObjectGetRequest(id=wanted), timeout=5)


def refused(call: Callable[[], Any]) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.RpcError) as refusal:
        call()
    return refusal.value.code(), refusal.value.details()


def run_one(client: Client, name: str, script: str, **task: Any) -> Any:
    """Run a workflow of one task that promises the output `y`."""
    client.task(name, script, outputs={"y": STRING}, **task)
    client.workflow(name, [node("n0", name)], outputs={"y": ("n0", "y")})
    return client.wait(client.launch(name))


def lines(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []
