"""MiniStack, the AWS API on one machine: a child process that speaks TLS and enforces IAM.

It lives in an environment of its own (``.venv-ministack``, see the Makefile), because it pins a
botocore that must not reach ours. TLS is no ornament: the template's policies refuse plain HTTP,
and MiniStack evaluates them.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import trustme

from local.aws import Aws

if TYPE_CHECKING:
    from types import TracebackType

PYTHON = Path(__file__).parent.parent / ".venv-ministack" / "bin" / "python"
ROOT_KEY = "test"  # MiniStack's built-in root caller; its secret reads the same
START_TIMEOUT = 60.0  # seconds; 2 are usual
# Seconds to end by itself. A client that keeps its connection open holds it up for 30 (the TLS
# shutdown of asyncio); nothing is lost by not waiting, as all of its state is in memory.
STOP_PATIENCE = 1.0
KILL_PATIENCE = 10.0
POLL_INTERVAL = 0.05


class MiniStackError(Exception):
    """MiniStack cannot be started."""


@dataclass(frozen=True)
class MiniStack:
    """A running MiniStack. What it holds is in memory and ends with it."""

    aws: Aws
    process: subprocess.Popen[bytes]
    data_dir: Path

    @classmethod
    def start(
        cls,
        data_dir: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        authority: trustme.CA | None = None,
    ) -> Self:
        """Start MiniStack and wait until it answers.

        Parameters
        ----------
        data_dir
            Takes its log, its certificate and the unpacked functions.
        host, port
            Where to listen; port 0 takes a free one.
        authority
            Issues its certificate; by default one of its own, which clients trust by `aws`.

        Raises
        ------
        MiniStackError
            When it is not installed, or ends or stays silent instead of answering.
        """
        if not PYTHON.exists():
            message = f"MiniStack is not installed in {PYTHON.parent.parent}: run `make setup`"
            raise MiniStackError(message)
        data_dir = data_dir.resolve()
        scratch = data_dir / "tmp"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        ca_bundle = _write_certificate(data_dir, host, authority or trustme.CA())
        port = port or _free_port(host)
        aws = Aws(f"https://{host}:{port}", ca_bundle, ROOT_KEY, ROOT_KEY)
        with _log_file(data_dir).open("w") as log:
            process = subprocess.Popen(
                [PYTHON, "-m", "ministack"],
                cwd=data_dir,
                env=_environment(data_dir, aws, host, port),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # A group of its own: an interrupt at the terminal must not reach it before its
                # owner decides, and stopping the group takes the functions along.
                start_new_session=True,
            )
        ministack = cls(aws, process, data_dir)
        try:
            ministack._wait_until_healthy()
        except BaseException:
            ministack.stop()
            raise
        return ministack

    @property
    def pid(self) -> int:
        """Its process id, which is its process group's too."""
        return self.process.pid

    @property
    def log_file(self) -> Path:
        """What MiniStack has to say."""
        return _log_file(self.data_dir)

    def is_healthy(self) -> bool:
        """Tell whether it answers."""
        context = ssl.create_default_context(cafile=self.aws.ca_bundle)
        url = f"{self.aws.endpoint_url}/_ministack/health"
        try:
            with urllib.request.urlopen(url, timeout=5, context=context) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except OSError:
            return False

    def stop(self) -> None:
        """End MiniStack and its functions; harmless if they have ended already."""
        for number, patience in ((signal.SIGTERM, STOP_PATIENCE), (signal.SIGKILL, KILL_PATIENCE)):
            # The group outlives its leader as long as a function does.
            with suppress(ProcessLookupError):
                os.killpg(self.pid, number)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(patience)
        shutil.rmtree(self.data_dir / "tmp", ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _wait_until_healthy(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while not self.is_healthy():
            if self.process.poll() is not None or time.monotonic() > deadline:
                last_words = "\n".join(self.log_file.read_text().splitlines()[-10:])
                message = f"MiniStack does not answer; its log ends with:\n{last_words}"
                raise MiniStackError(message)
            time.sleep(POLL_INTERVAL)


def _environment(data_dir: Path, aws: Aws, host: str, port: int) -> dict[str, str]:
    """Whatever stands here is seen by the functions too, so nothing is passed on unasked."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "TMPDIR": str(data_dir / "tmp"),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": host,
        "MINISTACK_REGION": aws.region,
        "AUTH": "true",
        "LAMBDA_EXECUTOR": "local",
        "USE_SSL": "1",
        "MINISTACK_SSL_CERT": str(data_dir / "server.pem"),
        "MINISTACK_SSL_KEY": str(data_dir / "server.key"),
        **{name: value for name, value in aws.environment().items() if name != "AWS_ENDPOINT_URL"},
    }


def _write_certificate(data_dir: Path, host: str, authority: trustme.CA) -> Path:
    names = dict.fromkeys(("127.0.0.1", "localhost", "host.docker.internal", host))
    certificate = authority.issue_cert(*names)
    certificate.cert_chain_pems[0].write_to_path(data_dir / "server.pem")
    certificate.private_key_pem.write_to_path(data_dir / "server.key")
    authority.cert_pem.write_to_path(data_dir / "ca.pem")
    return data_dir / "ca.pem"


def _free_port(host: str) -> int:
    with socket.create_server((host, 0)) as server:
        return int(server.getsockname()[1])


def _log_file(data_dir: Path) -> Path:
    return data_dir / "ministack.log"
