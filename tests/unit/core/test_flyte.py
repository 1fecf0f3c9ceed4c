"""The FlyteAdmin client against a real gRPC server, with and without a login."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs

import grpc
import pytest
from flyteidl.admin import execution_pb2
from flyteidl.core import execution_pb2 as phases_pb2
from flyteidl.service import admin_pb2_grpc, auth_pb2, auth_pb2_grpc

from services.core.flyte import IDLE_LIMIT, FlyteAdmin, Phase
from services.core.flyte_auth import ClientCredentials
from services.core.flyte_errors import (
    ExecutionExistsError,
    FlyteError,
    FlytePermanentError,
    FlyteTransientError,
    FlyteUnauthenticatedError,
    FlyteUnreachableError,
    NotFoundError,
)
from services.core.model import Execution, LaunchPlan, Notice, Options, Style, Upload

PLAN = LaunchPlan("nst", "development", "style_transfer", "v1")
UPLOAD = Upload(
    Notice("abc", "b", "uploads/a.jpg", "v"),
    1,
    (Style("mosaic", "b", "styles/mosaic.jpg"),),
    Options(),
)
EXECUTION = Execution.of([UPLOAD], PLAN, "results-bucket")


@dataclass
class Admin(admin_pb2_grpc.AdminServiceServicer, auth_pb2_grpc.AuthMetadataServiceServicer):  # type: ignore[misc]
    """A FlyteAdmin that keeps what it is given, and fails as it is told."""

    requests: dict[str, Any] = field(default_factory=dict)
    status: list[grpc.StatusCode] = field(default_factory=list)
    peers: list[str] = field(default_factory=list)
    accepted: set[str] | None = None  # bearer tokens; None asks for none
    token_endpoint: str = ""
    answering: threading.Event = field(default_factory=threading.Event)
    hang: bool = False

    def _enter(self, context: grpc.ServicerContext) -> None:
        self.peers.append(context.peer())
        if self.hang:
            self.answering.wait(5)
        if self.accepted is not None:
            header = str(dict(context.invocation_metadata()).get("flyte-authorization", ""))
            if header.removeprefix("Bearer ") not in self.accepted:
                context.abort(grpc.StatusCode.UNAUTHENTICATED, "who are you?")
        if self.status:
            context.abort(self.status.pop(0), "told to fail")

    def CreateExecution(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        self._enter(context)
        if request.name in self.requests:
            context.abort(grpc.StatusCode.ALREADY_EXISTS, "value with matching already exists")
        self.requests[request.name] = request
        return execution_pb2.ExecutionCreateResponse()

    def GetExecution(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        self._enter(context)
        if (found := self.requests.get(request.id.name)) is None:
            context.abort(grpc.StatusCode.NOT_FOUND, "missing entity")
        closure = execution_pb2.ExecutionClosure(
            phase=phases_pb2.WorkflowExecution.FAILED,
            error=phases_pb2.ExecutionError(message="out of memory"),
        )
        closure.started_at.FromJsonString("2026-11-22T08:00:01.5Z")
        return execution_pb2.Execution(id=request.id, spec=found.spec, closure=closure)

    def GetPublicClientConfig(self, _: Any, __: grpc.ServicerContext) -> Any:  # noqa: N802
        return auth_pb2.PublicClientAuthConfigResponse(
            scopes=["all"], authorization_metadata_key="Flyte-Authorization", audience="flyte"
        )

    def GetOAuth2Metadata(self, _: Any, __: grpc.ServicerContext) -> Any:  # noqa: N802
        return auth_pb2.OAuth2MetadataResponse(token_endpoint=self.token_endpoint)


@pytest.fixture
def admin() -> Admin:
    return Admin()


@pytest.fixture
def endpoint(admin: Admin) -> Iterator[str]:
    server = grpc.server(ThreadPoolExecutor(4))
    admin_pb2_grpc.add_AdminServiceServicer_to_server(admin, server)
    auth_pb2_grpc.add_AuthMetadataServiceServicer_to_server(admin, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    admin.answering.set()
    server.stop(grace=None).wait()


@pytest.fixture
def flyte(endpoint: str) -> Iterator[FlyteAdmin]:
    client = FlyteAdmin(endpoint, insecure=True)
    yield client
    client.close()


class TestCalls:
    def test_what_was_created_can_be_looked_up(self, flyte: FlyteAdmin) -> None:
        flyte.create_execution(EXECUTION)

        found = flyte.get_execution(EXECUTION)

        assert found.name == EXECUTION.name
        assert found.fingerprint == EXECUTION.fingerprint
        assert found.phase is Phase.FAILED
        assert found.phase.terminal
        assert found.error == "out of memory"
        assert found.started_at == "2026-11-22T08:00:01.500Z"

    def test_a_name_is_taken_only_once(self, flyte: FlyteAdmin) -> None:
        flyte.create_execution(EXECUTION)

        with pytest.raises(ExecutionExistsError):
            flyte.create_execution(EXECUTION)

    def test_what_flyte_does_not_know_is_not_found(self, flyte: FlyteAdmin) -> None:
        with pytest.raises(NotFoundError):
            flyte.get_execution(EXECUTION)

    @pytest.mark.parametrize(
        ("code", "kind"),
        [
            (grpc.StatusCode.UNAVAILABLE, FlyteUnreachableError),
            (grpc.StatusCode.RESOURCE_EXHAUSTED, FlyteTransientError),
            (grpc.StatusCode.INTERNAL, FlyteTransientError),
            (grpc.StatusCode.UNKNOWN, FlyteTransientError),
            (grpc.StatusCode.ABORTED, FlyteTransientError),
            (grpc.StatusCode.INVALID_ARGUMENT, FlytePermanentError),
            (grpc.StatusCode.PERMISSION_DENIED, FlytePermanentError),
            (grpc.StatusCode.UNAUTHENTICATED, FlyteUnauthenticatedError),
            (grpc.StatusCode.UNIMPLEMENTED, FlytePermanentError),
        ],
    )
    def test_each_status_has_its_kind_of_error(
        self,
        admin: Admin,
        flyte: FlyteAdmin,
        code: grpc.StatusCode,
        kind: type[FlyteError],
    ) -> None:
        admin.status = [code]

        with pytest.raises(FlyteError) as error:
            flyte.create_execution(EXECUTION)

        assert type(error.value) is kind
        assert error.value.code == code.name
        assert len(admin.peers) == 1, "retries are tenacity's alone"

    def test_a_call_ends_at_its_deadline(self, admin: Admin, flyte: FlyteAdmin) -> None:
        admin.hang = True

        with pytest.raises(FlyteUnreachableError, match="DEADLINE_EXCEEDED"):
            flyte.create_execution(EXECUTION, timeout=0.2)


class TestConnection:
    def test_is_kept_while_it_is_used(self, admin: Admin, flyte: FlyteAdmin) -> None:
        flyte.create_execution(EXECUTION)
        flyte.get_execution(EXECUTION)

        assert len(set(admin.peers)) == 1

    def test_is_made_anew_after_it_was_idle(self, admin: Admin, endpoint: str) -> None:
        # GIVEN a client that has called
        now = 0.0
        flyte = FlyteAdmin(endpoint, insecure=True, clock=lambda: now)
        flyte.create_execution(EXECUTION)

        # WHEN the container was frozen for longer than load balancers remember
        now = IDLE_LIMIT + 1
        flyte.get_execution(EXECUTION)

        # THEN the next call went over another connection
        assert len(set(admin.peers)) == 2

    def test_is_made_anew_after_no_answer(self, admin: Admin, flyte: FlyteAdmin) -> None:
        admin.status = [grpc.StatusCode.UNAVAILABLE]
        with pytest.raises(FlyteUnreachableError):
            flyte.create_execution(EXECUTION)

        flyte.create_execution(EXECUTION)

        assert len(set(admin.peers)) == 2


@dataclass
class TokenEndpoint:
    """An OAuth2 server that knows one client."""

    secret: str = "s3cr+t/ä"
    lifetime: int = 3600
    grants: list[dict[str, list[str]]] = field(default_factory=list)
    refusals: int = 0
    status: int = 0

    def answer(self, authorization: str, form: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
        from urllib.parse import quote_plus

        from requests.auth import _basic_auth_str

        if self.status:
            return self.status, {"error": "server_error"}
        if authorization != _basic_auth_str("nst", quote_plus(self.secret)):
            self.refusals += 1
            return 401, {"error": "invalid_client"}
        self.grants.append(form)
        token = f"token-{len(self.grants)}"
        return 200, {"access_token": token, "token_type": "bearer", "expires_in": self.lifetime}


@pytest.fixture
def tokens(admin: Admin, monkeypatch: pytest.MonkeyPatch) -> Iterator[TokenEndpoint]:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # the server below speaks plain HTTP
    endpoint = TokenEndpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            status, answer = endpoint.answer(self.headers["Authorization"], parse_qs(body))
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    admin.token_endpoint = f"http://127.0.0.1:{server.server_port}/oauth2/token"
    admin.accepted = {"token-1", "token-2"}
    yield endpoint
    server.shutdown()
    server.server_close()


@pytest.fixture
def login(endpoint: str) -> Callable[..., FlyteAdmin]:
    def make(secret: Any, clock: Any = lambda: 0.0) -> FlyteAdmin:
        credentials = ClientCredentials("nst", secret, clock=clock)
        return FlyteAdmin(endpoint, insecure=True, credentials=credentials)

    return make


class TestLogin:
    def test_asks_flyte_how_and_keeps_its_token(
        self, tokens: TokenEndpoint, login: Callable[..., FlyteAdmin]
    ) -> None:
        flyte = login(lambda *, fresh: tokens.secret)

        flyte.create_execution(EXECUTION)
        flyte.get_execution(EXECUTION)

        (grant,) = tokens.grants
        assert grant["grant_type"] == ["client_credentials"]
        assert grant["scope"] == ["all"]
        assert grant["audience"] == ["flyte"]

    def test_fetches_a_token_before_the_old_one_ends(
        self, tokens: TokenEndpoint, login: Callable[..., FlyteAdmin]
    ) -> None:
        now = 0.0
        flyte = login(lambda *, fresh: tokens.secret, clock=lambda: now)
        flyte.create_execution(EXECUTION)

        now = tokens.lifetime - 30.0
        flyte.get_execution(EXECUTION)

        assert len(tokens.grants) == 2

    def test_fetches_another_token_once_when_flyte_refuses_it(
        self, admin: Admin, tokens: TokenEndpoint, login: Callable[..., FlyteAdmin]
    ) -> None:
        admin.accepted = {"token-2"}
        flyte = login(lambda *, fresh: tokens.secret)

        flyte.create_execution(EXECUTION)

        assert len(tokens.grants) == 2

    def test_gives_up_when_flyte_refuses_the_second_token_too(
        self, admin: Admin, tokens: TokenEndpoint, login: Callable[..., FlyteAdmin]
    ) -> None:
        admin.accepted = set()
        flyte = login(lambda *, fresh: tokens.secret)

        with pytest.raises(FlyteUnauthenticatedError):
            flyte.create_execution(EXECUTION)

        assert len(tokens.grants) == 2

    def test_reads_a_rotated_secret_anew(
        self, tokens: TokenEndpoint, login: Callable[..., FlyteAdmin]
    ) -> None:
        # GIVEN a cache that still has the old secret
        flyte = login(lambda *, fresh: tokens.secret if fresh else "old")

        flyte.create_execution(EXECUTION)

        assert tokens.refusals == 1
        assert len(tokens.grants) == 1

    def test_a_wrong_secret_is_permanent(
        self, tokens: TokenEndpoint, login: Callable[..., FlyteAdmin]
    ) -> None:
        flyte = login(lambda *, fresh: "wrong")

        with pytest.raises(FlytePermanentError, match="invalid_client"):
            flyte.create_execution(EXECUTION)

        assert tokens.refusals == 2

    def test_a_token_endpoint_in_trouble_may_pass(
        self, tokens: TokenEndpoint, login: Callable[..., FlyteAdmin]
    ) -> None:
        tokens.status = 503
        flyte = login(lambda *, fresh: tokens.secret)

        with pytest.raises(FlyteTransientError):
            flyte.create_execution(EXECUTION)

    def test_a_token_endpoint_that_is_away_may_pass(
        self, admin: Admin, tokens: TokenEndpoint, login: Callable[..., FlyteAdmin]
    ) -> None:
        admin.token_endpoint = "http://127.0.0.1:9/oauth2/token"
        flyte = login(lambda *, fresh: tokens.secret)

        with pytest.raises(FlyteUnreachableError):
            flyte.create_execution(EXECUTION)
