from __future__ import annotations

import json
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.model import ExecutionStatus, UploadStatus
from services.tracker.bucket import Document
from services.tracker.records import REASON_LIMIT, RecordError, read_manifest, read_result
from tests.unit.tracker.world import WRITTEN_AT, execution, manifest, result

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def document(data: bytes) -> Document:
    return Document(data, WRITTEN_AT)


def test_tells_how_an_upload_ended_and_in_which_execution() -> None:
    # GIVEN a result, as a task writes it
    # WHEN it is read
    told = read_result(document(result("a")), "a")

    # THEN everything is there, and the upload ended when it was written
    assert told.execution == "nst-one"
    assert told.outcome.id == "a"
    assert told.outcome.status is UploadStatus.SUCCEEDED
    assert told.outcome.picture == "results/a/stylized.jpg"
    assert told.outcome.seconds == 12.5
    assert told.outcome.finished_at == WRITTEN_AT


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\xff", "not JSON"),
        (b"[]", "no execution"),
        (result("a", status="RUNNING"), "no end"),
        (result("a", execution=None), "no execution"),
        (result("b"), "that of b"),
    ],
)
def test_refuses_what_is_no_result_of_this_upload(data: bytes, why: str) -> None:
    with pytest.raises(RecordError, match=why):
        read_result(document(data), "a")


def test_a_manifest_that_does_not_tell_its_time_tells_it_by_when_it_was_written() -> None:
    outcome = read_manifest(document(manifest(finished_at="soon")), execution())

    assert outcome.finished_at == WRITTEN_AT


def test_tells_how_the_execution_and_each_upload_ended() -> None:
    # GIVEN a manifest of two uploads, one of them rejected
    content = json.loads(manifest())
    content["uploads"][1] |= {"status": "REJECTED", "reason": "not a picture", "picture": ""}

    # WHEN it is read
    outcome = read_manifest(document(json.dumps(content).encode()), execution())

    # THEN everything it says is there
    painted, rejected = outcome.uploads
    assert outcome.status is ExecutionStatus.SUCCEEDED
    assert outcome.finished_at == "2026-11-22T09:00:00.000Z"
    assert (painted.status, painted.picture) == (UploadStatus.SUCCEEDED, "results/a/stylized.jpg")
    assert painted.seconds == 12.5
    assert (rejected.status, rejected.reason) == (UploadStatus.REJECTED, "not a picture")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\xff", "not JSON"),
        (b"[]", "no execution"),
        (b'{"execution": "nst-one", "status": "RUNNING"}', "no status"),
        (manifest(name="nst-two"), "that of nst-two"),
    ],
)
def test_refuses_what_is_no_manifest_of_this_execution(data: bytes, why: str) -> None:
    with pytest.raises(RecordError, match=why):
        read_manifest(document(data), execution())


@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "id": st.sampled_from(["a", "b", "c"]) | ANYTHING,
                "status": st.sampled_from(["SUCCEEDED", "REJECTED", "RUNNING"]) | ANYTHING,
                "reason": ANYTHING,
                "picture": ANYTHING,
                "seconds": ANYTHING,
            },
        )
        | ANYTHING
    )
    | ANYTHING,
    ANYTHING,
    ANYTHING,
)
def test_gives_every_upload_of_the_execution_one_end_whatever_the_manifest_says(
    members: object, finished_at: object, reason: object
) -> None:
    # GIVEN a manifest whose status and name are right, and anything else in it
    data = manifest(uploads=(), finished_at=finished_at, reason=reason)
    data = json.dumps(json.loads(data) | {"uploads": members}).encode()

    # WHEN it is read
    outcome = read_manifest(document(data), execution())

    # THEN the uploads are those of the execution, each at an end, in values that a row can take
    assert [upload.id for upload in outcome.uploads] == ["a", "b"]
    for upload in outcome.uploads:
        assert upload.status in (
            UploadStatus.SUCCEEDED,
            UploadStatus.REJECTED,
            UploadStatus.FAILED,
        )
        assert upload.seconds >= 0
        assert len(upload.reason) <= REASON_LIMIT
    assert datetime.fromisoformat(outcome.finished_at).tzinfo is not None


@given(st.binary() | ANYTHING.map(lambda value: json.dumps(value).encode()))
def test_raises_nothing_but_its_own_error(data: bytes) -> None:
    with pytest.raises(RecordError):
        read_manifest(document(data), execution())
    with pytest.raises(RecordError):
        read_result(document(data), "a")
