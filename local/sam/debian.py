"""What Debian has and we need: installed where it is missing, and asked for where we may not."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from pathlib import Path

PACKAGES = {"dockerd": "docker.io", "docker": "docker-cli", "debootstrap": "debootstrap"}
"""Debian's package of each command. Up to Debian 12 docker.io has the docker command as well."""

_ONE_AT_A_TIME = threading.Lock()  # apt refuses to run beside itself


class MissingCommand(Exception):
    """A command is missing and cannot be installed from here; says what a person can do."""


def require(command: str, log: Path) -> None:
    """See that a command is there.

    Parameters
    ----------
    command
        A key of `PACKAGES`.
    log
        Takes what apt says.

    Raises
    ------
    MissingCommand
        If it is missing, and this is no Debian, or the caller is not root, or apt fails.
    """
    with _ONE_AT_A_TIME:
        if not shutil.which(command):
            _install(command, log)


def _install(command: str, log: Path) -> None:
    package = PACKAGES[command]
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise MissingCommand(f"{command} is missing; as root: apt-get install {package}")
    with log.open("a") as output:
        for step in (["update"], ["install", "--yes", "--no-install-recommends", package]):
            done = subprocess.run(
                ["apt-get", "--quiet", *step],
                env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
            if done.returncode:
                raise MissingCommand(f"{package} could not be installed; the log: {log}")
