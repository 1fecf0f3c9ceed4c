"""Where everything lies: Flyte's own directory layout, under one data directory.

Sources: flytepropeller ``nodes/task/taskexec_context.go`` (unique ids, raw output prefixes,
checkpoints), ``nodes/array/handler.go`` (sub-nodes), ``encoding/encoder.go`` (long ids).
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

from local.flyte.state.rows import NO_ITEM

MAX_UNIQUE_ID = 50
"""Pod names and raw output folders longer than this become a hash."""

_SHARD_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


def fnv32a(data: bytes) -> int:
    """Return the 32-bit FNV-1a hash."""
    value = 0x811C9DC5
    for byte in data:
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


def unique_id(*parts: str | int) -> str:
    """Return the name of a pod: its parts joined, or their hash where that is too long."""
    joined = "-".join(str(part) for part in parts)
    if len(joined) <= MAX_UNIQUE_ID:
        return joined
    digest = fnv32a(joined.encode()).to_bytes(4, "big")
    return "f" + base64.b32encode(digest).decode().rstrip("=").lower()


def shard(name: str) -> str:
    """Return the two characters that spread raw outputs over key prefixes."""
    number = fnv32a(name.encode()) % len(_SHARD_ALPHABET) ** 2
    first, second = divmod(number, len(_SHARD_ALPHABET))
    return _SHARD_ALPHABET[first] + _SHARD_ALPHABET[second]


@dataclass(frozen=True)
class AttemptLayout:
    """The places of one attempt.

    Attributes
    ----------
    name
        The pod's name.
    inputs, output_dir
        The node's ``inputs.pb``; the folder of this attempt's ``outputs.pb`` or ``error.pb``.
    raw, checkpoint
        Prefixes (a path or an ``s3://`` address) for files and checkpoints.
    previous_checkpoint
        The prefix of the attempt before, None for the first.
    pod, log
        The pod's own disk (gone when it ends) and its log file (kept).
    """

    name: str
    inputs: Path
    output_dir: Path
    raw: str
    checkpoint: str
    previous_checkpoint: str | None
    pod: Path
    log: Path


@dataclass(frozen=True)
class ExecutionLayout:
    """The places of one execution."""

    data_dir: Path
    project: str
    domain: str
    name: str
    raw_prefix: str = ""

    @property
    def _folder(self) -> str:
        return f"{self.project}-{self.domain}-{self.name}"

    def node_data(self, node_id: str) -> Path:
        """Return the folder of a node's inputs and of its attempts."""
        blobs = self.data_dir / "blobs" / "metadata" / "propeller"
        return blobs / self._folder / node_id / "data"

    def inputs(self, node_id: str) -> Path:
        """Return where a node's inputs are written."""
        return self.node_data(node_id) / "inputs.pb"

    def collected(self, node_id: str) -> Path:
        """Return the folder for outputs that the control plane itself writes for a node."""
        return self.node_data(node_id) / "0"

    def _raw(self, name: str) -> str:
        prefix = self.raw_prefix.rstrip("/") or str(self.data_dir / "blobs" / "raw")
        return f"{prefix}/{shard(name)}/{name}"

    def attempt(self, node_id: str, item: int, attempt: int) -> AttemptLayout:
        """Return the places of one attempt at a node, or at one item of a map task."""
        data = self.node_data(node_id)
        if item == NO_ITEM:
            parts: tuple[str | int, ...] = (self.name, node_id)
            output_dir = data / str(attempt)
        else:
            # The parent attempt is always 0: an array node is not retried as a whole.
            parts = (self.name, node_id, 0, f"n{item}")
            output_dir = data / "0" / str(item) / str(attempt)
        name = unique_id(*parts, attempt)
        raw = self._raw(name)
        earlier = self._raw(unique_id(*parts, attempt - 1)) if attempt else None
        return AttemptLayout(
            name=name,
            inputs=data / "inputs.pb",
            output_dir=output_dir,
            raw=raw,
            checkpoint=f"{raw}/_flytecheckpoints",
            previous_checkpoint=earlier and f"{earlier}/_flytecheckpoints",
            pod=self.data_dir / "pods" / self._folder / name,
            log=self.data_dir / "logs" / self._folder / f"{name}.log",
        )
