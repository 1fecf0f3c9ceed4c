"""The rooms of docs/architecture.md: who may import whom."""

import ast
import re
from html import unescape
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

FORBIDDEN = {
    "services": {"workflows", "local", "flytekit", "tensorflow"},
    "workflows": {"services", "local", "aws_lambda_powertools"},
    "workflows/engine": {"boto3", "botocore", "flytekit", "rich", "logging", "requests"},
}


@pytest.mark.parametrize("room", FORBIDDEN)
def test_a_room_imports_only_what_it_may(room):
    strangers = {
        (path.relative_to(ROOT).as_posix(), name)
        for path in (ROOT / room).rglob("*.py")
        for name in imported(path) & FORBIDDEN[room]
    }
    assert strangers == set()


def test_the_diagram_is_drawn_from_its_text():
    # GIVEN
    text = (ROOT / "docs" / "architecture.dot").read_text()
    drawing = (ROOT / "docs" / "architecture.svg").read_text()

    # THEN every line of every label is in the drawing
    labels = re.findall(r'label="([^"]+)"', text)
    lines = {line for label in labels for line in label.split("\\n")}
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", drawing)
    shown = {unescape(text).replace("\xa0", " ") for text in texts}
    assert lines <= shown


def imported(path):
    """Top-level packages that a module imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names
