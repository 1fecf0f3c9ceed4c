from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from local import ministack, packaging
from local.ministack import MiniStack, MiniStackError
from local.packaging import PackagingError, pack


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose functions need nothing that would have to be fetched."""
    services = tmp_path / "services"
    (services / "core").mkdir(parents=True)
    (services / "core" / "model.py").write_text("X = 1\n")
    (services / "Dockerfile").write_text("FROM scratch\n")
    (services / "requirements.txt").write_text("")
    monkeypatch.setattr(packaging, "ROOT", tmp_path)
    monkeypatch.setattr(packaging, "REQUIREMENTS", services / "requirements.txt")
    monkeypatch.setattr(packaging, "_install", lambda python, folder: folder.mkdir())
    return tmp_path


def test_packs_the_modules_and_nothing_else(project: Path) -> None:
    package = pack(Path(sys.executable), project / "build")

    assert zipfile.ZipFile(package.code).namelist() == ["services/core/model.py"]
    assert package.runtime == f"python{sys.version_info[0]}.{sys.version_info[1]}"


def test_the_same_code_makes_the_same_package(project: Path) -> None:
    # GIVEN a packed project
    python, build = Path(sys.executable), project / "build"
    before = pack(python, build)

    # WHEN it is packed again
    # THEN there is nothing new, so that there is nothing to deploy
    assert pack(python, build) == before

    # AND changed code is a new package with the same requirements
    (project / "services" / "core" / "model.py").write_text("X = 2\n")
    after = pack(python, build)
    assert after.code != before.code
    assert after.requirements == before.requirements


def test_changed_requirements_are_installed_beside_the_old_ones(project: Path) -> None:
    # GIVEN a packed project; a running system still imports from its folder
    before = pack(Path(sys.executable), project / "build")

    # WHEN the requirements change
    (project / "services" / "requirements.txt").write_text("something==1\n")
    after = pack(Path(sys.executable), project / "build")

    # THEN both are there
    assert after.requirements != before.requirements
    assert before.requirements.exists()
    assert after.requirements.exists()


def test_says_what_to_do_where_uv_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(packaging, "ROOT", tmp_path)
    monkeypatch.setattr(packaging, "REQUIREMENTS", tmp_path / "requirements.txt")
    (tmp_path / "services").mkdir()
    (tmp_path / "requirements.txt").write_text("")

    with pytest.raises(PackagingError, match="make setup"):
        pack(Path(sys.executable), tmp_path / "build")


def test_says_what_to_do_where_ministack_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ministack, "PYTHON", tmp_path / "bin" / "python")

    with pytest.raises(MiniStackError, match="make setup"):
        MiniStack.start(tmp_path / "data")


def test_a_server_that_ends_at_once_is_reported_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN an interpreter without MiniStack
    monkeypatch.setattr(ministack, "PYTHON", Path(sys.executable))

    # WHEN it is started
    # THEN the error shows what it said
    with pytest.raises(MiniStackError, match="No module named ministack"):
        MiniStack.start(tmp_path / "data")
