"""Paint the style pictures: `python -m styles.make`."""

import io
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from PIL import Image
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from styles import record
from styles.painters import STYLES, Style

HERE = Path(__file__).parent
SIZE = 768  # longest side; the largest at which every picture stays below 350 KB
QUALITY = 88  # of JPEG: higher spends bytes on grain that nobody sees

app = typer.Typer(add_completion=False, rich_markup_mode="markdown")


def render(style: Style, size: int = SIZE) -> bytes:
    """Paint one style and encode it.

    Parameters
    ----------
    style
        What to paint.
    size
        Longest side, in pixels.

    Returns
    -------
    bytes
        A JPEG file, the same for the same style and size.
    """
    pixels = style.paint(size, np.random.default_rng(style.seed))
    picture = Image.fromarray((pixels * 255).round().astype(np.uint8))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=QUALITY, optimize=True)
    return file.getvalue()


def is_current(name: str, out: Path, size: int, recorded: dict[str, record.Entry]) -> bool:
    """Tell whether a picture is there and was painted by the code as it is now."""
    path = out / f"{name}.jpg"
    return path.exists() and recorded.get(name) == record.describe(
        STYLES[name], size, path.read_bytes()
    )


@app.command()
def make(
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Paint this style only; may be given several times."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for the pictures.")] = HERE,
    size: Annotated[int, typer.Option(min=64, max=4096, help="Longest side, in pixels.")] = SIZE,
    force: Annotated[bool, typer.Option(help="Paint also what is up to date.")] = False,
) -> None:
    """Paint the style pictures of nst, each from its own code and seed.

    Pictures whose code has not changed since they were painted are left alone.

    Examples
    --------
    * `python -m styles.make` paints what is out of date
    * `python -m styles.make --only mosaic --only woodcut --force` paints two again
    * `python -m styles.make --out posters --size 2400` paints all of them for the wall
    """
    for name in only or []:
        if name not in STYLES:
            raise typer.BadParameter(f"{name!r} is no style; there are {', '.join(STYLES)}")
    out.mkdir(parents=True, exist_ok=True)
    recorded = record.read(out)
    console = Console()
    columns = (TextColumn("{task.description:24}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        names = only or list(STYLES)
        task = progress.add_task("", total=len(names))
        for name in names:
            progress.update(task, description=f"painting {name}")
            if force or not is_current(name, out, size, recorded):
                picture = render(STYLES[name], size)
                (out / f"{name}.jpg").write_bytes(picture)
                recorded[name] = record.describe(STYLES[name], size, picture)
                record.write(out, recorded)
                console.print(f"{name}.jpg  [dim]{STYLES[name].about}, {len(picture):,} bytes[/]")
            progress.advance(task)
        progress.update(task, description="all pictures are there")


if __name__ == "__main__":
    app()
