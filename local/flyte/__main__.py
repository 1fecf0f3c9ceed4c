"""``python -m local.flyte``: the control plane as a program."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from local.flyte.lock import DataDirInUse
from local.flyte.server import LocalFlyte
from local.flyte.state.database import UnusableDatabase

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode="rich")


@app.callback()
def main() -> None:
    """Run a Flyte control plane on one machine, without Kubernetes, for trying and testing."""


@app.command(
    epilog="""
[bold]Examples[/bold]

  python -m local.flyte serve --data-dir .nst/flyte --port 30080

  export FLYTE_PLATFORM_URL=127.0.0.1:30080 FLYTE_PLATFORM_INSECURE=true

  pyflyte register --project nst --domain development workflows

  pyflyte run --remote hello.py greet --name you
"""
)
def serve(
    data_dir: Annotated[Path, typer.Option(help="Keeps state, blobs and logs.")],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="gRPC port; 0 takes a free one.")] = 0,
    cpus: Annotated[
        float | None,
        typer.Option(min=0.1, help="CPUs to share out among tasks. Default: all of this machine."),
    ] = None,
    code: Annotated[
        Path | None,
        typer.Option(
            help="Stands for the code baked into a container image (--non-fast). "
            "Default: the working directory."
        ),
    ] = None,
    verbose: Annotated[
        bool, typer.Option(help="Log what runs, what fails and what is refused.")
    ] = False,
) -> None:
    """Answer Flyte's API until stopped; running tasks are stopped with it and go on next time."""
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    flyte = LocalFlyte(data_dir, host=host, port=port, cpus=cpus, code=code)
    try:
        asyncio.run(_serve(flyte))
    except (DataDirInUse, UnusableDatabase, OSError) as problem:
        typer.echo(f"local flyte: {problem}", err=True)
        sys.exit(1)


async def _serve(flyte: LocalFlyte) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, flyte.stop)
    await flyte.serve(lambda: typer.echo(f"local Flyte answers at {flyte.endpoint}"))


if __name__ == "__main__":
    app()
