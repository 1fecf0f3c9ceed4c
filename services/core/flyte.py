"""FlyteAdmin over gRPC, with grpcio and Flyte's message types alone.

flytekit would make the same calls, but importing it costs a cold start most of its time and
memory, its retries have no pause, and its calls no deadline.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC
from enum import StrEnum
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

import grpc
from flyteidl.admin import common_pb2, execution_pb2
from flyteidl.core import execution_pb2 as phases_pb2
from flyteidl.core import identifier_pb2

from services.core.clock import timestamp
from services.core.flyte_errors import (
    FlyteUnauthenticatedError,
    FlyteUnreachableError,
    flyte_error,
)
from services.core.literals import literal_map

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.core.model import Execution

FINGERPRINT_ANNOTATION = "nst/fingerprint"
CALL_TIMEOUT = 5.0  # seconds; FlyteAdmin answers in well under one
# A load balancer forgets an idle connection after 350 s, and in a frozen Lambda no keepalive
# tells the channel (grpc-node issue 2285): it would stay READY and swallow the next calls.
IDLE_LIMIT = 240.0

Headers = tuple[tuple[str, str], ...]


class Phase(StrEnum):
    """The phases of a Flyte execution, as FlyteAdmin calls them."""

    UNDEFINED = "UNDEFINED"
    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDING = "SUCCEEDING"
    SUCCEEDED = "SUCCEEDED"
    FAILING = "FAILING"
    FAILED = "FAILED"
    ABORTED = "ABORTED"
    TIMED_OUT = "TIMED_OUT"
    ABORTING = "ABORTING"

    @property
    def terminal(self) -> bool:
        """Whether nothing more will happen."""
        return self in (Phase.SUCCEEDED, Phase.FAILED, Phase.ABORTED, Phase.TIMED_OUT)


@dataclass(frozen=True, slots=True)
class FlyteExecution:
    """What Flyte knows of an execution; times are ISO 8601, "" for what has not happened."""

    name: str
    phase: Phase
    fingerprint: str = ""
    error: str = ""
    started_at: str = ""
    updated_at: str = ""


class Credentials(Protocol):
    """Where the headers come from that tell FlyteAdmin who we are."""

    def headers(self, channel: grpc.Channel, *, timeout: float) -> Headers:
        """Return the headers of a call; may raise what `FlyteAdmin` raises."""

    def refuse(self) -> None:
        """Forget what FlyteAdmin did not accept."""


class FlyteAdmin:
    """Creates executions and looks them up. Made once per container; safe to share by threads.

    Parameters
    ----------
    endpoint
        ``host:port``.
    insecure
        Plain text instead of TLS.
    credentials
        How to log in; ``None`` where nobody asks.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        insecure: bool = False,
        credentials: Credentials | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._endpoint = endpoint
        self._insecure = insecure
        self._credentials = credentials
        self._clock = clock
        self._lock = Lock()
        self._used_at = clock()
        self._channel: grpc.Channel | None = self._open()

    def create_execution(self, execution: Execution, *, timeout: float = CALL_TIMEOUT) -> None:
        """Launch an execution under its own name.

        Raises
        ------
        ExecutionExistsError
            When the name is taken; by whom, only `get_execution` can tell.
        FlyteTransientError, FlytePermanentError
            See `services.core.flyte_errors`.
        """
        self._call(
            "CreateExecution",
            creation_request(execution),
            execution_pb2.ExecutionCreateResponse,
            timeout,
        )

    def get_execution(
        self, execution: Execution, *, timeout: float = CALL_TIMEOUT
    ) -> FlyteExecution:
        """Look an execution up.

        Raises
        ------
        NotFoundError
            When Flyte does not know it.
        FlyteTransientError, FlytePermanentError
            See `services.core.flyte_errors`.
        """
        plan = execution.launch_plan
        identifier = identifier_pb2.WorkflowExecutionIdentifier(
            project=plan.project, domain=plan.domain, name=execution.name
        )
        request = execution_pb2.WorkflowExecutionGetRequest(id=identifier)
        return _read(self._call("GetExecution", request, execution_pb2.Execution, timeout))

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        with self._lock:
            channel, self._channel = self._channel, None
        if channel is not None:
            channel.close()

    def _call(self, method: str, request: Any, response: Any, timeout: float) -> Any:
        deadline = self._clock() + timeout
        try:
            try:
                return self._attempt(method, request, response, deadline)
            except FlyteUnauthenticatedError:
                if self._credentials is None:
                    raise
                self._credentials.refuse()
            return self._attempt(method, request, response, deadline)
        except FlyteUnreachableError:
            self.close()  # whatever this connection hangs in, the next call shall not
            raise

    def _attempt(self, method: str, request: Any, response: Any, deadline: float) -> Any:
        channel = self._live_channel()
        headers: Headers = ()
        if self._credentials is not None:
            headers = self._credentials.headers(channel, timeout=deadline - self._clock())
        call = channel.unary_unary(
            f"/flyteidl.service.AdminService/{method}",
            request_serializer=type(request).SerializeToString,
            response_deserializer=response.FromString,
        )
        try:
            return call(request, timeout=max(0.0, deadline - self._clock()), metadata=headers)
        except grpc.RpcError as error:
            raise flyte_error(error.code(), error.details() or "") from error

    def _live_channel(self) -> grpc.Channel:
        if self._clock() - self._used_at > IDLE_LIMIT:
            self.close()
        with self._lock:
            self._used_at = self._clock()
            if self._channel is None:
                self._channel = self._open()
            return self._channel

    def _open(self) -> grpc.Channel:
        options = (
            ("grpc.enable_retries", 0),  # ours and grpc's would multiply
            # Channels share their connections by default: a new one would get the dead one's.
            ("grpc.use_local_subchannel_pool", 1),
        )
        if self._insecure:
            return grpc.insecure_channel(self._endpoint, options)
        return grpc.secure_channel(self._endpoint, grpc.ssl_channel_credentials(), options)


