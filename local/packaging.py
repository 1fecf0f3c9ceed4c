"""The functions' code as a Zip, and beside it what their image would install.

An unpacked Zip of everything is 70 MB in 5,000 files, and MiniStack unpacks it at every cold start:
seconds, where an image takes none. So the requirements stay in one folder, installed once.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "services" / "requirements.txt"
BUILD = ROOT / "build" / "functions"
FIRST_DATE = (1980, 1, 1, 0, 0, 0)  # of Zip; a fixed date makes equal content equal files
DIGEST_LENGTH = 16


class PackagingError(Exception):
    """The functions cannot be packed."""


@dataclass(frozen=True)
class Package:
    """What every function consists of.

    Attributes
    ----------
    code
        A Zip of ``services/``, named by its content.
    requirements
        The folder with what it imports.
    runtime
        Lambda's name of the interpreter that both are for.
    """

    code: Path
    requirements: Path
    runtime: str


def pack(python: Path, build_dir: Path = BUILD) -> Package:
    """Pack ``services/`` and install its hash-pinned requirements.

    Parameters
    ----------
    python
        The interpreter that will run the functions.
    build_dir
        Keeps both; the requirements are reused until ``services/requirements.txt`` changes.

    Raises
    ------
    PackagingError
        When the requirements cannot be installed.
    """
    build_dir.mkdir(parents=True, exist_ok=True)
    version = _version(python)
    return Package(
        _zip(ROOT / "services", build_dir),
        _installed_requirements(python, version, build_dir),
        f"python{version}",
    )


def _zip(folder: Path, build_dir: Path) -> Path:
    """Zip a package's modules."""
    with tempfile.TemporaryDirectory(dir=build_dir) as scratch:
        draft = Path(scratch) / "code.zip"
        with zipfile.ZipFile(draft, "w") as archive:
            for path in sorted(folder.rglob("*.py")):
                name = path.relative_to(folder.parent).as_posix()
                archive.writestr(zipfile.ZipInfo(name, FIRST_DATE), path.read_bytes())
        code = build_dir / f"{folder.name}-{_digest(draft.read_bytes())}.zip"
        return draft.replace(code)


def _installed_requirements(python: Path, version: str, build_dir: Path) -> Path:
    digest = _digest(version.encode() + REQUIREMENTS.read_bytes())
    folder = build_dir / f"requirements-{digest}"
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=build_dir) as scratch:
            draft = Path(scratch) / "site"
            _install(python, draft)
            draft.replace(folder)
    return folder


def _install(python: Path, folder: Path) -> None:
    places = os.pathsep.join([str(ROOT / ".tools" / "bin"), os.environ.get("PATH", os.defpath)])
    uv = shutil.which("uv", path=places)
    if uv is None:
        message = "uv, which installs the functions' requirements, is missing: run `make setup`"
        raise PackagingError(message)
    install = [uv, "pip", "install", "--quiet", "--python", str(python), "--target", str(folder)]
    done = subprocess.run(
        # Compiled at once, as in an image, and not by the first function that imports it.
        [*install, "--compile-bytecode", "--require-hashes", "-r", str(REQUIREMENTS)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        message = f"the functions' requirements cannot be installed:\n{done.stderr.strip()}"
        raise PackagingError(message)


def _version(python: Path) -> str:
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:DIGEST_LENGTH]
