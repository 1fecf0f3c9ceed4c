"""The one exception that becomes a gRPC status: a code and a sentence for the caller."""

from __future__ import annotations

import grpc


class Refused(Exception):
    """A request that is answered with a gRPC status other than OK.

    Parameters
    ----------
    code
        The status that FlyteAdmin answers in the same situation.
    message
        One sentence that names what was refused and why.
    """

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code


def invalid_argument(message: str) -> Refused:
    """Return the refusal of a request that is wrong in itself."""
    return Refused(grpc.StatusCode.INVALID_ARGUMENT, message)


def not_found(message: str) -> Refused:
    """Return the refusal of a request for something that does not exist."""
    return Refused(grpc.StatusCode.NOT_FOUND, message)


def already_exists(message: str) -> Refused:
    """Return the refusal to create something a second time."""
    return Refused(grpc.StatusCode.ALREADY_EXISTS, message)


def failed_precondition(message: str) -> Refused:
    """Return the refusal of a request that comes at the wrong moment."""
    return Refused(grpc.StatusCode.FAILED_PRECONDITION, message)


def unsupported(what: str) -> Refused:
    """Return the refusal of a feature that a Flyte cluster has and this stand-in has not."""
    return Refused(
        grpc.StatusCode.UNIMPLEMENTED,
        f"the local Flyte does not support {what}; a Flyte cluster does",
    )
