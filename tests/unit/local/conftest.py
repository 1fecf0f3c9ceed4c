"""One local Flyte for all tests that only need a running one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local.flyte import LocalFlyte
from tests.unit.local.flyte_client import STRING, Client, emits, node, text

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def local_flyte(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalFlyte]:
    """Return a local Flyte with two CPUs; the blank in its path is there on purpose."""
    with LocalFlyte(tmp_path_factory.mktemp("local flyte"), cpus=2) as flyte:
        yield flyte


@pytest.fixture(scope="session")
def client(local_flyte: LocalFlyte) -> Client:
    """Return a client of the local Flyte, with a workflow ``greeting`` to launch."""
    client = Client(local_flyte.endpoint)
    client.task("greet", emits(y=text("hi")), inputs={"name": STRING}, outputs={"y": STRING})
    greeting = [node("n0", "greet", name="name")]
    client.workflow("greeting", greeting, inputs={"name": STRING}, outputs={"y": ("n0", "y")})
    return client
