"""Write docs/iam.md: what each caller may do, and what it was refused.

python -m tests.integration.iam_page > docs/iam.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

from tests.integration.attempts import MAY, MAY_NOT, Attempt

INTRODUCTION = """\
# Who may do what

Each function has a role of its own; Flyte's tasks have the policy that the stack exports
(`FlyteTaskPolicy`). `tests/integration/test_permissions.py` makes every call of these tables with
the rights of the deployed template, in an account where IAM is enforced: what is under *may*
passed, what is under *may not* was refused. The stack there is deployed with every option: client
secret, customer key and VPC. "Another stack" is a second nst in the same account.

Nobody at all is let in without a signature or without TLS: the same tests ask both buckets, both
queues and the alarms' topic.

<sub>Written by `make docs` from `tests/integration/attempts.py`.</sub>
"""


def page() -> str:
    """Return the page."""
    sections = [
        f"## The {caller}\n\n{table('may', MAY[caller])}\n{table('may not', MAY_NOT[caller])}"
        for caller in MAY
    ]
    return "\n".join([INTRODUCTION, *sections])


def table(heading: str, attempts: Iterable[Attempt]) -> str:
    """Return one table."""
    rows = [f"| {each.what} | `{each.action}` |" for each in attempts]
    return "\n".join([f"| {heading} | permission |", "|---|---|", *rows, ""])


if __name__ == "__main__":
    sys.stdout.write(page())
