"""``python -m local.sam``: build all images, invoke every fixture, paint one picture."""

from __future__ import annotations

import json
import sys
from concurrent.futures import Future, ThreadPoolExecutor

import trustme
from rich.console import Console

from events.situations import SITUATIONS
from local import system
from local.deploy import DeployError
from local.ministack import MiniStackError
from local.packaging import PackagingError
from local.roles import as_role
from local.sam.authority import authority
from local.sam.base_images import BOOKWORM, BaseImages
from local.sam.debian import MissingCommand
from local.sam.engine import Engine, EngineError, engine
from local.sam.functions import SamCli, SamError
from local.sam.stage import Stage, differences
from local.sam.task_image import build_task_image, count_threads, paint_inside
from local.state import ROOT, State
from local.steps import step
from local.system import StartError

BUILD = ROOT / "build" / "sam"
DISPATCHER = "DispatcherFunction"
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
    try:
        with engine(BUILD) as docker:
            return _run(docker)
    except TROUBLES as trouble:
        console.print(f"[red]✗[/] {trouble}", markup=True)
        return 1


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
    console.print(f"{len(SITUATIONS) + 1 - failed} passed, {failed} failed")
    return failed


def _functions(docker: Engine, base: BaseImages, vouching: trustme.CA) -> int:
    with step(console, "stand-in for Lambda's image: Debian, Python 3.13"):
        base_image = base.aws_lambda()
    sam = SamCli(docker, BUILD)
    with step(console, "sam build"):
        sam.build(base_image)
    home = BUILD / "system"
    state = system.up(console, home, host=docker.gateway, authority=vouching)
    try:
        return _play(sam, state)
    finally:
        system.down(console, home)


def _play(sam: SamCli, state: State) -> int:
    stage = Stage(state)
    variables = stage.variables()
    failed = 0
    with as_role(state.aws, state.stack.dispatcher_role) as dispatcher:
        for situation in SITUATIONS:
            event = situation.event_in(stage.fill())
            with console.status(situation.name):
                answer = sam.invoke(DISPATCHER, event, variables, dispatcher)
            seen = stage.look()
            wrong = differences(situation, answer.value, seen)
            failed += bool(wrong)
            mark = "[red]✗[/]" if wrong else "[green]✓[/]"
            console.print(
                f"{mark} {situation.name:16} {len(seen.running)} executions,"
                f" {len(seen.launched)} launched, {len(seen.rejected)} rejected:"
                f" {json.dumps(answer.value)} [dim]{answer.seconds:.1f} s[/]"
            )
            for line in wrong:
                console.print(f"    {line}", markup=False)
    return failed


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
