"""What the README tells people to type is typed here, or by ``.ci/run``."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent.parent
BIN = Path(sys.executable).parent

PLAYED = {"nst up", "nst upload", "nst status", "nst fetch", "nst down", "pyflyte run"}
"""Commands that the tests below run."""

SAM_LOCAL = {"sam build", "sam local"}
"""Run by ``make sam-local``, which ``.ci/run`` calls."""

MAKE_DEMO = "make demo PHOTO=me.jpg STYLE=starry-swirl"
"""Played below as ``nst demo``, with which the Makefile answers it."""


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    path = tmp_path_factory.mktemp("photos") / "me.jpg"
    Image.radial_gradient("L").resize((80, 64)).convert("RGB").save(path)
    return path


@pytest.fixture
def run(home, running, tmp_path):
    """Type a command beside the running system; return what it printed."""

    def run(line):
        program, *arguments = shlex.split(line)
        done = subprocess.run(
            [BIN / program, *arguments],
            cwd=tmp_path,
            env=os.environ | {"NST_HOME": str(home)},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_every_command_of_the_readme_is_run_by_somebody():
    # GIVEN
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    commands = [line for block in blocks for line in block.splitlines() if line.strip()]
    ci = (ROOT / ".ci" / "run").read_text().splitlines()

    # THEN
    unplayed = [
        command
        for command in commands
        if command not in ci
        and command != MAKE_DEMO
        and " ".join(command.split()[:2]) not in PLAYED | SAM_LOCAL
    ]
    assert unplayed == []


def test_a_photo_goes_in_and_comes_out_from_the_command_line(run, photo, tmp_path):
    # WHEN
    run("nst up")  # it is: a second one changes nothing
    run(f"nst upload {photo} --style mosaic --size 64 --quality preview --wait")
    said = run("nst status")
    run("nst fetch --to pictures")

    # THEN
    assert re.search(r"me\.jpg +mosaic +SUCCEEDED", said)
    assert "dead letters: 0" in said
    (picture,) = (tmp_path / "pictures").glob("me-mosaic-*.jpg")
    assert Image.open(picture).size == (64, 51)


def test_the_demo_takes_a_photo_and_a_style(run, photo, tmp_path):
    # WHEN
    run(f"nst demo --photo {photo} --style starry-swirl")

    # THEN
    assert Image.open(tmp_path / "demo" / "me-starry-swirl.jpg").size == (80, 64)


def test_a_file_is_painted_with_no_service_running(run, photo, tmp_path):
    # WHEN
    workflow, style = ROOT / "workflows" / "style_transfer.py", ROOT / "styles" / "mosaic.jpg"
    small = "--size 64 --quality preview"
    run(f"pyflyte run {workflow} paint --content {photo} --style {style} {small}")

    # THEN
    assert Image.open(tmp_path / "me-mosaic.jpg").size == (64, 51)


def test_down_without_a_system_is_harmless(tmp_path):
    # WHEN
    done = subprocess.run(
        [BIN / "nst", "down"], env=os.environ | {"NST_HOME": str(tmp_path)}, check=False
    )

    # THEN
    assert done.returncode == 0
