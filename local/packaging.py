"""The functions' code as a Zip: the same files that their image holds."""

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
FIRST_DATE = (1980, 1, 1, 0, 0, 0)  # of Zip; a fixed date makes equal content equal files
DIGEST_LENGTH = 16


class PackagingError(Exception):
    """The functions cannot be packed."""


@dataclass(frozen=True)
class Bundle:
    """A Zip that holds the code of every function."""

    path: Path
    digest: str
    runtime: str


def pack(python: Path, build_dir: Path = ROOT / "build" / "functions") -> Bundle:
    """Pack ``services/`` and its hash-pinned requirements.

    Parameters
    ----------
    python
        The interpreter that will run the functions.
    build_dir
        Keeps the installed requirements, which are reused until ``services/requirements.txt``
        changes.

    Raises
    ------
    PackagingError
        When the requirements cannot be installed.
    """
    build_dir.mkdir(parents=True, exist_ok=True)
    version = _version(python)
    requirements = _pack_requirements(python, version, build_dir)
    sources = {
        path.relative_to(ROOT).as_posix(): path.read_bytes()
        for path in sorted((ROOT / "services").rglob("*.py"))
    }
    digest = hashlib.sha256(requirements.stem.encode())
    for name, content in sources.items():
        digest.update(f"\0{name}\0".encode() + content)
    short = digest.hexdigest()[:DIGEST_LENGTH]
    bundle = Bundle(build_dir / f"services-{short}.zip", short, f"python{version}")
    if not bundle.path.exists():
        for old in build_dir.glob("services-*.zip"):
            old.unlink(missing_ok=True)
        draft = build_dir / f"{short}.{os.getpid()}.part"
        shutil.copyfile(requirements, draft)
        with zipfile.ZipFile(draft, "a") as archive:
            for name, content in sources.items():
                archive.writestr(zipfile.ZipInfo(name, FIRST_DATE), content)
        draft.replace(bundle.path)
    return bundle


def _pack_requirements(python: Path, version: str, build_dir: Path) -> Path:
    content = REQUIREMENTS.read_bytes() + version.encode()
    digest = hashlib.sha256(content).hexdigest()[:DIGEST_LENGTH]
    packed = build_dir / f"requirements-{digest}.zip"
    if packed.exists():
        return packed
    for old in build_dir.glob("requirements-*.zip"):
        old.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(dir=build_dir) as scratch:
        folder = Path(scratch) / "site"
        _install(python, folder)
        # Compiled code that does not ask for its source's date, which unpacking does not keep.
        # An image ships compiled code too: this makes cold starts alike.
        subprocess.run(
            [python, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", folder],
            check=False,
        )
        draft = Path(scratch) / "site.zip"
        # Stored, not deflated: it never leaves this machine, and every cold start unpacks it.
        with zipfile.ZipFile(draft, "w") as archive:
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    info = zipfile.ZipInfo(path.relative_to(folder).as_posix(), FIRST_DATE)
                    archive.writestr(info, path.read_bytes())
        draft.replace(packed)
    return packed


def _install(python: Path, folder: Path) -> None:
    places = os.pathsep.join([str(ROOT / ".tools" / "bin"), os.environ.get("PATH", os.defpath)])
    uv = shutil.which("uv", path=places)
    if uv is None:
        message = "uv, which installs the functions' requirements, is missing: run `make setup`"
        raise PackagingError(message)
    install = [uv, "pip", "install", "--quiet", "--python", str(python), "--target", str(folder)]
    done = subprocess.run(
        [*install, "--require-hashes", "-r", str(REQUIREMENTS)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        message = f"the functions' requirements cannot be installed:\n{done.stderr.strip()}"
        raise PackagingError(message)


def _version(python: Path) -> str:
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.run(
        [python, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()
