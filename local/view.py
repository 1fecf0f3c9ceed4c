"""How uploads look on a terminal, standing still and while they are painted."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Literal

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from local.client import Client, Progress, Sent
from services.core.ledger_rows import UploadRecord
from services.core.model import UPLOADS_PREFIX

POLL_SECONDS = 1.0
FINAL = ("SUCCEEDED", "FAILED", "REJECTED")
COLORS = {"SUCCEEDED": "green", "FAILED": "red", "REJECTED": "yellow"}


class TookTooLong(Exception):
    """Some uploads did not reach their end in time."""


@dataclass(frozen=True)
class Row:
    """One upload as a person sees it.

    Attributes
    ----------
    key
        Key of the upload.
    status
        Its status in the ledger, or ``WAITING`` before the dispatcher has seen it.
    detail
        Why it was rejected or failed, else its execution.
    seconds
        From the upload to its end, or to now.
    progress
        How far the optimisation is, where that can be seen.
    """

    key: str
    status: str
    style: str = ""
    detail: str = ""
    seconds: float = 0.0
    progress: Progress | None = None

    @property
    def photo(self) -> str:
        """File name of the photo."""
        return PurePosixPath(self.key).name

    @property
    def final(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in FINAL


def row(
    key: str, record: UploadRecord | None, now: datetime, progress: Progress | None = None
) -> Row:
    """Return what there is to show of an upload."""
    if record is None:
        return Row(key, "WAITING", style=style_of(key))
    begun = record.uploaded_at or record.claimed_at or record.finished_at
    ended = parse(record.finished_at) if record.finished_at else now
    return Row(
        key=key,
        status=str(record.status),
        style=record.style or style_of(key),
        detail=record.reason or record.execution,
        seconds=max(0.0, (ended - parse(begun)).total_seconds()) if begun else 0.0,
        progress=progress,
    )


def style_of(key: str) -> str:
    """Return the style that a key names, or nothing."""
    folders = key.removeprefix(UPLOADS_PREFIX).split("/")[:-1]
    return folders[0] if folders else ""


def parse(timestamp: str) -> datetime:
    """Read a time of the ledger."""
    return datetime.fromisoformat(timestamp)


def table(rows: Sequence[Row], title: str = "") -> Table:
    """Return uploads as a table."""
    view = Table(
        title=title or None, title_justify="left", box=None, pad_edge=False, padding=(0, 2)
    )
    for name in ("photo", "style", "status", "", "seconds", "execution, or reason"):
        justify: Literal["left", "right"] = "right" if name == "seconds" else "left"
        view.add_column(name, justify=justify, overflow="fold")
    for upload in rows:
        color = COLORS.get(upload.status, "cyan")
        view.add_row(
            upload.photo,
            upload.style,
            Text(upload.status, style=color),
            _gauge(upload),
            f"{upload.seconds:.0f}" if upload.seconds else "",
            Text(upload.detail, style="dim" if upload.status != "REJECTED" else color),
        )
    return view


def _gauge(upload: Row) -> RenderableType:
    if upload.final:
        return Text("")
    if upload.progress is None:
        return Spinner("dots") if upload.status != "WAITING" else Text("")
    return ProgressBar(upload.progress.evaluations, upload.progress.evaluation, width=20)


def watch(
    client: Client,
    uploads: Sequence[Sent],
    console: Console,
    timeout: float,
    clock: Callable[[], datetime],
) -> Mapping[str, UploadRecord]:
    """Show uploads until each has reached its end.

    Raises
    ------
    TookTooLong
        If they have not after ``timeout`` seconds; they go on nevertheless.
    """
    deadline = time.monotonic() + timeout
    with Live(console=console, refresh_per_second=8, transient=True) as live:
        while True:
            records = client.records(sent.id for sent in uploads)
            rows = [_watched(client, sent, records.get(sent.id), clock()) for sent in uploads]
            depths = client.depths()
            line = Text(f"queue: {depths.waiting} waiting, {depths.in_work} in work", style="dim")
            live.update(Group(table(rows), line))
            if all(upload.final for upload in rows):
                break
            if time.monotonic() > deadline:
                slow = ", ".join(upload.photo for upload in rows if not upload.final)
                raise TookTooLong(f"after {timeout:.0f} s still not finished: {slow}")
            time.sleep(POLL_SECONDS)
    console.print(table(rows))
    return records


def _watched(client: Client, sent: Sent, record: UploadRecord | None, now: datetime) -> Row:
    busy = record is not None and str(record.status) not in FINAL
    return row(sent.key, record, now, client.progress(sent.id) if busy else None)
