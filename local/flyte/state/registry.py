"""Registered tasks, workflows and launch plans: written once per version, never changed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flyteidl.admin import launch_plan_pb2, task_pb2, workflow_pb2

from local.flyte.keys import KIND_NAMES, LAUNCH_PLAN, TASK, WORKFLOW, EntityKey
from local.flyte.refusals import already_exists, invalid_argument, not_found

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

_SPEC_TYPES = {
    TASK: task_pb2.TaskSpec,
    WORKFLOW: workflow_pb2.WorkflowSpec,
    LAUNCH_PLAN: launch_plan_pb2.LaunchPlanSpec,
}


@dataclass(frozen=True)
class Entity:
    """One registered version, with its specification as the client sent it."""

    key: EntityKey
    spec: Any
    active: bool
    created_at: float
    updated_at: float


class Registry:
    """Entities by key.

    Parameters
    ----------
    database
        The control plane's database.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def register(self, key: EntityKey, spec: Any) -> None:
        """Store a new version.

        Raises
        ------
        Refused
            ALREADY_EXISTS if the very same specification is stored under this key
            (``pyflyte register`` takes that as success), INVALID_ARGUMENT if another one is.
        """
        wire = spec.SerializeToString(deterministic=True)
        row = self._database.execute(
            "SELECT spec FROM entities WHERE (kind, project, domain, name, version)"
            " = (?, ?, ?, ?, ?)",
            key,
        ).fetchone()
        if row is None:
            now = time.time()
            self._database.execute(
                "INSERT INTO entities (kind, project, domain, name, version, spec,"
                " created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (*key, wire, now, now),
            )
        elif row["spec"] == wire:
            raise already_exists(f"{key} is registered with the same structure")
        else:
            raise invalid_argument(f"{key} is registered with a different structure")

    def get(self, key: EntityKey) -> Entity:
        """Return one version; NOT_FOUND if it was never registered."""
        row = self._database.execute(
            "SELECT * FROM entities WHERE (kind, project, domain, name, version) = (?, ?, ?, ?, ?)",
            key,
        ).fetchone()
        if row is None:
            raise not_found(f"missing entity: {key}")
        return _entity(row)

    def versions(
        self, kind: int, project: str, domain: str, name: str = "", *, only_active: bool = False
    ) -> list[Entity]:
        """Return all versions of one name (or of all names), oldest first."""
        rows = self._database.execute(
            "SELECT * FROM entities WHERE kind = ? AND project = ? AND domain = ?"
            " AND ? IN ('', name) AND active >= ? ORDER BY serial",
            (kind, project, domain, name, int(only_active)),
        )
        return [_entity(row) for row in rows]

    def names(self, kind: int, project: str, domain: str) -> list[str]:
        """Return the names that have at least one version, sorted."""
        rows: Iterable[sqlite3.Row] = self._database.execute(
            "SELECT DISTINCT name FROM entities WHERE (kind, project, domain) = (?, ?, ?)"
            " ORDER BY name",
            (kind, project, domain),
        )
        return [row["name"] for row in rows]

    def projects(self) -> list[str]:
        """Return the projects that something was registered in, sorted."""
        rows = self._database.execute("SELECT DISTINCT project FROM entities ORDER BY project")
        return [row["project"] for row in rows]

    def active_launch_plan(self, project: str, domain: str, name: str) -> Entity:
        """Return the active version of a launch plan; NOT_FOUND if none is."""
        active = self.versions(LAUNCH_PLAN, project, domain, name, only_active=True)
        if not active:
            raise not_found(f"no active {KIND_NAMES[LAUNCH_PLAN]} {project}/{domain}/{name}")
        return active[-1]

    def set_active(self, key: EntityKey, *, active: bool) -> None:
        """Activate one version of a launch plan (and so deactivate the others), or deactivate."""
        self.get(key)
        if active:
            # One statement, so that there is never a moment with two active versions, or none.
            self._database.execute(
                "UPDATE entities SET active = (version = ?), updated_at = ?"
                " WHERE (kind, project, domain, name) = (?, ?, ?, ?)",
                (key.version, time.time(), *key[:4]),
            )
        else:
            self._database.execute(
                "UPDATE entities SET active = 0, updated_at = ?"
                " WHERE (kind, project, domain, name, version) = (?, ?, ?, ?, ?)",
                (time.time(), *key),
            )


def _entity(row: sqlite3.Row) -> Entity:
    return Entity(
        key=EntityKey(row["kind"], row["project"], row["domain"], row["name"], row["version"]),
        spec=_SPEC_TYPES[row["kind"]].FromString(row["spec"]),
        active=bool(row["active"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
