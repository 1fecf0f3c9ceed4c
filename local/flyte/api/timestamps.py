"""Seconds since the epoch as protobuf messages."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

if TYPE_CHECKING:
    from local.flyte.state.rows import Times

_NANOS = 1_000_000_000


def timestamp(seconds: float) -> Timestamp:
    """Return a moment as ``google.protobuf.Timestamp``."""
    message = Timestamp()
    message.FromNanoseconds(round(seconds * _NANOS))
    return message


def closure_times(times: Times) -> dict[str, Any]:
    """Return the fields that all execution closures have: created, updated, started, duration."""
    fields: dict[str, Any] = {
        "created_at": timestamp(times.created),
        "updated_at": timestamp(times.updated),
    }
    if times.started is not None:
        duration = Duration()
        ended = time.time() if times.ended is None else times.ended
        duration.FromNanoseconds(round(max(ended - times.started, 0.0) * _NANOS))
        fields |= {"started_at": timestamp(times.started), "duration": duration}
    return fields
