"""Logging in to Flyte: OAuth2 client credentials, the way FlyteAdmin itself says it wants them.

Only a function whose Flyte asks for it imports this module and the OAuth library behind it.
"""

from __future__ import annotations

import time
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote_plus

import grpc
from flyteidl.service import auth_pb2
from oauthlib.oauth2 import BackendApplicationClient, OAuth2Error
from requests import RequestException
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from services.core.flyte_errors import (
    FlytePermanentError,
    FlyteTransientError,
    FlyteUnreachableError,
    flyte_error,
)

if TYPE_CHECKING:
    from collections.abc import Callable

# A token that ends while a call is on its way would cost that call: it is given up a minute early,
# or, if it lives for minutes only, after nine tenths of its life.
EXPIRY_MARGIN = 60.0
EXPIRY_SHARE = 0.9
DEFAULT_LIFETIME = 300.0  # seconds; for a server that does not say
_FINAL = (
    "invalid_client",
    "unauthorized_client",
    "invalid_scope",
    "invalid_grant",
    "access_denied",
)


class Secret(Protocol):
    """Where the client's secret is kept."""

    def __call__(self, *, fresh: bool) -> str:
        """Return the secret; `fresh` asks for it anew, because it may have been rotated."""


class ClientCredentials:
    """Headers with a bearer token, which is fetched when it is needed and kept while it lives.

    Parameters
    ----------
    client_id
        Who we are.
    secret
        Gives the proof of it.
    """

    def __init__(
        self, client_id: str, secret: Secret, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._client_id = client_id
        self._secret = secret
        self._clock = clock
        self._lock = Lock()
        self._server: _Server | None = None
        self._token = ""
        self._expires_at = 0.0
        self._refused = False

    def headers(self, channel: grpc.Channel, *, timeout: float) -> tuple[tuple[str, str], ...]:
        """Return the header that logs a call in.

        Raises
        ------
        FlyteTransientError, FlytePermanentError
            When FlyteAdmin or the token endpoint gives no token.
        """
        with self._lock:
            if self._server is None:
                self._server = _Server(channel, timeout)
            if not self._token or self._clock() >= self._expires_at:
                self._fetch(self._server, timeout)
            return ((self._server.header, f"Bearer {self._token}"),)

    def refuse(self) -> None:
        """Forget the token: FlyteAdmin did not take it. The next secret is read anew."""
        with self._lock:
            self._token = ""
            self._refused = True

    def _fetch(self, server: _Server, timeout: float) -> None:
        secret = self._secret(fresh=self._refused)
        try:
            token = server.token(self._client_id, secret, timeout)
        except OAuth2Error as error:
            if error.error not in _FINAL:
                raise FlyteTransientError("TOKEN_ERROR", str(error)) from error
            if self._refused:
                raise FlytePermanentError("UNAUTHENTICATED", str(error)) from error
            # The secret may have been rotated since it was cached: once, with a fresh one.
            self._refused = True
            self._fetch(server, timeout)
            return
        except RequestException as error:
            raise FlyteUnreachableError("TOKEN_UNREACHABLE", str(error)) from error
        lifetime = float(token.get("expires_in", DEFAULT_LIFETIME))
        self._token = str(token["access_token"])
        self._expires_at = self._clock() + max(lifetime - EXPIRY_MARGIN, lifetime * EXPIRY_SHARE)
        self._refused = False


class _Server:
    """What FlyteAdmin tells about its logins: where tokens are, and which header takes them."""

    def __init__(self, channel: grpc.Channel, timeout: float) -> None:
        config = _ask(
            channel,
            "GetPublicClientConfig",
            auth_pb2.PublicClientAuthConfigRequest(),
            auth_pb2.PublicClientAuthConfigResponse,
            timeout,
        )
        metadata = _ask(
            channel,
            "GetOAuth2Metadata",
            auth_pb2.OAuth2MetadataRequest(),
            auth_pb2.OAuth2MetadataResponse,
            timeout,
        )
        self.header = (config.authorization_metadata_key or "authorization").lower()
        self._scopes = list(config.scopes)
        self._audience = config.audience
        self._endpoint = metadata.token_endpoint

    def token(self, client_id: str, secret: str, timeout: float) -> dict[str, Any]:
        client = BackendApplicationClient(client_id=client_id, scope=self._scopes)
        extra = {"audience": self._audience} if self._audience else {}
        with OAuth2Session(client=client) as session:
            token: dict[str, Any] = session.fetch_token(
                self._endpoint,
                # RFC 6749, 2.3.1 has the secret form-encoded, and flytekit does the same.
                auth=HTTPBasicAuth(client_id, quote_plus(secret)),
                timeout=timeout,
                **extra,
            )
        return token


def _ask(channel: grpc.Channel, method: str, request: Any, response: Any, timeout: float) -> Any:
    call = channel.unary_unary(
        f"/flyteidl.service.AuthMetadataService/{method}",
        request_serializer=type(request).SerializeToString,
        response_deserializer=response.FromString,
    )
    try:
        return call(request, timeout=timeout)
    except grpc.RpcError as error:
        raise flyte_error(error.code(), f"{method}: {error.details()}") from error
