"""``python -m local.sam``: build all images, invoke every fixture, paint one picture."""

from __future__ import annotations

import sys
from concurrent.futures import Future, ThreadPoolExecutor

import trustme
from rich.console import Console

from local import system
from local.deploy import DeployError
from local.ministack import MiniStackError
from local.packaging import PackagingError
from local.sam.authority import authority
from local.sam.base_images import BOOKWORM, BaseImages
from local.sam.debian import MissingCommand
from local.sam.engine import Engine, EngineError, engine
from local.sam.functions import SamCli, SamError
from local.sam.playing import FIXTURES, play
from local.sam.task_image import build_task_image, count_threads, paint_inside
from local.state import ROOT
from local.steps import step
from local.system import StartError

BUILD = ROOT / "build" / "sam"
TROUBLES = (
    DeployError,
    EngineError,
    MiniStackError,
    MissingCommand,
    PackagingError,
    SamError,
    StartError,
)

# A log file has no width; an answer should still be one line there.
console = Console(width=None if sys.stdout.isatty() else 200, highlight=False)


def main() -> int:
    """Run all of it; returns how many fixtures were not answered as documented."""
    BUILD.mkdir(parents=True, exist_ok=True)
    for old in BUILD.glob("*.log"):
        old.unlink()
    try:
        with engine(BUILD) as docker:
            return _run(docker)
    except TROUBLES as trouble:
        console.print(f"[red]✗[/] {trouble}", markup=True)
        return 1
    except KeyboardInterrupt:
        console.print("interrupted")
        return 130


def _run(docker: Engine) -> int:
    vouching = authority(BUILD / "authority")
    base = BaseImages(docker, BUILD, BUILD / "authority" / "ca.pem")
    # Most of the task image's time is spent waiting for downloads: it is made beside the rest.
    beside = ThreadPoolExecutor(1)
    try:
        task_image = beside.submit(lambda: build_task_image(docker, base.python(BOOKWORM)))
        failed = _functions(docker, base, vouching)
        failed += _tasks(docker, task_image)
    finally:
        beside.shutdown(wait=False, cancel_futures=True)
    console.print(f"{FIXTURES + 1 - failed} passed, {failed} failed")
    return failed


def _functions(docker: Engine, base: BaseImages, vouching: trustme.CA) -> int:
    with step(console, "stand-in for Lambda's image: Debian, Python 3.13"):
        base_image = base.aws_lambda()
    sam = SamCli(docker, BUILD)
    with step(console, "sam build"):
        sam.build(base_image)
    home = BUILD / "system"
    system.down(console, home)  # what outlived a run that was killed has no functions any more
    state = system.up(console, home, host=docker.gateway, authority=vouching)
    try:
        return play(sam, state, console)
    finally:
        system.down(console, home)


def _tasks(docker: Engine, task_image: Future[None]) -> int:
    with step(console, "task image: Debian, Python 3.11, TensorFlow, VGG19"):
        task_image.result()
    with step(console, "threads counted in a container with one CPU"):
        threads = count_threads(docker, cpus=1)
    with step(console, "a picture painted with the task's limits, without a network"):
        painting = paint_inside(docker, BUILD)
    wrong = painting.problems() + ([] if threads == 1 else [f"{threads} threads on one CPU"])
    console.print(f"  {painting}")
    for line in wrong:
        console.print(f"    {line}", markup=False)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
