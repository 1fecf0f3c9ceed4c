"""One running system for all end-to-end tests: everything that ``nst up`` starts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from local import system
from local.client import Client
from local.state import State


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the system keeps its logs and data."""
    return tmp_path_factory.mktemp("nst")


@pytest.fixture(scope="session")
def running(home: Path) -> Iterator[State]:
    """MiniStack with the deployed template, and a local Flyte with the registered workflow."""
    console = Console()
    yield system.up(console, home)
    system.down(console, home)


@pytest.fixture(scope="session")
def client(running: State) -> Client:
    """What a person does with it."""
    return Client(running)
