"""The errors that botocore raises, made by hand."""

from __future__ import annotations

from botocore.exceptions import ClientError, ReadTimeoutError

from tests.fakes.faults import Fault


def client_error(code: str, operation: str, status: int = 400, **more: object) -> ClientError:
    """An answer of AWS that is an error."""
    kind = KINDS.get(code, ClientError)
    response = {
        "Error": {"Code": code, "Message": code},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **more,
    }
    return kind(response, operation)  # type: ignore[arg-type]


def fault_error(fault: Fault, operation: str) -> Exception:
    """The error that AWS, or the lack of it, answers a fault with."""
    match fault:
        case Fault.THROTTLED:
            return client_error("ThrottlingException", operation)
        case Fault.DENIED:
            return client_error("AccessDeniedException", operation, 403)
    return ReadTimeoutError(endpoint_url="https://aws.example")


class ConditionalCheckFailedException(ClientError):
    """DynamoDB's answer to a condition that does not hold."""


class TransactionCanceledException(ClientError):
    """DynamoDB's answer to a transaction of which a part is refused."""


KINDS: dict[str, type[ClientError]] = {
    "ConditionalCheckFailedException": ConditionalCheckFailedException,
    "TransactionCanceledException": TransactionCanceledException,
}
