"""Looking at objects: what is wanted, or why it is turned away, in words for people."""

from __future__ import annotations

from typing import Any

import pytest

from services.core.model import Options, RejectionCode, Style
from services.dispatcher.bucket import UploadsBucket
from services.dispatcher.budget import Budget
from services.dispatcher.intake import Inspection, Intake
from tests.fakes.dispatcher import BUCKET, MAX_BYTES, notice
from tests.fakes.faults import Fault
from tests.fakes.s3 import FakeS3


@pytest.fixture
def s3() -> FakeS3:
    s3 = FakeS3()
    for style in ("mosaic", "great-wave", "ink"):
        s3.put(f"styles/{style}.jpg", "s1")
    return s3


def inspect(s3: FakeS3, *keys: str, seconds: float = 10.0) -> Inspection:
    bucket = UploadsBucket(s3, BUCKET)  # type: ignore[arg-type]
    intake = Intake(bucket, default_style="mosaic", max_bytes=MAX_BYTES)
    return intake.inspect([notice(key) for key in keys], Budget(seconds))


class TestStyle:
    @pytest.mark.parametrize(
        ("key", "metadata", "style"),
        [
            ("uploads/a.jpg", {}, "mosaic"),
            ("uploads/ink/a.jpg", {}, "ink"),
            ("uploads/ink/deep/down/a.jpg", {}, "ink"),
            ("uploads/ink/a.jpg", {"style": "great-wave"}, "great-wave"),
            ("uploads/ink/a.jpg", {"style": " "}, "ink"),
            ("uploads/a.jpg", {"style": "=?UTF-8?Q?great-wave?="}, "great-wave"),
        ],
    )
    def test_is_named_by_metadata_then_folder_then_default(
        self, s3: FakeS3, key: str, metadata: dict[str, str], style: str
    ) -> None:
        s3.put(key, metadata=metadata)

        (upload,) = inspect(s3, key).uploads

        assert upload.styles == (Style(style, BUCKET, f"styles/{style}.jpg", "s1"),)

    @pytest.mark.parametrize(
        ("key", "metadata"),
        [
            ("uploads/mosaic*2+ink/a.jpg", {}),
            ("uploads/a.jpg", {"style": "mosaic*2 + ink"}),
        ],
    )
    def test_may_be_a_blend_in_metadata_and_folder_alike(
        self, s3: FakeS3, key: str, metadata: dict[str, str]
    ) -> None:
        s3.put(key, metadata=metadata)

        (upload,) = inspect(s3, key).uploads

        assert [(style.name, style.version_id, style.weight) for style in upload.styles] == [
            ("mosaic", "s1", 2.0),
            ("ink", "s1", 1.0),
        ]

    def test_that_is_there_wins_over_a_blend_of_the_same_spelling(self, s3: FakeS3) -> None:
        s3.put("styles/ink+wash.jpg", "s1")
        s3.put("uploads/a.jpg", metadata={"style": "ink+wash"})

        (upload,) = inspect(s3, "uploads/a.jpg").uploads

        assert [style.name for style in upload.styles] == ["ink+wash"]

    @pytest.mark.parametrize(
        ("blend", "code", "reason"),
        [
            ("mosaic + wve", RejectionCode.UNKNOWN_STYLE, "style 'wve' is not in styles/: great"),
            ("mosaic*much + ink", RejectionCode.BAD_OPTION, "the weight of style 'mosaic' must"),
        ],
    )
    def test_of_a_blend_that_cannot_be_had_is_refused_with_a_reason(
        self, s3: FakeS3, blend: str, code: RejectionCode, reason: str
    ) -> None:
        s3.put("uploads/a.jpg", metadata={"style": blend})

        (rejection,) = inspect(s3, "uploads/a.jpg").rejections

        assert rejection.code is code
        assert rejection.style == blend
        assert rejection.reason.startswith(reason)

    def test_that_nobody_painted_is_refused_with_those_there_are(self, s3: FakeS3) -> None:
        s3.put("uploads/wve/a.jpg")

        (rejection,) = inspect(s3, "uploads/wve/a.jpg").rejections

        assert rejection.code is RejectionCode.UNKNOWN_STYLE
        assert rejection.reason == "style 'wve' is not in styles/: great-wave, ink, mosaic"

    def test_names_twenty_of_many(self, s3: FakeS3) -> None:
        for number in range(30):
            s3.put(f"styles/a{number:02}.png")
        s3.put("uploads/wve/a.jpg")

        (rejection,) = inspect(s3, "uploads/wve/a.jpg").rejections

        assert rejection.reason.endswith("a18, a19 and 13 more")

    def test_is_a_picture_in_the_folder_itself(self, s3: FakeS3) -> None:
        for key in ("styles/README.md", "styles/", "styles/old/dots.jpg"):
            s3.put(key)
        s3.put("uploads/README/a.jpg")
        s3.put("uploads/dots/a.jpg")

        inspection = inspect(s3, "uploads/README/a.jpg", "uploads/dots/a.jpg")

        assert {r.code for r in inspection.rejections} == {RejectionCode.UNKNOWN_STYLE}
        assert inspection.uploads == []


