"""One MiniStack and one deployed stack for all integration tests; they are what takes time."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import timedelta

import pytest

from local.aws import Aws
from local.deploy import Outputs, deploy, task_caller
from local.ministack import MiniStack
from services.core.ledger import Ledger
from tests.integration.flyte_double import FlyteDouble


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MiniStack]:
    """The AWS API, with IAM enforced."""
    with MiniStack.start(tmp_path_factory.mktemp("ministack")) as running:
        yield running


@pytest.fixture(scope="session")
def aws(ministack: MiniStack) -> Aws:
    """A caller who may do everything."""
    return ministack.aws


@pytest.fixture(scope="session")
def flyte_endpoint() -> str:
    """Where the deployed functions expect FlyteAdmin. Nobody answers there by itself."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture(scope="session")
def stack_parameters(flyte_endpoint: str) -> dict[str, str]:
    """What the stack is deployed with; a test that deploys again puts them back."""
    return {
        "FlyteEndpoint": flyte_endpoint,
        "FlyteInsecure": "true",
        "FlyteLaunchPlanVersion": "v1",
        "DeletionProtection": "false",
    }


@pytest.fixture(scope="session")
def stack(aws: Aws, stack_parameters: dict[str, str]) -> Outputs:
    """The deployed template."""
    return deploy(aws, stack_parameters)


@pytest.fixture(scope="session")
def ledger(aws: Aws, stack: Outputs) -> Ledger:
    """The stack's ledger."""
    return Ledger(aws.dynamodb, stack.ledger_table, retention=timedelta(days=1))


@pytest.fixture(scope="session")
def task_aws(aws: Aws, stack: Outputs) -> Aws:
    """The caller that Flyte's tasks are."""
    return task_caller(aws, stack)


@pytest.fixture
def flyte(flyte_endpoint: str) -> Iterator[FlyteDouble]:
    """A FlyteAdmin that keeps executions and runs nothing."""
    with FlyteDouble(flyte_endpoint) as double:
        yield double
