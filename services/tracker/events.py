"""What an event asks of the tracker: to read records that arrived, or to go on patrol."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

RESULT_KEY = re.compile(r"results/([^/]+)/result\.json")
MANIFEST_KEY = re.compile(r"executions/([^/]+)/manifest\.json")


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Records arrived: the results of uploads, the manifests of executions; each named once."""

    uploads: tuple[str, ...] = ()
    executions: tuple[str, ...] = ()


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
        The only bucket whose records count.
    """
    match event:
        case {"detail-type": "Scheduled Event"}:
            return Patrol()
        case {"Records": Sequence() as records}:
            keys = [_key(record, results_bucket) for record in records]
            uploads, executions = _named(RESULT_KEY, keys), _named(MANIFEST_KEY, keys)
            if uploads or executions:
                return Arrivals(uploads, executions)
            return Foreign(f"it announces no result and no manifest in {results_bucket}")
    return Foreign("it is neither a notification of S3 nor a schedule")


def _key(record: Any, results_bucket: str) -> str:
    match record:
        case {
            "eventSource": "aws:s3",
            "eventName": str(name),
            "s3": {"bucket": {"name": bucket}, "object": {"key": str(key)}},
        } if name.startswith("ObjectCreated:") and bucket == results_bucket:
            # S3 writes keys in events the way forms do: a space is a plus sign.
            return unquote_plus(key)
    return ""


def _named(pattern: re.Pattern[str], keys: Iterable[str]) -> tuple[str, ...]:
    matches = map(pattern.fullmatch, keys)
    return tuple(dict.fromkeys(match[1] for match in matches if match))


def describe(event: object) -> str:
    """Name an event's shape for a log, without its content: keys can hold personal data."""
    if isinstance(event, Mapping):
        return f"object with {', '.join(sorted(map(str, event))) or 'nothing in it'}"
    return type(event).__name__
