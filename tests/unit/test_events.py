"""The fixtures in events/ are current, and the dispatcher answers each as documented."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import unquote_plus

import pytest

from events.make import BUCKET, FOLDER, OBJECTS, SITUATIONS, Situation, files, version_id
from tests.fakes.dispatcher import World

NAMES = [situation.name for situation in SITUATIONS]


def test_the_files_are_what_the_script_makes() -> None:
    made = files()

    assert {path: path.read_text(encoding="utf-8") for path in made} == made
    assert set(FOLDER.glob("*.json")) == {path for path in made if path.suffix == ".json"}


@pytest.mark.parametrize("situation", SITUATIONS, ids=NAMES)
def test_each_message_is_as_sqs_delivers_it(situation: Situation) -> None:
    for message in situation.event["Records"]:
        body = message["body"].encode()
        assert message["md5OfBody"] == hashlib.md5(body, usedforsecurity=False).hexdigest()
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


@pytest.fixture
def world() -> World:
    world = World(max_uploads=25, styles=(), bucket=BUCKET)
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


def _reasons(world: World) -> dict[str, str]:
    rows = world.dynamodb.rows.values()
    return {row["key"]["S"]: row["reason"]["S"] for row in rows if row["status"]["S"] == "REJECTED"}
