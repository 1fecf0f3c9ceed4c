"""The SQLite file that holds everything the control plane must remember."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_SCHEMA_VERSION = 1

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entities (
    serial     INTEGER PRIMARY KEY AUTOINCREMENT,
    kind       INTEGER NOT NULL,
    project    TEXT NOT NULL,
    domain     TEXT NOT NULL,
    name       TEXT NOT NULL,
    version    TEXT NOT NULL,
    spec       BLOB NOT NULL,
    active     INTEGER NOT NULL DEFAULT 0,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL,
    UNIQUE (kind, project, domain, name, version)
);
CREATE TABLE IF NOT EXISTS executions (
    serial      INTEGER PRIMARY KEY AUTOINCREMENT,
    project     TEXT NOT NULL,
    domain      TEXT NOT NULL,
    name        TEXT NOT NULL,
    spec        BLOB NOT NULL,
    inputs      BLOB NOT NULL,
    phase       INTEGER NOT NULL,
    state       INTEGER NOT NULL DEFAULT 0,
    error       BLOB,
    abort_cause TEXT,
    outputs_uri TEXT,
    created_at  REAL NOT NULL,
    started_at  REAL,
    ended_at    REAL,
    updated_at  REAL NOT NULL,
    UNIQUE (project, domain, name)
);
CREATE TABLE IF NOT EXISTS nodes (
    execution  INTEGER NOT NULL REFERENCES executions (serial),
    node_id    TEXT NOT NULL,
    is_array   INTEGER NOT NULL,
    phase      INTEGER NOT NULL,
    error      BLOB,
    output_dir TEXT,
    created_at REAL NOT NULL,
    started_at REAL,
    ended_at   REAL,
    updated_at REAL NOT NULL,
    PRIMARY KEY (execution, node_id)
);
CREATE TABLE IF NOT EXISTS attempts (
    execution  INTEGER NOT NULL REFERENCES executions (serial),
    node_id    TEXT NOT NULL,
    item       INTEGER NOT NULL,
    attempt    INTEGER NOT NULL,
    phase      INTEGER NOT NULL,
    budget     TEXT,
    error      BLOB,
    output_dir TEXT NOT NULL,
    log        TEXT NOT NULL,
    created_at REAL NOT NULL,
    started_at REAL,
    ended_at   REAL,
    updated_at REAL NOT NULL,
    PRIMARY KEY (execution, node_id, item, attempt)
);
"""


class UnusableDatabase(RuntimeError):
    """The file is damaged, or was made by another version of this program."""


def open_database(path: Path) -> sqlite3.Connection:
    """Open (or create) the database.

    Parameters
    ----------
    path
        The file; its folder exists.

    Returns
    -------
    sqlite3.Connection
        In autocommit mode with rows by name. A write-ahead log keeps what was committed
        when the server is killed.

    Raises
    ------
    UnusableDatabase
        If it is damaged or of another version.
    """
    try:
        return _open(path)
    except sqlite3.DatabaseError as problem:
        raise UnusableDatabase(f"{path} is damaged ({problem}); remove it") from problem


def _open(path: Path) -> sqlite3.Connection:
    # One thread at a time uses it: the event loop's. It is opened before that thread starts.
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version not in (0, _SCHEMA_VERSION):
        raise UnusableDatabase(f"{path} was made by another version of nst; remove it")
    connection.executescript(_SCHEMA)
    connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
    return connection
