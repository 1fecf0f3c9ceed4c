"""The command ``nst``: what a person can mend is one line and exit code 2."""

import sys

import pytest

from local import cli, state


@pytest.fixture
def nst(monkeypatch, tmp_path, capsys):
    """Run the command in an empty home; return its exit code and what it printed."""
    monkeypatch.setattr(state.load, "__defaults__", (tmp_path,))

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["nst", *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
        return end.value.code or 0, capsys.readouterr().out.strip()

    return run


@pytest.mark.parametrize("command", [["status"], ["fetch"], ["styles"], ["dashboard"]])
def test_without_a_running_system_the_remedy_is_told(nst, command):
    assert nst(*command) == (2, "nst is not running; start it with: nst up")


def test_a_photo_that_cannot_be_read_is_named(nst, tmp_path):
    # WHEN
    code, said = nst("upload", str(tmp_path / "missing.jpg"))

    # THEN
    assert code == 2
    assert said.endswith("missing.jpg cannot be read: No such file or directory")


def test_a_recorded_run_is_drawn_without_a_running_system(nst, tmp_path):
    # GIVEN a recording
    recorded = tmp_path / "recording.json"
    recorded.write_text('{"logs": [], "queues": []}')

    # WHEN
    code, said = nst("dashboard", "--recording", str(recorded), "--to", str(tmp_path / "drawn"))

    # THEN
    assert code == 0
    assert "dashboard.png and dashboard.html are in" in said
    assert (tmp_path / "drawn" / "dashboard.png").exists()


def test_a_file_that_is_no_recording_is_named(nst, tmp_path):
    code, said = nst("dashboard", "--recording", str(tmp_path / "missing.json"))

    assert code == 2
    assert "missing.json is no recording of a run" in said


def test_help_shows_an_example_for_every_command_that_takes_arguments(nst):
    for command in ("up", "demo", "upload", "fetch", "dashboard"):
        code, said = nst(command, "--help")
        assert code == 0
        assert "Example" in said
