"""Whom containers trust, and what is done about an engine or a package that is missing."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from local.sam import debian
from local.sam.authority import authority
from local.sam.debian import MissingCommand, require
from local.sam.engine import Engine, EngineError


def test_the_authority_stays_the_same_from_run_to_run(tmp_path: Path) -> None:
    first = authority(tmp_path)

    again = authority(tmp_path)

    assert again.cert_pem.bytes() == first.cert_pem.bytes() == (tmp_path / "ca.pem").read_bytes()
    again.issue_cert("127.0.0.1")  # and it still can


def test_nobody_else_reads_its_key(tmp_path: Path) -> None:
    authority(tmp_path)

    assert (tmp_path / "ca.key").stat().st_mode & 0o077 == 0


def test_a_command_that_is_there_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda command: f"/usr/bin/{command}")

    require("debootstrap", tmp_path / "apt.log")

    assert not (tmp_path / "apt.log").exists()


def test_who_may_not_install_is_told_what_to_ask_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda command: None)
    monkeypatch.setattr(debian.os, "geteuid", lambda: 1000)

    with pytest.raises(MissingCommand, match=r"as root: apt-get install docker\.io"):
        require("dockerd", tmp_path / "apt.log")


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An engine whose docker command says what it is told by its arguments."""
    command = tmp_path / "docker"
    command.write_text(
        f'#!{sys.executable}\nimport sys; print(sys.argv[-1]); sys.exit("no" in sys.argv)\n'
    )
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return Engine("unix:///nobody", tmp_path / "docker.log")


def test_a_failure_of_docker_is_told_with_its_last_words(engine: Engine) -> None:
    with pytest.raises(EngineError, match=r"docker build failed.*\nno space left"):
        engine.docker("build", "no", "no space left")

    assert "no space left" in engine.log.read_text()


def test_an_engine_in_another_machine_is_refused(engine: Engine) -> None:
    # GIVEN an engine whose containers reach this machine at an address that it does not have
    elsewhere = Engine(engine.host, engine.log)
    script = engine.log.parent / "docker"
    script.write_text(f'#!{sys.executable}\nprint("203.0.113.99")\n')

    with pytest.raises(EngineError, match=r"203\.0\.113\.99.*virtual machine"):
        _ = elsewhere.gateway


def test_the_engine_is_asked_at_its_own_address(engine: Engine) -> None:
    script = engine.log.parent / "docker"
    script.write_text(f'#!{sys.executable}\nimport os; print(os.environ["DOCKER_HOST"])\n')

    assert engine.docker("version") == "unix:///nobody"
