"""The local Flyte as a server: what it says about itself, and why it does not start."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from flyteidl.admin import project_pb2, version_pb2
from flyteidl.service import auth_pb2, auth_pb2_grpc, signal_pb2_grpc
from typer.testing import CliRunner

from local.flyte import LocalFlyte
from local.flyte.__main__ import app
from local.flyte.lock import DataDirInUse
from tests.unit.local.flyte_client import (
    UNSUPPORTED,
    Client,
    refused,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_importing_it_imports_no_flytekit() -> None:
    code = "import sys, local.flyte, local.flyte.__main__; sys.exit('flytekit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_it_says_who_it_is(client: Client) -> None:
    version = client.admin.GetVersion(version_pb2.GetVersionRequest()).control_plane_version
    assert version.Build == "local"
    projects = client.admin.ListProjects(project_pb2.ProjectListRequest()).projects
    assert {"flytesnacks", "nst"} <= {project.id for project in projects}


def test_rpcs_that_are_not_offered_are_refused_by_name(client: Client) -> None:
    signals = signal_pb2_grpc.SignalServiceStub(client.channel)
    auth = auth_pb2_grpc.AuthMetadataServiceStub(client.channel)
    calls = {
        "RegisterProject": lambda: client.admin.RegisterProject(
            project_pb2.ProjectRegisterRequest()
        ),
        "ListSignals": lambda: signals.ListSignals(
            signal_pb2_grpc.flyteidl_dot_admin_dot_signal__pb2.SignalListRequest()
        ),
        "GetOAuth2Metadata": lambda: auth.GetOAuth2Metadata(auth_pb2.OAuth2MetadataRequest()),
    }
    for name, call in calls.items():
        code, message = refused(call)
        assert code == UNSUPPORTED
        assert name in message


def test_two_servers_never_share_a_data_directory(local_flyte: LocalFlyte) -> None:
    second = LocalFlyte(local_flyte.data_dir)
    with pytest.raises(DataDirInUse, match="another local Flyte uses"), second:
        pass


def test_people_are_told_why_it_does_not_start(local_flyte: LocalFlyte, tmp_path: Path) -> None:
    # GIVEN a directory in use, a damaged database, and one of another version
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "flyte.sqlite").write_bytes(b"no database" * 100)
    (tmp_path / "newer").mkdir()
    with closing(sqlite3.connect(tmp_path / "newer" / "flyte.sqlite")) as newer:
        newer.execute("PRAGMA user_version = 99")
    cases = {
        local_flyte.data_dir: "another local Flyte uses",
        tmp_path / "damaged": "is damaged",
        tmp_path / "newer": "was made by another version",
    }
    for data_dir, reason in cases.items():
        # WHEN somebody starts a server there
        result = CliRunner().invoke(app, ["serve", "--data-dir", str(data_dir)])
        # THEN it ends with one sentence
        assert result.exit_code == 1
        assert reason in result.stderr
        assert len(result.stderr.splitlines()) == 1


def test_a_port_that_is_taken_is_an_error(local_flyte: LocalFlyte, tmp_path: Any) -> None:
    taken = int(local_flyte.endpoint.rsplit(":", 1)[1])
    with pytest.raises(OSError, match="cannot listen"), LocalFlyte(tmp_path, port=taken):
        pass
