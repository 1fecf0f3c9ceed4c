"""The record of a batch: one manifest per execution, whatever became of its uploads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from workflows.contract import FAILED, SUCCEEDED, blend_label


def manifest(
    execution: str,
    styles: Sequence[Mapping[str, str]],
    options: Mapping[str, str],
    uploads: Sequence[Mapping[str, str]],
    results: Sequence[Mapping[str, Any] | None],
    finished_at: datetime,
    failure: str = "",
) -> dict[str, Any]:
    """Return the manifest of an execution.

    Parameters
    ----------
    execution
        Name of the Flyte execution.
    styles, options
        What the whole batch shares.
    uploads
        The uploads of the batch.
    results
        Their ``result.json``, in the same order; None where an upload has none.
    finished_at
        When the batch ended, in UTC.
    failure
        Why the batch failed; empty if it did not. An upload without a result inherits it.

    Returns
    -------
    dict
        The content of ``manifest.json``.
    """
    members = zip(uploads, results, strict=True)
    return {
        "execution": execution,
        "status": FAILED if failure else SUCCEEDED,
        "reason": failure,
        "style": blend_label(styles),
        "options": dict(options),
        "uploads": [_member(execution, *member, failure) for member in members],
        "finished_at": finished_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def _member(
    execution: str, upload: Mapping[str, str], result: Mapping[str, Any] | None, failure: str
) -> dict[str, Any]:
    if result is None or result["execution"] != execution:
        result = {"status": FAILED, "reason": failure or "no result was published"}
    return {
        "id": upload["id"],
        "key": upload["key"],
        "status": result["status"],
        "reason": result["reason"],
        "picture": result.get("picture", ""),
        "seconds": result.get("seconds", 0.0),
        "cpu_seconds": result.get("cpu_seconds", 0.0),
    }
