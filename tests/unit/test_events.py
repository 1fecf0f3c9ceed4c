"""The fixtures in events/ are current, and the dispatcher answers each as documented."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import unquote_plus

import pytest

from events.make import FOLDER, files
from events.messages import EXAMPLE, Bucket, version_id
from events.situations import OBJECTS, SITUATIONS, Situation
from tests.fakes.dispatcher import World

NAMES = [situation.name for situation in SITUATIONS]


def test_the_files_are_what_the_script_makes() -> None:
    made = files()

    assert {path: path.read_text(encoding="utf-8") for path in made} == made
    assert set(FOLDER.glob("*.json")) == {path for path in made if path.suffix == ".json"}


@pytest.mark.parametrize("situation", SITUATIONS, ids=NAMES)
def test_each_message_is_as_sqs_delivers_it(situation: Situation) -> None:
    for message in situation.event["Records"]:
        assert message["md5OfBody"] == _md5(message["body"])
        assert message["eventSource"] == "aws:sqs"


def test_keys_are_encoded_as_s3_encodes_them() -> None:
    awkward = next(situation for situation in SITUATIONS if situation.name == "awkward-key")
    body = json.loads(awkward.event["Records"][0]["body"])

    encoded = body["Records"][0]["s3"]["object"]["key"]

    assert encoded.isascii()
    assert unquote_plus(encoded) in OBJECTS
    assert {"+", "%2B", "%25", "%C3%BC"} <= {
        part for part in ("+", "%2B", "%25", "%C3%BC") if part in encoded
    }


def test_the_same_can_be_told_of_a_bucket_that_there_is() -> None:
    # GIVEN a bucket in which S3 gave a version of its own
    bucket = Bucket("mine", "210987654321", "us-east-1", {"uploads/photo.jpg": "v-of-s3"})

    # WHEN the situation is told of it
    event = SITUATIONS[0].event_in(bucket)

    # THEN the message is of that bucket, and right
    (message,) = event["Records"]
    (record,) = json.loads(message["body"])["Records"]
    assert record["s3"]["bucket"]["name"] == "mine"
    assert record["s3"]["object"]["versionId"] == "v-of-s3"
    assert message["md5OfBody"] == _md5(message["body"])


@pytest.fixture
def world() -> World:
    world = World(max_uploads=25, styles=(), bucket=EXAMPLE.name)
    for key, metadata in OBJECTS.items():
        world.s3.put(key, version_id(key), metadata=metadata)
    return world


@pytest.mark.parametrize("situation", SITUATIONS, ids=NAMES)
def test_each_is_answered_as_documented(world: World, situation: Situation) -> None:
    event: Any = json.loads((FOLDER / f"{situation.name}.json").read_text(encoding="utf-8"))

    answer = world.handle(event)

    assert answer == situation.answer
    assert len(world.flyte.created) == situation.executions
    assert len(world.launched_uploads()) == situation.launched
    assert _reasons(world) == situation.rejected


@pytest.mark.parametrize("situation", SITUATIONS, ids=NAMES)
def test_each_launches_nothing_more_when_it_comes_again(world: World, situation: Situation) -> None:
    first = world.handle(situation.event)
    launched = dict(world.flyte.created)

    second = world.handle(situation.event)

    assert second == first
    assert world.flyte.created == launched


def _md5(body: str) -> str:
    return hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()


def _reasons(world: World) -> dict[str, str]:
    rows = world.dynamodb.rows.values()
    return {row["key"]["S"]: row["reason"]["S"] for row in rows if row["status"]["S"] == "REJECTED"}