class TestRejections:
    @pytest.mark.parametrize(
        ("attributes", "code", "reason"),
        [
            ({"size": 0}, RejectionCode.EMPTY, "the file is empty"),
            (
                {"size": 61_200_000},
                RejectionCode.TOO_BIG,
                "the file has 61.2 MB, and at most 5.0 MB are taken",
            ),
            (
                {"metadata": {"strength": "7"}},
                RejectionCode.BAD_OPTION,
                "strength must be a number from 0 to 1, not '7'",
            ),
        ],
    )
    def test_have_a_reason_that_a_person_understands(
        self, s3: FakeS3, attributes: dict[str, Any], code: RejectionCode, reason: str
    ) -> None:
        s3.put("uploads/a.jpg", **attributes)

        (rejection,) = inspect(s3, "uploads/a.jpg").rejections

        assert (rejection.code, rejection.reason) == (code, reason)

    def test_of_what_is_gone(self, s3: FakeS3) -> None:
        (rejection,) = inspect(s3, "uploads/a.jpg").rejections

        assert rejection.code is RejectionCode.GONE

    def test_of_what_was_overwritten_in_a_bucket_without_versions(self, s3: FakeS3) -> None:
        s3.put("uploads/a.jpg", "null", etag="new")
        bucket = UploadsBucket(s3, BUCKET)  # type: ignore[arg-type]

        assert bucket.head("uploads/a.jpg", etag="old") is None
        assert bucket.head("uploads/a.jpg", etag="new") is not None


class TestTrouble:
    def test_with_one_object_is_of_that_object_alone(self, s3: FakeS3) -> None:
        keys = [f"uploads/{number}.jpg" for number in range(5)]
        for key in keys:
            s3.put(key)
        s3.faults.plan("HeadObject", Fault.THROTTLED)

        inspection = inspect(s3, *keys)

        assert len(inspection.failures) == 1
        assert len(inspection.uploads) == 4

    def test_with_the_styles_is_of_all_that_want_one(self, s3: FakeS3) -> None:
        s3.put("uploads/a.jpg")
        s3.put("uploads/b.jpg", size=0)
        s3.faults.plan("ListObjectsV2", Fault.DENIED)

        inspection = inspect(s3, "uploads/a.jpg", "uploads/b.jpg")

        assert list(inspection.failures) == [notice("uploads/a.jpg").id]
        assert [each.code for each in inspection.rejections] == [RejectionCode.EMPTY]

    def test_does_not_reject_anything(self, s3: FakeS3) -> None:
        s3.put("uploads/a.jpg")
        s3.faults.plan("HeadObject", Fault.DENIED)

        assert inspect(s3, "uploads/a.jpg").rejections == []


def test_options_travel_with_the_upload(s3: FakeS3) -> None:
    s3.put("uploads/a.jpg", metadata={"size": "256", "preserve-colors": "true"})

    (upload,) = inspect(s3, "uploads/a.jpg").uploads

    assert upload.options == Options(size=256, preserve_colors=True)
