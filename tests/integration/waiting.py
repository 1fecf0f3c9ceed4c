"""Waiting for what takes a moment."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import pytest

Found = TypeVar("Found")
PATIENCE = 30.0  # seconds for what takes two


def eventually(look: Callable[[], Found | None]) -> Found:
    """Look until there is something to see."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if (found := look()) is not None:
            return found
        time.sleep(0.1)
    pytest.fail(f"nothing to see after {PATIENCE} seconds")
