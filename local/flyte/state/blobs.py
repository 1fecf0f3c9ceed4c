"""Protobuf messages in files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from flyteidl.core import literals_pb2

if TYPE_CHECKING:
    from pathlib import Path

OUTPUTS = "outputs.pb"
ERROR = "error.pb"


def write_message(path: Path, message: Any) -> None:
    """Write a message so that a reader sees all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    draft.write_bytes(message.SerializeToString(deterministic=True))
    os.replace(draft, path)  # noqa: PTH105 - its atomicity is what is wanted


def read_literals(path: Path) -> Any:
    """Read a ``core.LiteralMap``; the empty one if there is no such file."""
    return literals_pb2.LiteralMap.FromString(path.read_bytes() if path.exists() else b"")
