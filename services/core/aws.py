"""Clients of AWS's services, made once per container and as lean as botocore lets them be.

botocore reads the whole description of a service before it makes a client: for S3 that is a
hundred operations with a page of documentation each. Its loader may be replaced, so ours keeps of
a description what `OPERATIONS` calls and forgets the rest; that saves a tenth of a cold start's
memory and time. What is not listed there is no method of these clients.
"""

from __future__ import annotations

import gzip
import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import botocore.session
from botocore.config import Config
from botocore.loaders import JSONFileLoader, Loader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

OPERATIONS = {
    "dynamodb": ("BatchGetItem", "PutItem", "Query", "TransactWriteItems", "UpdateItem"),
    "s3": ("GetObject", "HeadObject", "ListObjectsV2"),
    "secretsmanager": ("GetSecretValue",),
    "sqs": ("ChangeMessageVisibilityBatch",),
}
_CALLED = frozenset(operation for called in OPERATIONS.values() for operation in called)

# A service of the same region answers in milliseconds; what takes seconds is asked again sooner
# than an invocation ends. Connections for as many HEADs as the dispatcher sends at a time.
PARALLEL_CALLS = 16
_CONFIG = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=PARALLEL_CALLS,
)


class Aws:
    """One session and its clients, each made when it is first asked for."""

    @cached_property
    def s3(self) -> S3Client:
        """The client of S3."""
        return cast("S3Client", self.client("s3"))

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        """The client of DynamoDB."""
        return cast("DynamoDBClient", self.client("dynamodb"))

    @cached_property
    def sqs(self) -> SQSClient:
        """The client of SQS."""
        return cast("SQSClient", self.client("sqs"))

    def client(self, service: str) -> Any:
        """Make a client of one of the services in `OPERATIONS`."""
        return self._session.create_client(service, config=_CONFIG)

    @cached_property
    def _session(self) -> botocore.session.Session:
        session = botocore.session.get_session()
        standard: Loader = session.get_component("data_loader")
        session.register_component("data_loader", _LeanLoader(standard.search_paths))
        return session


class _LeanFileLoader(JSONFileLoader):
    def load_file(self, file_path: str) -> Any:
        for suffix, opened in ((".json", Path.open), (".json.gz", gzip.open)):
            path = Path(file_path + suffix)
            if path.is_file():
                with opened(path, "rb") as file:
                    return json.loads(file.read(), object_pairs_hook=_keep_called)
        return None


class _LeanLoader(Loader):
    FILE_LOADER_CLASS = _LeanFileLoader

    def __init__(self, search_paths: Iterable[str]) -> None:
        super().__init__(include_default_search_paths=False)
        self._search_paths = list(search_paths)

    def list_available_services(self, type_name: str) -> list[str]:
        """Name the services there are, without looking through four hundred folders."""
        return sorted(OPERATIONS)


def _keep_called(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make a JSON object without what no call of ours can ever look at."""
    # Blank, not gone: botocore asks the parameters of S3's endpoints for it (model.py).
    kept: dict[str, Any] = {
        name: "" if name == "documentation" and isinstance(value, str) else value
        for name, value in pairs
    }
    if "operations" in kept and "shapes" in kept:  # the description of a service
        kept["operations"] = {n: o for n, o in kept["operations"].items() if n in _CALLED}
        kept["shapes"] = _reachable(kept["operations"], kept["shapes"])
    if "services" in kept and "regions" in kept:  # the endpoints of a partition
        kept["services"] = {n: s for n, s in kept["services"].items() if n in OPERATIONS}
    return kept


def _reachable(operations: dict[str, Any], shapes: dict[str, Any]) -> dict[str, Any]:
    reached: dict[str, Any] = {}
    ahead = list(_references(operations))
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached[name] = shapes[name]
            ahead += _references(shapes[name])
    return reached


def _references(description: Any) -> Iterator[str]:
    """Yield the shapes that a part of a service's description refers to."""
    if isinstance(description, list):
        for element in description:
            yield from _references(element)
    elif isinstance(description, dict):
        if isinstance(description.get("shape"), str):
            yield description["shape"]
        for value in description.values():
            yield from _references(value)
