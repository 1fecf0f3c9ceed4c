"""What can go wrong with FlyteAdmin, sorted by what is to be done about it."""

from __future__ import annotations

import grpc


class FlyteError(Exception):
    """FlyteAdmin did not do what it was asked."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class FlyteTransientError(FlyteError):
    """What may pass if it is asked again; FlyteAdmin may have acted nevertheless."""


class FlyteUnreachableError(FlyteTransientError):
    """No answer at all: the next call will most likely get none either."""


class FlytePermanentError(FlyteError):
    """What will not pass however often it is asked."""


class ExecutionExistsError(FlytePermanentError):
    """The name is taken. Flyte does not say by what."""


class NotFoundError(FlytePermanentError):
    """Flyte knows no such execution or, where one is created, no such launch plan."""


class FlyteUnauthenticatedError(FlytePermanentError):
    """Flyte does not accept who we say we are."""


# INTERNAL and UNKNOWN are what FlyteAdmin makes of trouble with its blob store and its database
# (flyteadmin, rpc/adminservice/util/transformers.go and repositories/errors/postgres.go).
_KINDS: dict[grpc.StatusCode, type[FlyteError]] = {
    grpc.StatusCode.UNAVAILABLE: FlyteUnreachableError,
    grpc.StatusCode.DEADLINE_EXCEEDED: FlyteUnreachableError,
    grpc.StatusCode.RESOURCE_EXHAUSTED: FlyteTransientError,
    grpc.StatusCode.ABORTED: FlyteTransientError,
    grpc.StatusCode.INTERNAL: FlyteTransientError,
    grpc.StatusCode.UNKNOWN: FlyteTransientError,
    grpc.StatusCode.CANCELLED: FlyteTransientError,
    grpc.StatusCode.ALREADY_EXISTS: ExecutionExistsError,
    grpc.StatusCode.NOT_FOUND: NotFoundError,
    grpc.StatusCode.UNAUTHENTICATED: FlyteUnauthenticatedError,
}


def flyte_error(code: grpc.StatusCode, details: str) -> FlyteError:
    """Sort a gRPC status; what is not known to pass is taken for permanent."""
    return _KINDS.get(code, FlytePermanentError)(code.name, details)
