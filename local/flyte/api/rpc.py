"""Python methods as gRPC methods: every RPC of a service is answered, or refused by name."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf.message_factory import GetMessageClass

from local.flyte.refusals import Refused, unsupported

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger(__name__)


def service_handler(service: Any, *parts: object) -> grpc.GenericRpcHandler[Any, Any]:
    """Return the handler of a whole gRPC service.

    Parameters
    ----------
    service
        The service's protobuf descriptor.
    *parts
        Objects that have a method for some of its RPCs, named in snake case: ``GetTask`` is
        ``get_task(request) -> response``. The first that has it answers; RPCs that none has
        are answered with UNIMPLEMENTED and their name.
    """
    handlers = {}
    for method in service.methods:
        request, response = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
        handlers[method.name] = grpc.unary_unary_rpc_method_handler(
            _answer(method.name, _find(method.name, parts)),
            request_deserializer=request.FromString,
            response_serializer=response.SerializeToString,
        )
    return grpc.method_handlers_generic_handler(service.full_name, handlers)


def _find(rpc: str, parts: tuple[object, ...]) -> Callable[[Any], Any]:
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", rpc).lower()
    for part in parts:
        method: Callable[[Any], Any] | None = getattr(part, name, None)
        if method is not None:
            return method

    def refuse(_request: Any) -> Any:
        raise unsupported(f"the RPC {rpc}")

    return refuse


def _answer(rpc: str, method: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    async def answer(request: Any, context: Any) -> Any:
        try:
            return method(request)
        except Refused as refusal:
            _log.info("%s refused: %s: %s", rpc, refusal.code.name, refusal)
            await context.abort(refusal.code, str(refusal))
        except Exception as problem:
            _log.exception("%s failed for a reason of our own", rpc)
            await context.abort(grpc.StatusCode.INTERNAL, repr(problem))

    return answer
