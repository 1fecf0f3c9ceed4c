"""One manifest per execution, whatever became of its uploads."""

from datetime import UTC, datetime

from workflows.manifest import manifest

MOSAIC = {"name": "mosaic", "bucket": "b", "key": "styles/mosaic.jpg", "version_id": "1"}
STYLES = [MOSAIC | {"weight": "1.0"}]
UPLOADS = [{"id": "one", "key": "uploads/1.jpg"}, {"id": "two", "key": "uploads/2.jpg"}]
ENDED = datetime(2026, 11, 22, 10, 0, 0, 123000, tzinfo=UTC)

PAINTED = {
    "execution": "nst-1",
    "status": "SUCCEEDED",
    "reason": "",
    "picture": "results/one/stylized.jpg",
    "seconds": 12.5,
    "cpu_seconds": 21.5,
}


def test_a_batch_that_ran_to_its_end_succeeded_even_with_a_rejected_member():
    # GIVEN
    rejected = {"execution": "nst-1", "status": "REJECTED", "reason": "the photo: it is empty"}

    # WHEN
    document = manifest("nst-1", STYLES, {"size": "64"}, UPLOADS, [PAINTED, rejected], ENDED)

    # THEN
    assert document == {
        "execution": "nst-1",
        "status": "SUCCEEDED",
        "reason": "",
        "style": "mosaic",
        "options": {"size": "64"},
        "uploads": [
            {
                "id": "one",
                "key": "uploads/1.jpg",
                "status": "SUCCEEDED",
                "reason": "",
                "picture": "results/one/stylized.jpg",
                "seconds": 12.5,
                "cpu_seconds": 21.5,
            },
            {
                "id": "two",
                "key": "uploads/2.jpg",
                "status": "REJECTED",
                "reason": "the photo: it is empty",
                "picture": "",
                "seconds": 0.0,
                "cpu_seconds": 0.0,
            },
        ],
        "finished_at": "2026-11-22T10:00:00.123Z",
    }


def test_what_was_painted_before_a_batch_failed_stays_painted():
    # WHEN
    document = manifest("nst-1", STYLES, {}, UPLOADS, [PAINTED, None], ENDED, failure="pod evicted")

    # THEN
    assert (document["status"], document["reason"]) == ("FAILED", "pod evicted")
    assert [member["status"] for member in document["uploads"]] == ["SUCCEEDED", "FAILED"]
    assert document["uploads"][1]["reason"] == "pod evicted"


def test_a_result_of_another_execution_does_not_count():
    # GIVEN an old result of the same upload
    old = {**PAINTED, "execution": "nst-0"}

    # WHEN
    document = manifest("nst-1", STYLES, {}, UPLOADS[:1], [old], ENDED)

    # THEN
    assert document["uploads"][0]["status"] == "FAILED"
