"""The command ``nst``: the whole system on this machine, from a terminal."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from local import demo as show
from local import state as states
from local import system
from local.client import Client
from local.dashboard.recording import NoRecording, Recording, sampling
from local.deploy import DeployError
from local.ministack import MiniStackError
from local.packaging import PackagingError
from local.system import StartError
from local.view import TookTooLong, row, table, watch

app = typer.Typer(
    help="Put a photo into a bucket, get a painting back: the whole of nst on this machine.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
# A log file has no width; a table should still fit on its lines there.
console = Console(width=None if sys.stdout.isatty() else 140)

DEMO_FOLDER = Path("demo")
WAIT_SECONDS = 3600.0


@app.command()
def up() -> None:
    """Start everything: S3, SQS, Lambda and DynamoDB (MiniStack), and a local Flyte.

    Example: `nst up`, then `nst upload me.jpg --style mosaic --wait`.
    """
    system.up(console)
    console.print("nst is up. Try: [bold]nst upload PHOTO --style mosaic --wait[/]")


@app.command()
def down() -> None:
    """Stop everything that `nst up` started; pictures already fetched stay."""
    system.down(console)


@app.command()
def demo(
    photo: Annotated[Path | None, typer.Option(help="Your own photo instead of ours.")] = None,
    style: Annotated[str, typer.Option(help="One style for all of them.")] = "",
) -> None:
    """See it work from end to end, and find the pictures in `demo/`.

    Examples: `nst demo`, `nst demo --photo me.jpg --style mosaic`.
    """
    photos = show.scene() if photo is None else [show.Photo(photo.name, _bytes(photo), "")]
    if style or photo is not None:
        photos = [show.Photo(one.name, one.data, style or show.STYLE) for one in photos]
    with system.running(console) as running:
        client = Client(running)
        with sampling(client.depths):
            uploads = show.run(client, photos, DEMO_FOLDER, console)
        _draw_dashboard(Recording.of(running), DEMO_FOLDER)
    console.print(show.summary(uploads))
    left = "Pictures, contact-sheet.png, dashboard.png and report.json"
    console.print(f"{left} are in [bold]{DEMO_FOLDER}/[/].")
    if surprises := [one.key for one in uploads if not show.expected(one)]:
        raise _Refusal(f"did not end as it should: {', '.join(surprises)}", code=1)


@app.command()
def upload(
    photos: Annotated[list[Path], typer.Argument(help="Pictures to paint.", metavar="PHOTO...")],
    style: Annotated[
        str, typer.Option(help="A style of `nst styles`, or a blend: 'mosaic*2 + woodcut'.")
    ] = "",
    size: Annotated[int | None, typer.Option(help="Longest side in pixels.")] = None,
    strength: Annotated[float | None, typer.Option(help="0 (the photo) to 1.")] = None,
    quality: Annotated[str | None, typer.Option(help="preview, standard or high.")] = None,
    preserve_colors: Annotated[bool, typer.Option(help="Keep the photo's colours.")] = False,
    style_scale: Annotated[
        float | None, typer.Option(help="Size of the strokes, 0.5 to 2.")
    ] = None,
    wait: Annotated[bool, typer.Option(help="Watch until they are painted.")] = False,
) -> None:
    """Put photos into the uploads bucket.

    Examples: `nst upload me.jpg --style mosaic --wait`, `nst upload *.jpg --size 1024`.
    """
    given = {
        "size": size,
        "strength": strength,
        "quality": quality,
        "style-scale": style_scale,
    }
    options = {name: str(value) for name, value in given.items() if value is not None}
    if preserve_colors:
        options["preserve-colors"] = "true"
    files = [(photo.name, _bytes(photo)) for photo in photos]
    client = Client(_running())
    sent = [client.upload(data, name, style, options) for name, data in files]
    for one in sent:
        console.print(f"{one.key}  [dim]{one.id}[/]")
    if wait:
        with sampling(client.depths):
            watch(client, sent, console, WAIT_SECONDS, lambda: datetime.now(UTC))
        console.print("Fetch the pictures with: [bold]nst fetch[/]")


@app.command()
def styles() -> None:
    """List the styles that an upload may name."""
    for name in Client(_running()).styles():
        console.print(name)


@app.command()
def status() -> None:
    """Show every upload, and how many messages wait in the queues."""
    client = Client(_running())
    now = datetime.now(UTC)
    records = client.all_records()
    busy = [record for record in records if not record.finished_at]
    progress = {record.id: client.progress(record.id) for record in busy}
    rows = [row(record.key, record, now, progress.get(record.id)) for record in records]
    console.print(table(rows) if rows else "No uploads yet.")
    depths = client.depths()
    console.print(
        f"queue: {depths.waiting} waiting, {depths.in_work} in work; dead letters: {depths.dead}"
    )


@app.command()
def fetch(
    to: Annotated[Path, typer.Option(help="Folder that takes the pictures.")] = Path("pictures"),
) -> None:
    """Fetch every finished picture.

    Example: `nst fetch --to ~/paintings`.
    """
    client = Client(_running())
    done = [record for record in client.all_records() if record.picture]
    view = Table("picture", "from", box=None, pad_edge=False)
    for record in done:
        photo, painted = Path(record.key), Path(record.picture)
        target = to / f"{photo.stem}-{record.style}-{record.id[:6]}{painted.suffix}"
        to.mkdir(parents=True, exist_ok=True)
        target.write_bytes(client.fetch(record.picture))
        view.add_row(str(target), record.key)
    console.print(view if done else "No finished pictures yet; see: nst status")


@app.command()
def dashboard(
    recording: Annotated[
        Path | None, typer.Option(help="Draw this run instead of the one that is up.")
    ] = None,
    to: Annotated[Path, typer.Option(help="Folder that takes the drawings.")] = DEMO_FOLDER,
) -> None:
    """Draw the template's CloudWatch dashboard from what happened on this machine.

    Each drawing leaves its `recording.json`, of which a changed template can be drawn again.

    Examples: `nst dashboard`, `nst dashboard --recording demo/recording.json --to changed`.
    """
    run = Recording.of(_running()) if recording is None else Recording.load(recording)
    _draw_dashboard(run, to)
    console.print(f"dashboard.png and dashboard.html are in [bold]{to}/[/].")


def _draw_dashboard(run: Recording, folder: Path) -> None:
    # Matplotlib takes a second to import; only who draws waits for it.
    from local.dashboard.draw import draw

    draw(run, folder)


class _Refusal(Exception):
    """Something the person can mend, told in one line."""

    def __init__(self, message: str, code: int = 2) -> None:
        super().__init__(message)
        self.code = code


def _running() -> states.State:
    return states.load()


def _bytes(photo: Path) -> bytes:
    try:
        return photo.read_bytes()
    except OSError as error:
        raise _Refusal(f"{photo} cannot be read: {error.strerror}") from error


MENDABLE = (
    _Refusal,
    NoRecording,
    states.NotRunning,
    TookTooLong,
    StartError,
    MiniStackError,
    DeployError,
    PackagingError,
)
"""What a person can do something about."""


def main() -> None:
    """Run the command; what a person can mend is one line and exit code 2, never a traceback."""
    try:
        app()
    except MENDABLE as refusal:
        console.print(f"[red]{refusal}[/]", soft_wrap=True)
        sys.exit(getattr(refusal, "code", 2))
