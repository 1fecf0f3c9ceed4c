"""FlyteAdmin as far as the functions call it: it keeps executions, and runs nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import grpc
from flyteidl.admin import execution_pb2
from flyteidl.core import execution_pb2 as phases_pb2
from flyteidl.core import identifier_pb2


class FlyteDouble:
    """Serves CreateExecution and GetExecution at a fixed address."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.executions: dict[str, Any] = {}
        self._server = grpc.server(ThreadPoolExecutor(4))
        methods = {
            "CreateExecution": (self._create, execution_pb2.ExecutionCreateRequest),
            "GetExecution": (self._get, execution_pb2.WorkflowExecutionGetRequest),
        }
        self._server.add_generic_rpc_handlers(
            (
                grpc.method_handlers_generic_handler(
                    "flyteidl.service.AdminService",
                    {
                        name: grpc.unary_unary_rpc_method_handler(
                            behaviour, request.FromString, lambda reply: reply.SerializeToString()
                        )
                        for name, (behaviour, request) in methods.items()
                    },
                ),
            )
        )
        self._server.add_insecure_port(endpoint)

    def set_phase(self, name: str, phase: str, error: str = "") -> None:
        """Let an execution be in a phase, and tell why it failed."""
        closure = self.executions[name].closure
        closure.phase = phases_pb2.WorkflowExecution.Phase.Value(phase)
        closure.error.message = error

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(grace=None).wait()

    def _create(self, request: Any, context: grpc.ServicerContext) -> Any:
        if request.name in self.executions:
            context.abort(grpc.StatusCode.ALREADY_EXISTS, f"{request.name} exists")
        name = identifier_pb2.WorkflowExecutionIdentifier(
            project=request.project, domain=request.domain, name=request.name
        )
        self.executions[request.name] = execution_pb2.Execution(
            id=name,
            spec=request.spec,
            closure=execution_pb2.ExecutionClosure(computed_inputs=request.inputs),
        )
        return execution_pb2.ExecutionCreateResponse(id=name)

    def _get(self, request: Any, context: grpc.ServicerContext) -> Any:
        if request.id.name not in self.executions:
            context.abort(grpc.StatusCode.NOT_FOUND, f"{request.id.name} is not there")
        return self.executions[request.id.name]
