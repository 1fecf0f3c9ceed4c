"""How uploads look on a terminal."""

from datetime import UTC, datetime

import pytest
from rich.console import Console

from local.client import Progress
from local.view import row, style_of, table
from services.core.ledger_rows import UploadRecord
from services.core.model import UploadStatus

NOW = datetime(2026, 11, 22, 10, 1, 0, tzinfo=UTC)


def record(**facts):
    common = {"id": "a", "bucket": "b", "key": "uploads/mosaic/me.jpg", "version_id": "1"}
    return UploadRecord(**common | facts)


def shown(*rows):
    console = Console(width=120)
    with console.capture() as captured:
        console.print(table(rows))
    return captured.get()


@pytest.mark.parametrize(
    ("key", "style"),
    [
        ("uploads/me.jpg", ""),
        ("uploads/mosaic/me.jpg", "mosaic"),
        ("uploads/mosaic/holiday/me.jpg", "mosaic"),
    ],
)
def test_the_style_is_the_first_folder(key, style):
    assert style_of(key) == style


def test_an_upload_that_nobody_has_seen_waits():
    seen = row("uploads/mosaic/me.jpg", None, NOW)
    assert (seen.status, seen.style, seen.final) == ("WAITING", "mosaic", False)


def test_a_finished_upload_tells_how_long_it_took():
    # GIVEN
    finished = record(
        status=UploadStatus.SUCCEEDED,
        execution="nst-1",
        uploaded_at="2026-11-22T10:00:00.000Z",
        finished_at="2026-11-22T10:00:42.000Z",
    )

    # WHEN
    seen = row(finished.key, finished, NOW)

    # THEN
    assert (seen.seconds, seen.detail, seen.final) == (42.0, "nst-1", True)


def test_a_running_upload_counts_up_and_shows_how_far_it_is():
    # GIVEN
    running = record(status=UploadStatus.RUNNING, uploaded_at="2026-11-22T10:00:00.000Z")

    # WHEN
    seen = row(running.key, running, NOW, Progress(15, 60))

    # THEN
    assert seen.seconds == 60.0
    assert "━" in shown(seen)


def test_a_rejected_upload_shows_its_reason():
    # GIVEN
    rejected = record(
        status=UploadStatus.REJECTED,
        reason="the file is empty",
        finished_at="2026-11-22T10:00:42.000Z",
    )

    # THEN
    assert "the file is empty" in shown(row(rejected.key, rejected, NOW))
