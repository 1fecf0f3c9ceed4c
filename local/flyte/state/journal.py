"""What happened to each execution, its nodes and their attempts."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from local.flyte.refusals import already_exists, not_found
from local.flyte.state.rows import (
    TERMINAL,
    Node,
    Task,
    Workflow,
    attempt_row,
    execution_row,
    node_row,
)

if TYPE_CHECKING:
    import sqlite3

    from local.flyte.keys import ExecutionKey
    from local.flyte.state.rows import AttemptRow, ExecutionRow, NodeRow


class Journal:
    """Rows of executions, nodes and attempts.

    Parameters
    ----------
    database
        The control plane's database.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def create(self, key: ExecutionKey, spec: Any, inputs: Any) -> ExecutionRow:
        """Store a new execution as QUEUED; ALREADY_EXISTS if its name is taken (for ever)."""
        now = time.time()
        cursor = self._database.execute(
            "INSERT INTO executions (project, domain, name, spec, inputs, phase, created_at,"
            " updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (
                *key,
                spec.SerializeToString(),
                inputs.SerializeToString(deterministic=True),
                Workflow.QUEUED,
                now,
                now,
            ),
        )
        if cursor.rowcount == 0:
            raise already_exists(f"execution {key} exists: value with matching already exists")
        return self.get(key)

    def get(self, key: ExecutionKey) -> ExecutionRow:
        """Return one execution; NOT_FOUND if there is none of that name."""
        row = self._database.execute(
            "SELECT * FROM executions WHERE (project, domain, name) = (?, ?, ?)", key
        ).fetchone()
        if row is None:
            raise not_found(f"missing execution {key}")
        return execution_row(row)

    def unfinished(self) -> list[ExecutionRow]:
        """Return the executions that are not over, oldest first."""
        rows = self._database.execute(
            "SELECT * FROM executions WHERE phase NOT IN (?, ?, ?, ?) ORDER BY serial", TERMINAL
        )
        return [execution_row(row) for row in rows]

    def executions(self, project: str = "", domain: str = "") -> list[ExecutionRow]:
        """Return the executions of a project and domain (or all), oldest first."""
        rows = self._database.execute(
            "SELECT * FROM executions WHERE ? IN ('', project) AND ? IN ('', domain)"
            " ORDER BY serial",
            (project, domain),
        )
        return [execution_row(row) for row in rows]

    def update_execution(self, serial: int, phase: int, **columns: Any) -> None:
        """Move an execution to a phase; messages among the columns are serialised."""
        now = time.time()
        if phase == Workflow.RUNNING:
            columns["started_at"] = now
        if phase in TERMINAL:
            columns["ended_at"] = now
        self._update("executions", {"serial": serial}, phase=phase, updated_at=now, **columns)

    def set_state(self, serial: int, state: int) -> None:
        """Archive an execution, or bring it back."""
        self._update("executions", {"serial": serial}, state=state, updated_at=time.time())

    def nodes(self, serial: int) -> list[NodeRow]:
        """Return the nodes of an execution that were reached, in that order."""
        rows = self._database.execute(
            "SELECT * FROM nodes WHERE execution = ? ORDER BY created_at, rowid", (serial,)
        )
        return [node_row(row) for row in rows]

    def node(self, serial: int, node_id: str) -> NodeRow | None:
        """Return one node, or None if the execution has not reached it."""
        row = self._database.execute(
            "SELECT * FROM nodes WHERE (execution, node_id) = (?, ?)", (serial, node_id)
        ).fetchone()
        return None if row is None else node_row(row)

    def begin_node(self, serial: int, node_id: str, *, is_array: bool) -> None:
        """Note that a node has begun; begun again after a restart, it keeps its first times."""
        now = time.time()
        self._database.execute(
            "INSERT INTO nodes (execution, node_id, is_array, phase, created_at, started_at,"
            " updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET phase = excluded.phase, updated_at = excluded.updated_at",
            (serial, node_id, int(is_array), Node.RUNNING, now, now, now),
        )

    def end_node(self, serial: int, node_id: str, phase: int, **columns: Any) -> None:
        """Note how a node ended."""
        now = time.time()
        where = {"execution": serial, "node_id": node_id}
        self._update("nodes", where, phase=phase, ended_at=now, updated_at=now, **columns)

    def attempts(self, serial: int, node_id: str, item: int | None = None) -> list[AttemptRow]:
        """Return the attempts at a node (at one item, or at all), in order."""
        rows = self._database.execute(
            "SELECT * FROM attempts WHERE (execution, node_id) = (?1, ?2)"
            " AND (?3 IS NULL OR item = ?3) ORDER BY item, attempt",
            (serial, node_id, item),
        )
        return [attempt_row(row) for row in rows]

    def begin_attempt(
        self, serial: int, node_id: str, item: int, attempt: int, *, output_dir: str, log: str
    ) -> None:
        """Note that an attempt waits for CPUs."""
        now = time.time()
        self._database.execute(
            "INSERT INTO attempts (execution, node_id, item, attempt, phase, output_dir, log,"
            " created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (serial, node_id, item, attempt, Task.WAITING_FOR_RESOURCES, output_dir, log, now, now),
        )

    def update_attempt(
        self, serial: int, node_id: str, item: int, attempt: int, phase: int, **columns: Any
    ) -> None:
        """Move an attempt to a phase."""
        now = time.time()
        columns["started_at" if phase == Task.RUNNING else "ended_at"] = now
        where = {"execution": serial, "node_id": node_id, "item": item, "attempt": attempt}
        self._update("attempts", where, phase=phase, updated_at=now, **columns)

    def _update(self, table: str, where: dict[str, Any], **columns: Any) -> None:
        values = [
            value.SerializeToString() if hasattr(value, "SerializeToString") else value
            for value in columns.values()
        ]
        assignments = ", ".join(f"{column} = ?" for column in columns)
        conditions = " AND ".join(f"{column} = ?" for column in where)
        self._database.execute(
            # Table and column names come from this file, never from a request.
            f"UPDATE {table} SET {assignments} WHERE {conditions}",  # noqa: S608
            (*values, *where.values()),
        )
