"""Every fixture, invoked in a container; and what came of it, in one line each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from events.messages import EXAMPLE, patrol
from events.situations import SITUATIONS
from local.roles import as_role
from local.sam.stage import Seen, Stage, differences

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from events.situations import Situation
    from local.aws import Aws
    from local.sam.functions import Answer, SamCli
    from local.state import State

DISPATCHER, TRACKER = "DispatcherFunction", "TrackerFunction"  # in the template
ENDED = "FAILED: Flyte ended it as ABORTED without a manifest"
FIXTURES = len(SITUATIONS) + 1


def play(sam: SamCli, state: State, console: Console) -> int:
    """Invoke the functions with all fixtures, each with the role of the deployed function.

    Returns
    -------
    int
        How many fixtures were not answered as documented.
    """
    stage = Stage(state)
    with as_role(state.aws, state.stack.dispatcher_role) as caller:
        failed = sum(_dispatch(each, sam, stage, caller, console) for each in SITUATIONS)
    with as_role(state.aws, state.stack.tracker_role) as caller:
        return failed + _patrol(sam, stage, caller, console)


def _dispatch(
    situation: Situation, sam: SamCli, stage: Stage, caller: Aws, console: Console
) -> bool:
    event = situation.event_in(stage.fill())
    with console.status(situation.name):
        answer = sam.invoke(DISPATCHER, event, stage.dispatcher, caller)
    seen = stage.look()
    wrong = differences(situation, answer.value, seen)
    _tell(console, situation.name, answer, _left_behind(seen), wrong)
    return bool(wrong)


def _patrol(sam: SamCli, stage: Stage, caller: Aws, console: Console) -> bool:
    """Let the tracker find out that all executions were ended."""
    with console.status("patrol"):
        answer = sam.invoke(TRACKER, patrol(EXAMPLE), stage.tracker, caller)
    ends = stage.ends()
    wrong = [f"{name} {end}" for name, end in ends.items() if end != ENDED]
    if answer.value != {"FINISHED": len(ends)}:
        wrong.append(f"answer: {answer.value}, not {len(ends)} FINISHED")
    _tell(console, "patrol", answer, f"{len(ends)} executions ended", wrong)
    return bool(wrong)


def _left_behind(seen: Seen) -> str:
    counts = {
        "execution" if len(seen.running) == 1 else "executions": len(seen.running),
        "launched": len(seen.launched),
        "rejected": len(seen.rejected),
    }
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "nothing"


def _tell(
    console: Console, name: str, answer: Answer, left_behind: str, wrong: Iterable[str]
) -> None:
    mark = "[red]✗[/]" if wrong else "[green]✓[/]"
    words = f"{name:16} {left_behind:26} {json.dumps(answer.value)}"
    console.print(f"{mark} {words} [dim]{answer.seconds:.1f} s[/]")
    for line in wrong:
        console.print(f"    {line}", markup=False)
