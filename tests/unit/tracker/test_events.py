from __future__ import annotations

from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.tracker.events import Arrivals, Foreign, Patrol, describe, read_event


def notification(*keys: str, bucket: str = "results", name: str = "ObjectCreated:Put") -> dict:
    return {
        "Records": [
            {
                "eventSource": "aws:s3",
                "eventName": name,
                "s3": {"bucket": {"name": bucket}, "object": {"key": key}},
            }
            for key in keys
        ]
    }


def test_names_what_arrived_once_each() -> None:
    # GIVEN a notification of manifests and results, some of them twice
    manifests = [f"executions/nst-{name}/manifest.json" for name in "aba"]
    results = [f"results/{upload}/result.json" for upload in "xxy"]
    event = notification(*manifests, *results)

    # WHEN it is read
    asked = read_event(event, "results")

    # THEN each upload and each execution is named once
    assert asked == Arrivals(uploads=("x", "y"), executions=("nst-a", "nst-b"))


@given(st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), min_size=1))
def test_reads_any_name_as_s3_writes_it(name: str) -> None:
    # GIVEN a key in the encoding of S3's events
    event = notification(f"executions/{quote_plus(name)}/manifest.json")

    # WHEN it is read
    # THEN the name is the one that was written
    assert read_event(event, "results") == Arrivals(executions=(name,))


def test_goes_on_patrol_when_the_schedule_says_so() -> None:
    event = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}

    assert read_event(event, "results") == Patrol()


@pytest.mark.parametrize(
    "event",
    [
        notification("executions/nst-a/manifest.json", bucket="another"),
        notification("executions/nst-a/manifest.json", name="ObjectRemoved:Delete"),
        notification("results/xyz/result.json", bucket="another"),
        notification("results/xyz/stylized.jpg"),
        notification("results/deep/xyz/result.json"),
        notification("executions/nst-a/deep/manifest.json"),
        {"Service": "Amazon S3", "Event": "s3:TestEvent"},
        {"Records": [{"eventSource": "aws:sqs", "body": "{}"}]},
        {"Records": [None, 3, {"s3": []}]},
        {},
        [],
        None,
    ],
)
def test_drops_what_is_foreign_and_says_why(event: object) -> None:
    # GIVEN an event that is none of the tracker's business
    # WHEN it is read
    asked = read_event(event, "results")

    # THEN it asks for nothing, and there is a reason to log
    assert isinstance(asked, Foreign)
    assert asked.reason


def test_describes_an_event_without_its_content() -> None:
    assert describe({"Records": ["secret"]}) == "object with Records"
