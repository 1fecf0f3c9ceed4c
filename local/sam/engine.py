"""A Docker engine: the one that is there, else one of our own that lives as long as it is needed.

Ours keeps its images in ``build/sam/docker``, so that a second run builds nothing anew.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from local.sam.debian import require

START_SECONDS = 60.0
STOP_SECONDS = 20.0
"""A daemon gives its containers ten."""


class EngineError(Exception):
    """There is no Docker engine, or it refuses; says what, and where the log is."""


@dataclass(frozen=True)
class Engine:
    """A Docker engine that answers.

    Attributes
    ----------
    host
        Its address, as in DOCKER_HOST.
    log
        Takes what builds and runs say.
    """

    host: str
    log: Path

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables by which other programs find it.

        The classic builder is what the SAM CLI uses; without buildx it is the only one.
        """
        return {"DOCKER_HOST": self.host, "DOCKER_BUILDKIT": "0"}

    def docker(self, *arguments: str | Path) -> str:
        """Run a docker command; returns what it prints.

        Raises
        ------
        EngineError
            If it fails; says which command, and its last words.
        """
        with self.log.open("a") as log:
            done = subprocess.run(
                ["docker", *map(str, arguments)],
                env=os.environ | self.environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
            log.write(f"$ docker {' '.join(map(str, arguments))}\n{done.stdout}{done.stderr}\n")
        if done.returncode:
            words = "\n".join((done.stdout + done.stderr).splitlines()[-10:])
            raise EngineError(f"docker {arguments[0]} failed (log: {self.log}):\n{words}")
        return done.stdout.strip()

    def has_image(self, tag: str) -> bool:
        """Tell whether an image is there."""
        return bool(self.docker("images", "--quiet", tag))

    @property
    def gateway(self) -> str:
        """Address of this machine as containers see it.

        Raises
        ------
        EngineError
            If it is none of this machine's: then the engine runs in another one.
        """
        where = "{{(index .IPAM.Config 0).Gateway}}"
        address = self.docker("network", "inspect", "bridge", "--format", where)
        try:
            socket.create_server((address, 0)).close()
        except OSError:
            message = f"containers reach this machine at {address}, which is no address of it"
            raise EngineError(f"{message}: does Docker run in a virtual machine?") from None
        return address


@contextmanager
def engine(build: Path) -> Iterator[Engine]:
    """Lend an engine.

    Parameters
    ----------
    build
        Keeps logs, and the images of an engine of our own.

    Raises
    ------
    EngineError, local.sam.debian.MissingCommand
        If there is none and none can be started.
    """
    log = build / "docker.log"
    if host := _usable():
        yield Engine(host, log)
        return
    for command in ("dockerd", "docker"):
        require(command, build / "apt.log")
    if host := _usable():  # where there is an init system, the package has started its daemon
        yield Engine(host, log)
        return
    # Sockets have short names (108 bytes, man 7 unix), which a folder of the project may exceed.
    with tempfile.TemporaryDirectory(prefix="nst-docker-") as run:
        daemon = _start(build, Path(run))
        try:
            ours = Engine(f"unix://{run}/docker.sock", log)
            yield ours
            ours.docker("image", "prune", "--force")  # what this run has replaced
        finally:
            _stop(daemon)


def _usable() -> str:
    """Return the address of the engine that the docker command talks to; empty if none answers."""
    try:
        answer = subprocess.run(
            ["docker", "version", "--format", "{{.Server.Version}}"],
            capture_output=True,
            timeout=START_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        return ""
    if answer.returncode:
        return ""
    if host := os.environ.get("DOCKER_HOST"):
        return host
    endpoint = ["docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"]
    return subprocess.run(endpoint, capture_output=True, text=True, check=True).stdout.strip()


def _start(build: Path, run: Path) -> subprocess.Popen[bytes]:
    pid_file = build / "dockerd.pid"
    _stop_leftover(pid_file)
    log = build / "dockerd.log"
    address = run / "docker.sock"
    command: list[str | Path] = [
        "dockerd",
        "--data-root",
        build / "docker",
        "--exec-root",
        run / "exec",
    ]
    with log.open("w") as output:
        daemon = subprocess.Popen(
            [*command, "--pidfile", pid_file, "--host", f"unix://{address}"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # An interrupt at the terminal is for us, who stop it when its containers are done.
            start_new_session=True,
        )
    deadline = time.monotonic() + START_SECONDS
    while not _answers(address):
        if daemon.poll() is not None or time.monotonic() > deadline:
            _stop(daemon)
            words = "\n".join(log.read_text().splitlines()[-5:])
            raise EngineError(f"dockerd does not start; its log ends with:\n{words}")
        time.sleep(0.1)
    return daemon


def _answers(socket: Path) -> bool:
    ping = ["docker", "--host", f"unix://{socket}", "version"]
    return (
        socket.exists() and subprocess.run(ping, capture_output=True, check=False).returncode == 0
    )


def _stop(daemon: subprocess.Popen[bytes]) -> None:
    daemon.terminate()
    try:
        daemon.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()


def _stop_leftover(pid_file: Path) -> None:
    """End a daemon that outlived its run (kill -9): two would fight for the same images."""
    with suppress(OSError, ValueError):
        pid = int(pid_file.read_text())
        command = Path(f"/proc/{pid}/comm")
        if command.read_text().strip() != "dockerd":
            return
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while command.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
