"""Images to build on where no registry is at hand: Debian's Python, and Lambda's layout around it.

They stand in for ``python:3.11-slim`` and ``public.ecr.aws/lambda/python:3.13``; the Dockerfiles
of this project name those, and take these as a build argument. Whom the containers trust is
decided here as well: the authorities of this machine, among which a company's proxy may be, and
MiniStack's.
"""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from local.sam.debian import require
from local.sam.engine import Engine, EngineError

IMAGES = Path(__file__).parent / "images"
INCLUDED = ("ca-certificates", "python3", "python3-pip")


@dataclass(frozen=True)
class Debian:
    """A release of Debian, for the Python that it has."""

    suite: str
    python: str


TRIXIE = Debian("trixie", "3.13")  # Lambda's
BOOKWORM = Debian("bookworm", "3.11")  # the tasks', as flytekit refuses 3.13


@dataclass(frozen=True)
class BaseImages:
    """Makes images to build on; what has not changed is not made again.

    Attributes
    ----------
    engine
        Where they are made.
    folder
        Takes logs, and what they are made of.
    authority
        Certificate to trust beside those of this machine.
    """

    engine: Engine
    folder: Path
    authority: Path

    def python(self, debian: Debian) -> str:
        """Make the stand-in for the slim image of a Python; returns its tag.

        Raises
        ------
        local.sam.engine.EngineError, local.sam.debian.MissingCommand
            If it cannot be made.
        """
        release = self._import(debian)
        tag = f"nst-python-base:{debian.python}"
        self._build("python", tag, f"DEBIAN={release}")
        return tag

    def aws_lambda(self) -> str:
        """Make the stand-in for Lambda's image of Python 3.13; returns its tag.

        Raises
        ------
        local.sam.engine.EngineError, local.sam.debian.MissingCommand
            If it cannot be made.
        """
        tag = f"nst-lambda-base:{TRIXIE.python}"
        self._build("lambda", tag, f"PYTHON={self.python(TRIXIE)}")
        return tag

    def _build(self, name: str, tag: str, argument: str) -> None:
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=f"{name}-") as made:
            context = Path(made) / "context"
            shutil.copytree(IMAGES, context)
            trusted = _trusted_here() + self.authority.read_text()
            (context / "ca-certificates.crt").write_text(trusted)
            file = context / f"{name}.Dockerfile"
            self.engine.docker("build", "-f", file, "-t", tag, "--build-arg", argument, context)

    def _import(self, debian: Debian) -> str:
        """Make the image of a minimal Debian with Python, unless the engine has it."""
        tag = f"nst-debian:{debian.suite}"
        if self.engine.has_image(tag):
            return tag
        require("debootstrap", self.folder / "apt.log")
        if os.geteuid() != 0:
            raise EngineError("debootstrap has to be run by root")
        log = self.folder / f"debootstrap-{debian.suite}.log"
        # Not in the system's folder for such things: that may forbid devices and owners.
        with tempfile.TemporaryDirectory(dir=self.folder, prefix="tree-") as tree:
            include = f"--include={','.join(INCLUDED)}"
            with log.open("w") as output:
                done = subprocess.run(
                    ["debootstrap", "--variant=minbase", include, debian.suite, tree],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    check=False,
                )
            if done.returncode:
                raise EngineError(f"debootstrap failed; its log: {log}")
            self._import_tree(Path(tree), tag)
        return tag

    def _import_tree(self, tree: Path, tag: str) -> None:
        # What apt has downloaded is installed, and its lists are old tomorrow.
        no_cache = ("--exclude=./var/cache/apt/*", "--exclude=./var/lib/apt/lists/*")
        command: list[str | Path] = ["tar", "-C", tree, *no_cache, "-c", "."]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as tar:
            done = subprocess.run(
                ["docker", "import", "-", tag],
                env={**os.environ, **self.engine.environment},
                stdin=tar.stdout,
                capture_output=True,
                text=True,
                check=False,
            )
        if done.returncode or tar.returncode:
            raise EngineError(f"docker import failed: {done.stderr}")


def _trusted_here() -> str:
    paths = ssl.get_default_verify_paths()  # SSL_CERT_FILE, if set
    return Path(paths.cafile).read_text() if paths.cafile else ""
