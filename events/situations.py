"""The situations that the fixtures show, and what the dispatcher makes of each.

`SITUATIONS` tells the answers to expect when the bucket holds `OBJECTS`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from events.messages import (
    EXAMPLE,
    Body,
    Bucket,
    from_eventbridge,
    message,
    not_json,
    notification,
    s3_test_event,
    uuid,
)

AWKWARD_KEY = "uploads/mosaic/Grüße aus Köln + 100% (neu).jpg"

# What the bucket holds: key -> user metadata. Uploads that are not in it are gone.
OBJECTS: dict[str, dict[str, str]] = {
    "styles/great-wave.jpg": {},
    "styles/mosaic.jpg": {},
    "uploads/photo.jpg": {},
    "uploads/mosaic/cat.jpg": {},
    "uploads/mosaic/dog.jpg": {"strength": "0.5"},
    "uploads/great-wave/harbour.jpg": {},
    "uploads/great-wave/bridge.jpg": {},
    AWKWARD_KEY: {},
    "uploads/wve/typo.jpg": {},
}


@dataclass(frozen=True)
class Situation:
    """One fixture, and what the dispatcher makes of it."""

    name: str
    story: str
    messages: tuple[Body, ...]
    executions: int = 0  # launched
    launched: int = 0  # uploads
    rejected: dict[str, str] = field(default_factory=dict)  # reason by key
    failed: tuple[int, ...] = ()  # messages that come again, counted from 0

    @property
    def event(self) -> dict[str, Any]:
        """What Lambda hands over, as in the file."""
        return self.event_in(EXAMPLE)

    def event_in(self, bucket: Bucket) -> dict[str, Any]:
        """Tell the same of a bucket that there is."""
        bodies = (body(bucket) for body in self.messages)
        return {
            "Records": [
                message(f"{self.name} {number}", body, bucket) for number, body in enumerate(bodies)
            ]
        }

    @property
    def answer(self) -> dict[str, Any]:
        """What the handler returns."""
        ids = [uuid(f"{self.name} {number}") for number in self.failed]
        return {"batchItemFailures": [{"itemIdentifier": each} for each in ids]}


_PHOTO = notification("uploads/photo.jpg")

SITUATIONS = (
    Situation(
        name="one-upload",
        story="One photo, in the default style: one execution.",
        messages=(_PHOTO,),
        executions=1,
        launched=1,
    ),
    Situation(
        name="two-styles",
        story="Four photos in two styles, one of them with half the strength: three executions.",
        messages=(
            notification("uploads/mosaic/cat.jpg"),
            notification("uploads/great-wave/harbour.jpg"),
            notification("uploads/mosaic/dog.jpg"),
            notification("uploads/great-wave/bridge.jpg"),
        ),
        executions=3,
        launched=4,
    ),
    Situation(
        name="several-records",
        story="One message that announces three photos, and a folder marker that is ignored.",
        messages=(
            notification(
                "uploads/mosaic/cat.jpg",
                "uploads/mosaic/",
                "uploads/photo.jpg",
                "uploads/great-wave/bridge.jpg",
            ),
        ),
        executions=2,
        launched=3,
    ),
    Situation(
        name="duplicate",
        story="The same version announced by two messages: one execution, launched once.",
        messages=(_PHOTO, _PHOTO),
        executions=1,
        launched=1,
    ),
    Situation(
        name="test-event",
        story="What S3 sends when the bucket's notification is set: dropped without a word.",
        messages=(s3_test_event,),
    ),
    Situation(
        name="not-json",
        story="A body that is no JSON, beside a photo: it fails alone, the photo is launched.",
        messages=(not_json, _PHOTO),
        executions=1,
        launched=1,
        failed=(0,),
    ),
    Situation(
        name="awkward-key",
        story="A key with spaces, plus, percent, brackets and umlauts: decoded once, launched.",
        messages=(notification(AWKWARD_KEY),),
        executions=1,
        launched=1,
    ),
    Situation(
        name="gone",
        story="An upload that does not exist any more: rejected, and the message is done.",
        messages=(notification("uploads/deleted.jpg"),),
        rejected={
            "uploads/deleted.jpg": "the object is gone: it was deleted or overwritten "
            "before it was looked at"
        },
    ),
    Situation(
        name="unknown-style",
        story="A style that nobody painted: rejected with the names of those that are there.",
        messages=(notification("uploads/wve/typo.jpg"),),
        rejected={"uploads/wve/typo.jpg": "style 'wve' is not in styles/: great-wave, mosaic"},
    ),
    Situation(
        name="eventbridge",
        story="The same news by way of EventBridge, whose keys are not encoded.",
        messages=(from_eventbridge(AWKWARD_KEY),),
        executions=1,
        launched=1,
    ),
)
