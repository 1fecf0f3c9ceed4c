"""A fixture passes only if its answer, the ledger and Flyte all are as documented."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from events.situations import SITUATIONS
from local.sam.stage import Seen, differences

MIXED = replace(SITUATIONS[0], rejected={"uploads/x.jpg": "too dark"})
AS_DOCUMENTED = Seen(
    launched=frozenset({"upload"}),
    rejected={"uploads/x.jpg": "too dark"},
    recorded={"nst-1": "inputs"},
    running={"nst-1": "inputs"},
)


def test_what_is_documented_makes_no_difference() -> None:
    assert differences(MIXED, MIXED.answer, AS_DOCUMENTED) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"launched": frozenset()}, "launched uploads in the ledger: 0, not 1"),
        ({"rejected": {}}, "rejections in the ledger: {}, not {'uploads/x.jpg': 'too dark'}"),
        ({"running": {"nst-1": "others"}}, "inputs in Flyte"),
        ({"running": {"nst-2": "inputs"}}, "inputs in Flyte"),
        ({"running": {}}, "executions in Flyte: 0, not 1"),
    ],
)
def test_what_is_left_behind_counts(change: dict[str, Any], told: str) -> None:
    # GIVEN the documented answer, but something else in the ledger or in Flyte
    seen = replace(AS_DOCUMENTED, **change)

    # THEN it is told
    assert any(line.startswith(told) for line in differences(MIXED, MIXED.answer, seen))


def test_the_answer_counts() -> None:
    answer = {"batchItemFailures": [{"itemIdentifier": "a message"}]}

    (line,) = differences(MIXED, answer, AS_DOCUMENTED)

    assert line.startswith("answer: ")
