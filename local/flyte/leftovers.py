"""Processes of a server that was killed: found by a mark in their environment, and ended."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

MARK = "LOCAL_FLYTE_DATA_DIR"
"""Environment variable that every pod carries: whose pod it is."""


def end_leftovers(data_dir: Path) -> list[int]:
    """Kill the pods that an earlier server of this data directory left behind.

    A number in a file could by now belong to somebody else's process; the environment of a
    process cannot lie. Where there is no ``/proc`` (macOS), nothing is found.

    Returns
    -------
    list of int
        The ids of the processes that were killed.
    """
    mark = f"{MARK}={data_dir}".encode()
    ended = []
    for process in Path("/proc").glob("[0-9]*"):
        # Gone in the meantime, or not ours to read.
        with suppress(OSError):
            environment = (process / "environ").read_bytes().split(b"\0")
            if mark in environment and int(process.name) != os.getpid():
                os.kill(int(process.name), signal.SIGKILL)
                ended.append(int(process.name))
    return ended