def creation_request(execution: Execution) -> Any:
    """Build the request that FlyteRemote would send for this execution; pinned by a test."""
    plan = execution.launch_plan
    return execution_pb2.ExecutionCreateRequest(
        project=plan.project,
        domain=plan.domain,
        name=execution.name,
        spec=execution_pb2.ExecutionSpec(
            launch_plan=identifier_pb2.Identifier(
                resource_type=identifier_pb2.LAUNCH_PLAN, **plan.wire()
            ),
            # FlyteAdmin puts the authenticated principal in place of this word.
            metadata=execution_pb2.ExecutionMetadata(principal="placeholder"),
            # An empty list means: those of the launch plan.
            notifications=execution_pb2.NotificationList(),
            # Labels stay empty: each becomes a row of FlyteAdmin's own, written outside of the
            # execution's transaction, and a half-failed creation then blocks its name for ever.
            labels=common_pb2.Labels(),
            annotations=common_pb2.Annotations(
                values={FINGERPRINT_ANNOTATION: execution.fingerprint}
            ),
            auth_role=common_pb2.AuthRole(),  # out of use; flytekit still sends it empty
        ),
        inputs=literal_map(execution.inputs),
    )


def _read(found: Any) -> FlyteExecution:
    closure = found.closure
    return FlyteExecution(
        name=found.id.name,
        phase=Phase(phases_pb2.WorkflowExecution.Phase.Name(closure.phase)),
        fingerprint=found.spec.annotations.values.get(FINGERPRINT_ANNOTATION, ""),
        error=closure.error.message if closure.HasField("error") else "",
        started_at=_moment(closure, "started_at"),
        updated_at=_moment(closure, "updated_at"),
    )


def _moment(closure: Any, field: str) -> str:
    if not closure.HasField(field):
        return ""
    return timestamp(getattr(closure, field).ToDatetime(tzinfo=UTC))
