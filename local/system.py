"""Start and stop the whole system: MiniStack with the deployed stack, and a local Flyte.

The order follows from what each part must know of the others: the functions need Flyte's address,
Flyte's tasks need keys that only the deployed stack can grant.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import trustme
from rich.console import Console

from local import state as states
from local.aws import Aws
from local.client import Client
from local.deploy import deploy, task_caller
from local.ministack import MiniStack
from local.state import HOME, ROOT, NotRunning, State, alive
from local.steps import step

PROJECT, DOMAIN = "nst", "development"
IMAGE = "nst-tasks:local"
"""A name only: the local Flyte runs a task's command as a child process, in this environment."""

START_SECONDS = 60.0
STOP_SECONDS = 5.0
"""Flyte gives its tasks three; MiniStack would wait for clients to hang up, for ever."""


class StartError(Exception):
    """A part of the system did not start; the message says which and where its log is."""


def up(
    console: Console,
    home: Path = HOME,
    *,
    host: str = "127.0.0.1",
    authority: trustme.CA | None = None,
) -> State:
    """Start everything, register the workflow and fill in the styles.

    Parameters
    ----------
    console
        Where each step is told as it is done.
    home
        Keeps state, logs, Flyte's database and blobs.
    host
        Address to listen on; containers do not reach the default.
    authority
        Issues MiniStack's certificate, where somebody has to trust it beforehand.

    Raises
    ------
    StartError, local.ministack.MiniStackError, local.deploy.DeployError
        If a part cannot be started; what had been started is stopped again.
    """
    try:
        return states.load(home)
    except NotRunning:
        down(console, home)
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    started: dict[str, int] = {}
    try:
        return _start(console, home, started, host, authority)
    except BaseException:
        _stop(started)
        raise


def down(console: Console, home: Path = HOME) -> None:
    """Stop everything that runs; harmless if nothing does."""
    pids = states.pids(home)
    if pids:
        with console.status("stopping"):
            _stop(pids)
        console.print("[green]✓[/] stopped")
    (home / "state.json").unlink(missing_ok=True)


@contextmanager
def running(console: Console, home: Path = HOME) -> Iterator[State]:
    """Lend a running system: the one that is up, else one that lives as long as the block."""
    try:
        yield states.load(home)
    except NotRunning:
        pass
    else:
        return
    state = up(console, home)
    try:
        yield state
    finally:
        down(console, home)


def _start(
    console: Console,
    home: Path,
    started: dict[str, int],
    host: str,
    authority: trustme.CA | None,
) -> State:
    flyte_endpoint = f"{host}:{_free_port(host)}"
    version = launch_plan_version()
    with step(console, "MiniStack: S3, SQS, Lambda, DynamoDB, IAM"):
        ministack = MiniStack.start(home / "ministack", host=host, authority=authority)
        started["MiniStack"] = ministack.pid
    with step(console, "infra/sam-template.yaml deployed"):
        stack = deploy(ministack.aws, parameters(flyte_endpoint, version))
    with step(console, "Flyte control plane"):
        tasks = task_caller(ministack.aws, stack)
        started["Flyte"] = start_flyte(home, flyte_endpoint, tasks)
    state = State(ministack.aws, stack, flyte_endpoint, started)
    state.save(home)
    with step(console, "workflow and launch plan registered"):
        register(flyte_endpoint, version, home)
    with step(console, "styles in the bucket"):
        Client(state).put_styles(sorted((ROOT / "styles").glob("*.jpg")))
    return state


def parameters(flyte_endpoint: str, launch_plan_version: str) -> Mapping[str, str]:
    """Return the template's parameters for one machine."""
    return {
        "FlyteEndpoint": flyte_endpoint,
        "FlyteInsecure": "true",
        "FlyteProject": PROJECT,
        "FlyteDomain": DOMAIN,
        "FlyteLaunchPlanVersion": launch_plan_version,
        "DeletionProtection": "false",
    }


def launch_plan_version() -> str:
    """Return a version that names the content of ``workflows/``: changed code, new version."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "workflows").rglob("*.py")):
        digest.update(f"\0{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def start_flyte(home: Path, endpoint: str, tasks: Aws) -> int:
    """Start the local Flyte as a process of its own; its tasks are the given caller.

    Returns
    -------
    int
        Its process id.
    """
    host, _, port = endpoint.partition(":")
    data = home / "flyte"
    data.mkdir(exist_ok=True)
    ready = data / "endpoint.json"
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-m", "local.flyte", "serve", "--data-dir", str(data)]
    with (home / "flyte.log").open("a") as log:
        process = subprocess.Popen(
            [*command, "--host", host, "--port", port],
            cwd=ROOT,
            env=os.environ | tasks.environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + START_SECONDS
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise StartError(f"Flyte did not start; its log: {home / 'flyte.log'}")
        time.sleep(0.05)
    return process.pid


def register(endpoint: str, version: str, home: Path) -> None:
    """Register the workflow with unmodified ``pyflyte``.

    ``--non-fast``: the code is in the image, as in production. The one file that defines the
    workflow, not its whole package: walking that would import TensorFlow, which takes 10 s.
    """
    where = ["--project", PROJECT, "--domain", DOMAIN, "--image", IMAGE, "--version", version]
    pyflyte = str(Path(sys.executable).parent / "pyflyte")
    command = [pyflyte, "register", *where, "--non-fast"]
    done = subprocess.run(
        [*command, "workflows/style_transfer.py"],
        cwd=ROOT,
        env=os.environ | {"FLYTE_PLATFORM_URL": endpoint, "FLYTE_PLATFORM_INSECURE": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    (home / "register.log").write_text(done.stdout + done.stderr)
    if done.returncode:
        raise StartError(f"pyflyte register failed; its log: {home / 'register.log'}")


def _stop(pids: Mapping[str, int]) -> None:
    """End process groups, the last one started first, and see that they are gone."""
    for pid in reversed(list(pids.values())):
        for number in (signal.SIGTERM, signal.SIGKILL):
            if not alive(pid):
                break
            os.killpg(pid, number)
            _await_end(pid)


def _await_end(pid: int) -> None:
    deadline = time.monotonic() + STOP_SECONDS
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)


def _free_port(host: str) -> int:
    with socket.create_server((host, 0)) as server:
        return int(server.getsockname()[1])
