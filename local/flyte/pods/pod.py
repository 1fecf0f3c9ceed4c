"""One attempt's process group: started, watched, and never left behind."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

GRACE_SECONDS = 3.0
"""From SIGTERM to SIGKILL. Kubernetes waits 30 s; people at a terminal would not."""

_INIT = Path(__file__).with_name("pod_init.py")


@dataclass(frozen=True)
class Pod:
    """What to run, and where.

    Attributes
    ----------
    command
        The container's command.
    env
        The complete environment.
    disk
        The pod's own folder; deleted when it ends, like a container's file system.
    log
        Receives stdout and stderr.
    cores
        The cores to run on; empty: any.
    """

    command: tuple[str, ...]
    env: Mapping[str, str]
    disk: Path
    log: Path
    cores: frozenset[int]


async def run(pod: Pod, timeout: float | None) -> int:
    """Run a pod to its end.

    Parameters
    ----------
    pod
        What to run.
    timeout
        Seconds after which it is stopped; None: never.

    Returns
    -------
    int
        The exit code; negative if a signal ended it.

    Raises
    ------
    TimeoutError
        If it was stopped for taking too long.
    """
    root, scratch = pod.disk / "root", pod.disk / "tmp"
    shutil.rmtree(pod.disk, ignore_errors=True)
    for folder in (root, scratch, pod.log.parent):
        folder.mkdir(parents=True, exist_ok=True)
    cores = ",".join(str(core) for core in sorted(pod.cores)) or "-"
    with pod.log.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-I", "-S", str(_INIT), cores, *pod.command),
            cwd=root,
            # flytekit makes temporary folders that it never removes: they go with the pod.
            env={**pod.env, "TMPDIR": str(scratch), "PWD": str(root)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        return await asyncio.wait_for(asyncio.shield(process.wait()), timeout)
    finally:
        # Also if the wait was cancelled: the server stops, or somebody terminated the execution.
        await asyncio.shield(_end(process))
        shutil.rmtree(pod.disk, ignore_errors=True)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        _signal_group(process.pid, signal.SIGTERM)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), GRACE_SECONDS)
    # What the command left running (pyflyte-fast-execute has a child) ends with it, as the
    # processes of a container do when its first one ends.
    _signal_group(process.pid, signal.SIGKILL)
    await process.wait()


def _signal_group(leader: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)
