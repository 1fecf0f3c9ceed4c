"""What an event asks of the tracker: to read manifests that arrived, or to go on patrol."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

MANIFEST_KEY = re.compile(r"executions/([^/]+)/manifest\.json")


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Manifests arrived; the names of their executions."""

    executions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Patrol:
    """It is time to look after what is in flight."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """Nothing that the tracker is for."""

    reason: str


def read_event(event: object, results_bucket: str) -> Arrivals | Patrol | Foreign:
    """Tell what an event asks for.

    Parameters
    ----------
    event
        Whatever Lambda was invoked with.
    results_bucket
        The only bucket whose manifests count.
    """
    match event:
        case {"detail-type": "Scheduled Event"}:
            return Patrol()
        case {"Records": Sequence() as records}:
            names = (_execution(record, results_bucket) for record in records)
            if found := tuple(dict.fromkeys(name for name in names if name)):
                return Arrivals(found)
            return Foreign(f"none of its records is a manifest in {results_bucket}")
    return Foreign("it is neither a notification of S3 nor a schedule")


def _execution(record: Any, results_bucket: str) -> str:
    match record:
        case {
            "eventSource": "aws:s3",
            "eventName": str(name),
            "s3": {"bucket": {"name": bucket}, "object": {"key": str(key)}},
        } if name.startswith("ObjectCreated:") and bucket == results_bucket:
            # S3 writes keys in events the way forms do: a space is a plus sign.
            named = MANIFEST_KEY.fullmatch(unquote_plus(key))
            return named[1] if named else ""
    return ""


def describe(event: object) -> str:
    """Name an event's shape for a log, without its content: keys can hold personal data."""
    if isinstance(event, Mapping):
        return f"object with {', '.join(sorted(map(str, event))) or 'nothing in it'}"
    return type(event).__name__
