"""Make the fixtures of this folder: what Lambda hands to the dispatcher, one file per situation.

``python -m events.make`` writes them. Each is a batch of SQS messages as the event source mapping
delivers it. A test plays them all. README.md in this folder is made of the situations, too.

The files tell of `messages.EXAMPLE`, a bucket that nobody has. `Situation.event_in` tells the same
of a bucket that there is, whose objects have the versions that S3 gave them (see `local/sam`).
"""

from __future__ import annotations

import json
from pathlib import Path

from events.messages import EXAMPLE, patrol
from events.situations import SITUATIONS

FOLDER = Path(__file__).parent


def files() -> dict[Path, str]:
    """Make all files of this folder that are made: text by path."""
    made = {
        FOLDER / f"{situation.name}.json": json.dumps(situation.event, indent=2) + "\n"
        for situation in SITUATIONS
    }
    made[FOLDER / "patrol.json"] = json.dumps(patrol(EXAMPLE), indent=2) + "\n"
    return {**made, FOLDER / "README.md": _readme()}


def _readme() -> str:
    lines = [
        "# Events",
        "",
        "What Lambda hands to the dispatcher, one file per situation, for",
        "`sam local invoke DispatcherFunction -e events/<file>`. Made by `python -m events.make`;",
        "a test proves that they are current and that each is answered like this:",
        "",
        "| file | situation | executions | launched | rejected | messages that come again |",
        "|---|---|---|---|---|---|",
    ]
    for each in SITUATIONS:
        rejected = "; ".join(each.rejected.values())
        again = ", ".join(each.event["Records"][number]["messageId"] for number in each.failed)
        cells = [f"`{each.name}.json`", each.story, each.executions, each.launched, rejected, again]
        lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    lines += [
        "",
        "`patrol.json` is for `TrackerFunction`: what EventBridge sends each minute.",
        "",
        "The bucket of these files is nobody's; `make sam-local` fills one, plays",
        "the situations there, and looks at what they leave behind in the ledger and in Flyte.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
        print(path.name)
