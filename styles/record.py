"""Who painted what: the record that ties every committed picture to the code that made it."""

import ast
import hashlib
import inspect
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import styles.craft
from styles.painters import Style

RECORD = "pictures.json"


@dataclass(frozen=True)
class Entry:
    """One picture: the code and seed that made it, and what came out (SHA-256 in hex)."""

    code: str
    seed: int
    size: int
    picture: str


def describe(style: Style, size: int, picture: bytes) -> Entry:
    """Make the entry of a picture that was just painted, or of one that is to be checked.

    Parameters
    ----------
    style
        The style that it shows.
    size
        Longest side, in pixels.
    picture
        The encoded file.

    Returns
    -------
    Entry
        Equal entries mean: this file, from this code.
    """
    return Entry(code_of(style), style.seed, size, hashlib.sha256(picture).hexdigest())


def code_of(style: Style) -> str:
    """Hash the code that a painting depends on: its painter and the whole craft.

    Only what runs counts: comments, docstrings and layout may change freely.
    """
    painter = Path(inspect.getfile(style.paint))
    craft = sorted(Path(styles.craft.__path__[0]).glob("*.py"))
    digest = hashlib.sha256()
    for source in [painter, *craft]:
        digest.update(_without_docstrings(source.read_text(encoding="utf-8")).encode())
    return digest.hexdigest()


def read(folder: Path) -> dict[str, Entry]:
    """Read the record of a folder; a folder that has none has an empty one."""
    path = folder / RECORD
    if not path.exists():
        return {}
    stored = json.loads(path.read_text(encoding="utf-8"))
    return {name: Entry(**fields) for name, fields in stored.items()}


def write(folder: Path, entries: dict[str, Entry]) -> None:
    """Write the record of a folder, sorted by name."""
    stored = {name: asdict(entries[name]) for name in sorted(entries)}
    (folder / RECORD).write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")


def _without_docstrings(source: str) -> str:
    """Write code in one layout. Painters use no f-strings: Python 3.12 quotes those anew."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            node.body = node.body[1:]
    return ast.unparse(tree)
