"""Which processes belong to a server: told by a mark in their environment."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

MARK = "LOCAL_FLYTE_DATA_DIR"
"""Environment variable that every pod carries: whose pod it is."""


def find_processes(data_dir: Path) -> dict[int, dict[str, str]]:
    """Return the processes of a data directory's pods.

    A number in a file could by now belong to somebody else's process; the environment of a
    process cannot lie. Where there is no ``/proc`` (macOS), nothing is found.

    Returns
    -------
    dict of int to dict
        Process id to environment: ``FLYTE_INTERNAL_EXECUTION_ID`` and the like tell which pod
        it is.
    """
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        # Gone in the meantime, or not ours to read.
        with suppress(OSError):
            entries = (process / "environ").read_bytes().decode(errors="replace").split("\0")
            environment = dict(entry.split("=", 1) for entry in entries if "=" in entry)
            if environment.get(MARK) == str(data_dir) and int(process.name) != os.getpid():
                found[int(process.name)] = environment
    return found


def end_leftovers(data_dir: Path) -> list[int]:
    """Kill the pods that an earlier server of this data directory left behind.

    Returns
    -------
    list of int
        The ids of the processes that were killed.
    """
    leftovers = list(find_processes(data_dir))
    for process in leftovers:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    return leftovers
