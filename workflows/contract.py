"""What the dispatcher sends and what readers of the results bucket may rely on.

``services`` and ``workflows`` never import each other, so these few words exist on both sides;
``tests/integration/test_contract_flytekit.py`` holds them together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SUCCEEDED = "SUCCEEDED"
REJECTED = "REJECTED"
FAILED = "FAILED"


@dataclass(frozen=True)
class Job:
    """One upload to paint: where it lies, in which style, and where the result goes.

    Attributes
    ----------
    upload
        ``id``, ``bucket``, ``key`` and ``version_id`` (empty where the bucket has no versions).
    styles
        ``name``, ``bucket``, ``key``, ``version_id`` and ``weight`` of each style picture.
    options
        The options in their wire form, as the launch plan received them.
    results
        Name of the results bucket.
    execution
        Name of the Flyte execution.
    """

    upload: Mapping[str, str]
    styles: Sequence[Mapping[str, str]]
    options: Mapping[str, str]
    results: str
    execution: str

    def key(self, name: str) -> str:
        """Return the key of one of this upload's results, such as ``result.json``."""
        return result_key(self.upload["id"], name)


def blend_label(styles: Sequence[Mapping[str, str]]) -> str:
    """Write several styles as people do: ``mosaic*2 + woodcut``."""
    weights = [(style["name"], float(style["weight"])) for style in styles]
    return " + ".join(name if weight == 1 else f"{name}*{weight:g}" for name, weight in weights)


def result_key(upload_id: str, name: str) -> str:
    """Return where one of an upload's results lies in the results bucket."""
    return f"results/{upload_id}/{name}"


def manifest_key(execution: str) -> str:
    """Return where an execution's manifest lies in the results bucket."""
    return f"executions/{execution}/manifest.json"
