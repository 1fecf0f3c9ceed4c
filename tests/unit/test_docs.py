"""What the documents promise: links that lead somewhere, commands that a shell understands."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from local.template import load_template

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
TEMPLATE = load_template()
ALARMS = [
    name for name, each in TEMPLATE["Resources"].items() if each["Type"] == "AWS::CloudWatch::Alarm"
]


def anchors(page: Path) -> set[str]:
    """The fragments of a page's headings, as GitHub and others make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {
        re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings
    }


def blocks(page: Path) -> list[str]:
    """The shell commands of a page."""
    return [
        block.replace("\n" + indent, "\n")
        for indent, block in re.findall(
            r"^( *)```sh\n(.*?)^ *```$", page.read_text(), re.MULTILINE | re.DOTALL
        )
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if "://" in link:
            continue
        path, _, fragment = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not fragment or fragment in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_is_one_that_a_shell_understands(page: Path) -> None:
    for block in blocks(page):
        read = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True)
        assert not read.returncode, f"{read.stderr}\n{block}"


@pytest.mark.parametrize("alarm", ALARMS)
def test_every_alarm_has_an_entry_in_the_runbook(alarm: str) -> None:
    anchor = re.sub(r"(?<!^)(?=[A-Z])", "-", alarm).lower()

    assert anchor in anchors(ROOT / "docs" / "operate.md")


@pytest.mark.parametrize("page", ["deploy.md", "operate.md"])
def test_the_commands_name_outputs_and_parameters_that_there_are(page: str) -> None:
    # GIVEN the outputs that the commands read, and the parameters that they set
    text = (ROOT / "docs" / page).read_text()
    read = set(re.findall(r"\$\(output (\w+)\)", text)) | set(re.findall(r"look ([A-Z]\w+) ", text))
    given = set(re.findall(r"\b((?:[A-Z][a-z]+)+)=(?!=)", text))

    # THEN the templates have them
    assert read
    assert read <= set(TEMPLATE["Outputs"])
    assert given <= set(TEMPLATE["Parameters"]) | {"StackName"}
