"""Where the parts of a running system are: one small file, written by ``nst up``."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from local.aws import Aws
from local.deploy import Outputs

ROOT = Path(__file__).resolve().parent.parent
HOME = Path(os.environ.get("NST_HOME", ROOT / ".nst"))
"""Everything a running system keeps: state, logs, Flyte's database and blobs."""


class NotRunning(Exception):
    """There is no running system to talk to."""


@dataclass(frozen=True)
class State:
    """Who and where the parts of a running system are."""

    aws: Aws
    stack: Outputs
    flyte_endpoint: str
    pids: Mapping[str, int]

    def save(self, home: Path = HOME) -> None:
        """Write the state; a reader sees the old file or the new one, never half of it."""
        home.mkdir(parents=True, exist_ok=True)
        draft = home / "state.json.new"
        draft.write_text(json.dumps(asdict(self), indent=2, default=str))
        draft.replace(home / "state.json")


def load(home: Path = HOME) -> State:
    """Return the state of the running system.

    Raises
    ------
    NotRunning
        If none was started, or one of its processes is gone.
    """
    try:
        stored = json.loads((home / "state.json").read_text())
    except FileNotFoundError:
        raise NotRunning("nst is not running; start it with: nst up") from None
    aws = Aws(**stored["aws"] | {"ca_bundle": Path(stored["aws"]["ca_bundle"])})
    state = State(aws, Outputs(**stored["stack"]), stored["flyte_endpoint"], stored["pids"])
    if gone := [name for name, pid in state.pids.items() if not alive(pid)]:
        raise NotRunning(f"{' and '.join(gone)} died (logs: {home}); run: nst down, nst up")
    return state


def pids(home: Path = HOME) -> dict[str, int]:
    """Return the processes of the system that still run, by name, in the order of their start."""
    try:
        stored: dict[str, int] = json.loads((home / "state.json").read_text())["pids"]
    except FileNotFoundError:
        return {}
    return {name: pid for name, pid in stored.items() if alive(pid)}


def alive(pid: int) -> bool:
    """Tell whether a process runs; a zombie does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z")
