"""The demo: real photos through the whole system, and what is left of them in a folder.

The scene holds what a service has to stand: several photos in two styles, a notification that S3
sends twice, and a file that is no picture. All of it goes the way of any upload.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from local import contact_sheet
from local.client import Client, Sent
from local.contact_sheet import Panel, draw_contact_sheet
from local.pictures import UnknownPictureError, find_photo, find_style
from local.view import COLORS, POLL_SECONDS, TookTooLong, row, watch
from services.core.blend import BlendError, label, read_blend
from services.core.ledger_rows import ExecutionRecord, UploadRecord

OPTIONS = {"size": "320", "quality": "standard"}
"""Small enough that three pictures are painted within two minutes on two cores."""

TIMEOUT = 900.0
TORN = "torn.jpg"
"""The photo that breaks off after its first bytes, and must be rejected with a reason."""

STYLE = "mosaic"
"""The style of a photo that a person brings without naming one."""


@dataclass(frozen=True)
class Photo:
    """A photo to upload, and the style it asks for."""

    name: str
    data: bytes
    style: str


@dataclass(frozen=True)
class Upload:
    """One line of the report."""

    key: str
    status: str
    reason: str
    style: str
    execution: str
    seconds: float
    picture: str


def scene() -> list[Photo]:
    """Return the photos of the demo: two styles, and one file that is broken."""
    photos = [
        _photo("chelsea", "mosaic"),
        _photo("coffee", "stained-glass"),
        _photo("astronaut", "stained-glass"),
    ]
    return [*photos, Photo(TORN, photos[0].data[:2000], "mosaic")]


def _photo(name: str, style: str) -> Photo:
    photo = find_photo(name)
    return Photo(photo.file, photo.read(), style)


def run(
    client: Client,
    photos: Sequence[Photo],
    folder: Path,
    console: Console,
    options: Mapping[str, str] = OPTIONS,
) -> list[Upload]:
    """Send photos through the system, watch them, and keep what they became.

    Parameters
    ----------
    client
        Talks to the running system.
    photos
        What to send; S3's notification of the first one arrives twice.
    folder
        Takes the pictures, ``contact-sheet.png`` and ``report.json``; emptied first.
    console
        Where progress is shown.
    options
        Options of all uploads.

    Returns
    -------
    list of Upload
        What became of each photo.

    Raises
    ------
    local.view.TookTooLong
        If an upload does not reach its end in time.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    started = time.monotonic()
    with client.dispatch_held():
        sent = [client.upload(photo.data, photo.name, photo.style, options) for photo in photos]
        client.notify_again(sent[0])
    records = watch(client, sent, console, TIMEOUT, lambda: datetime.now(UTC))
    _await_manifests(client, records.values())
    uploads = [_keep(client, folder, one, records[one.id]) for one in sent]
    seconds = time.monotonic() - started
    _draw(photos, uploads, folder)
    _report(client, uploads, records, seconds, folder)
    return uploads


def _await_manifests(client: Client, records: Iterable[UploadRecord]) -> None:
    """Wait until the executions have ended too: an upload ends before the rest of its batch."""
    names = {record.execution for record in records if record.execution}
    deadline = time.monotonic() + TIMEOUT
    while not all(client.execution(name).finished_at for name in names):
        if time.monotonic() > deadline:
            raise TookTooLong(f"no manifest after {TIMEOUT:.0f} s: {', '.join(sorted(names))}")
        time.sleep(POLL_SECONDS)


def _keep(client: Client, folder: Path, sent: Sent, record: UploadRecord) -> Upload:
    picture = ""
    if record.picture:
        source = PurePosixPath(sent.key)
        target = folder / f"{source.stem}-{record.style}{PurePosixPath(record.picture).suffix}"
        target.write_bytes(client.fetch(record.picture))
        picture = str(target)
    seen = row(sent.key, record, datetime.now(UTC))
    return Upload(
        key=sent.key,
        status=seen.status,
        reason=record.reason,
        style=seen.style,
        execution=record.execution,
        seconds=round(seen.seconds, 1),
        picture=picture,
    )


def _draw(photos: Sequence[Photo], uploads: Sequence[Upload], folder: Path) -> None:
    rows = [
        contact_sheet.Row(
            photo=Panel(photo.data, photo.name),
            style=Panel(_style_picture(upload.style), upload.style),
            result=Panel(
                Path(upload.picture).read_bytes() if upload.picture else None,
                upload.status.lower(),
                upload.reason or f"{upload.seconds:.0f} s after the upload",
            ),
        )
        for photo, upload in zip(photos, uploads, strict=True)
    ]
    (folder / "contact-sheet.png").write_bytes(draw_contact_sheet(rows))


def _style_picture(style: str) -> bytes | None:
    """Return the picture of a style, of a blend that of its first; None if there is no such."""
    try:
        return find_style(read_blend(style)[0][0]).read_bytes()
    except (BlendError, UnknownPictureError):
        return None


def _report(
    client: Client,
    uploads: Sequence[Upload],
    records: Mapping[str, UploadRecord],
    seconds: float,
    folder: Path,
) -> None:
    names = sorted({upload.execution for upload in uploads if upload.execution})
    report: dict[str, Any] = {
        "uploads": [asdict(upload) for upload in uploads],
        "executions": [_execution(client.execution(name)) for name in names],
        "notifications": len(uploads) + 1,
        "seconds_total": round(seconds, 1),
    }
    (folder / "report.json").write_text(json.dumps(report, indent=2, ensure_ascii=False))


def _execution(record: ExecutionRecord) -> dict[str, Any]:
    return {
        "name": record.name,
        "status": record.status,
        "style": _blend(record.execution.inputs["styles"]),
        "uploads": [upload["key"] for upload in record.execution.inputs["uploads"]],
        "launched_at": record.launched_at,
        "finished_at": record.finished_at,
    }


def _blend(styles: Sequence[Mapping[str, str]]) -> str:
    return label([(style["name"], float(style["weight"])) for style in styles])


def expected(upload: Upload) -> bool:
    """Tell whether an upload of the scene ended as it should."""
    return upload.status == ("REJECTED" if PurePosixPath(upload.key).name == TORN else "SUCCEEDED")


def summary(uploads: Sequence[Upload]) -> Table:
    """Return the table that ends the demo."""
    view = Table(box=None, pad_edge=False, padding=(0, 2))
    for name in ("upload", "status", "execution", "seconds", "picture, or reason"):
        justify: Literal["left", "right"] = "right" if name == "seconds" else "left"
        view.add_column(name, justify=justify, overflow="fold")
    for upload in uploads:
        status = Text(upload.status, style=COLORS[upload.status])
        what = upload.picture or upload.reason
        view.add_row(upload.key, status, upload.execution, f"{upload.seconds:.0f}", what)
    return view
