"""What the journal's rows hold: executions, nodes, attempts, and their phases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flyteidl.admin import execution_pb2 as admin_execution_pb2
from flyteidl.core import execution_pb2, literals_pb2

from local.flyte.keys import ExecutionKey

if TYPE_CHECKING:
    import sqlite3

Workflow = execution_pb2.WorkflowExecution
Node = execution_pb2.NodeExecution
Task = execution_pb2.TaskExecution

TERMINAL = (Workflow.SUCCEEDED, Workflow.FAILED, Workflow.ABORTED, Workflow.TIMED_OUT)
NO_ITEM = -1
"""The item number of an attempt that belongs to no map task."""


@dataclass(frozen=True)
class Times:
    """When a thing was made, began, ended and last changed (seconds since the epoch)."""

    created: float
    started: float | None
    ended: float | None
    updated: float


@dataclass(frozen=True)
class ExecutionRow:
    """One execution."""

    serial: int
    key: ExecutionKey
    spec: Any
    inputs: Any
    phase: int
    state: int
    error: Any | None
    abort_cause: str | None
    outputs_uri: str | None
    times: Times

    @property
    def is_terminal(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.phase in TERMINAL


@dataclass(frozen=True)
class NodeRow:
    """One node of an execution."""

    node_id: str
    is_array: bool
    phase: int
    error: Any | None
    output_dir: str | None
    times: Times


@dataclass(frozen=True)
class AttemptRow:
    """One attempt at a task, or at one item of a map task."""

    node_id: str
    item: int
    attempt: int
    phase: int
    budget: str | None
    error: Any | None
    output_dir: str
    log: str
    times: Times


def _times(row: sqlite3.Row) -> Times:
    return Times(row["created_at"], row["started_at"], row["ended_at"], row["updated_at"])


def _error(row: sqlite3.Row) -> Any | None:
    return None if row["error"] is None else execution_pb2.ExecutionError.FromString(row["error"])


def execution_row(row: sqlite3.Row) -> ExecutionRow:
    """Read a row of the table ``executions``."""
    return ExecutionRow(
        serial=row["serial"],
        key=ExecutionKey(row["project"], row["domain"], row["name"]),
        spec=admin_execution_pb2.ExecutionSpec.FromString(row["spec"]),
        inputs=literals_pb2.LiteralMap.FromString(row["inputs"]),
        phase=row["phase"],
        state=row["state"],
        error=_error(row),
        abort_cause=row["abort_cause"],
        outputs_uri=row["outputs_uri"],
        times=_times(row),
    )


def node_row(row: sqlite3.Row) -> NodeRow:
    """Read a row of the table ``nodes``."""
    return NodeRow(
        node_id=row["node_id"],
        is_array=bool(row["is_array"]),
        phase=row["phase"],
        error=_error(row),
        output_dir=row["output_dir"],
        times=_times(row),
    )


def attempt_row(row: sqlite3.Row) -> AttemptRow:
    """Read a row of the table ``attempts``."""
    return AttemptRow(
        node_id=row["node_id"],
        item=row["item"],
        attempt=row["attempt"],
        phase=row["phase"],
        budget=row["budget"],
        error=_error(row),
        output_dir=row["output_dir"],
        log=row["log"],
        times=_times(row),
    )
