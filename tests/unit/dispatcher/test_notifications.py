"""One message is read on its own: what it says, what is none of our business, what is foreign."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.dispatcher.notifications import ForeignMessageError, read_notification
from tests.fakes.dispatcher import BUCKET, notice, s3_record


def read(body: object) -> Any:
    text = body if isinstance(body, str) else json.dumps(body)
    return read_notification(text, bucket=BUCKET)


def keys(body: object) -> list[str]:
    return [each.key for each in read(body).notices]


@given(name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_keys_are_decoded_exactly_once(name: str) -> None:
    key = f"uploads/{name}.jpg"

    assert keys({"Records": [s3_record(quote_plus(key, safe="/"))]}) == [key]


@pytest.mark.parametrize("encoded", ["uploads/a+b.jpg", "uploads/a%20b.jpg", "uploads%2Fa+b.jpg"])
def test_every_spelling_of_a_space_is_a_space(encoded: str) -> None:
    assert keys({"Records": [s3_record(encoded)]}) == ["uploads/a b.jpg"]


def test_an_upload_is_named_by_its_version() -> None:
    (found,) = read({"Records": [s3_record("uploads/photo.jpg")]}).notices

    assert found == notice()


def test_the_same_event_is_the_same_upload_by_either_way() -> None:
    by_eventbridge = {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "time": "2026-11-22T08:00:00Z",
        "detail": {
            "bucket": {"name": BUCKET},
            "object": {"key": "uploads/a+b %.jpg", "version-id": "v1", "sequencer": "0A"},
        },
    }

    (ours,) = read({"Records": [s3_record("uploads/a%2Bb+%25.jpg")]}).notices
    (theirs,) = read(by_eventbridge).notices

    assert theirs.id == ours.id
    assert theirs.key == "uploads/a+b %.jpg"


@pytest.mark.parametrize(
    ("time", "written"),
    [
        ("2026-11-22T08:00:00.5Z", "2026-11-22T08:00:00.500Z"),
        ("2026-11-22T09:00:00+01:00", "2026-11-22T08:00:00.000Z"),
        ("2026-11-22T08:00:00", "2026-11-22T08:00:00.000Z"),
        ("yesterday", ""),
        (None, ""),
    ],
)
def test_times_are_written_as_the_ledger_writes_them(time: str | None, written: str) -> None:
    (found,) = read({"Records": [s3_record("uploads/a.jpg", eventTime=time)]}).notices

    assert found.uploaded_at == written


def test_all_records_of_a_message_count() -> None:
    records = [s3_record(f"uploads/{number}.jpg") for number in range(3)]

    assert keys({"Records": records}) == ["uploads/0.jpg", "uploads/1.jpg", "uploads/2.jpg"]


def test_what_is_none_of_our_business_is_ignored_with_a_reason() -> None:
    records = [
        s3_record("uploads/holiday/"),
        s3_record("styles/mosaic.jpg"),
        s3_record("uploads/a.jpg", eventName="ObjectRemoved:Delete"),
        s3_record("uploads/b.jpg", eventName="s3:ObjectCreated:CompleteMultipartUpload"),
    ]

    found = read({"Records": records})

    assert [each.key for each in found.notices] == ["uploads/b.jpg"]
    assert [each.why for each in found.ignored] == [
        "a folder marker",
        "outside of uploads/",
        "ObjectRemoved:Delete creates no object",
    ]


def test_the_test_event_of_s3_says_nothing() -> None:
    found = read({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": BUCKET})

    assert (found.notices, found.ignored) == ((), ())


def test_what_aws_adds_one_day_is_ignored() -> None:
    record = s3_record("uploads/a.jpg", eventVersion="2.9", glacierEventData={"new": True})
    record["s3"]["object"]["colour"] = None

    assert keys({"Records": [record], "More": 1}) == ["uploads/a.jpg"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("hello", "not JSON"),
        ("[]", "not a JSON object"),
        ("{}", "no list of Records"),
        ('{"Records": "x"}', "no list of Records"),
        ('{"Records": ["x"]}', "not an S3 notification"),
        ('{"Records": [3]}', "not an S3 notification"),
        ('{"Records": [{}]}', "not an S3 notification"),
        ('{"Records": [{"eventName": "ObjectCreated:Put", "s3": {"object": null}}]}', "not an S3"),
        ({"Records": [s3_record("uploads/%FF.jpg")]}, "not an S3 notification"),
        ({"Records": [s3_record("uploads/\ud800.jpg")]}, "not an S3 notification"),
        (
            {"Records": [s3_record("x", s3={"bucket": {"name": "b"}, "object": {"key": "x"}})]},
            "of bucket 'b', not of 'uploads-bucket'",
        ),
        ({"source": "aws.s3"}, "not an S3 notification"),
    ],
)
def test_what_is_no_notification_is_foreign(body: object, reason: str) -> None:
    with pytest.raises(ForeignMessageError, match=reason):
        read(body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
almost_records = st.fixed_dictionaries(
    {},
    optional={
        "eventName": json_values,
        "eventTime": json_values,
        "s3": st.fixed_dictionaries({}, optional={"bucket": json_values, "object": json_values}),
    },
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(body=json_values | st.fixed_dictionaries({"Records": st.lists(almost_records)}))
def test_no_body_does_anything_but_be_read_or_refused(body: object) -> None:
    try:
        read(body)
    except ForeignMessageError as error:
        assert str(error)  # noqa: PT017
