"""The function as Lambda starts it: in a process of its own, from its environment alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.dispatcher_start import SETTINGS

ROOT = Path(__file__).parents[3]

# What a start must not import: Flyte's SDK, and what only some functions or failures need.
UNNEEDED = {
    "flytekit",
    "tensorflow",
    "workflows",
    "boto3",
    "pydantic",
    "requests",
    "oauthlib",
    "aws_xray_sdk",
}

_START = """
import gc, json, sys
from services.dispatcher.app import handler
from tests.fakes.dispatcher import Context
loaded = sorted(name for name in sys.modules if "." not in name)
answer = handler({event}, Context())
print("TOLD", json.dumps({{"answer": answer, "loaded": loaded, "gc": gc.isenabled()}}))
"""


def start(event: object, **environment: str) -> tuple[dict[str, Any], str]:
    """Start the function and hand it an event; return what it told, and all it printed."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "POWERTOOLS_"))}
    done = subprocess.run(
        [sys.executable, "-c", _START.format(event=event)],
        cwd=ROOT,
        env={**inherited, **SETTINGS, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    told = [line for line in done.stdout.splitlines() if line.startswith("TOLD")]
    assert told, done.stderr
    return json.loads(told[0].removeprefix("TOLD")), done.stdout + done.stderr


def test_an_event_that_is_none_is_answered_and_not_traced_back() -> None:
    told, printed = start({})

    assert "this function takes batches of SQS messages" in told["answer"]["error"]
    assert "Traceback" not in printed


def test_a_start_imports_nothing_that_it_does_not_need() -> None:
    told, _ = start({"Records": []})

    assert told["answer"] == {"batchItemFailures": []}
    assert UNNEEDED & set(told["loaded"]) == set()


def test_garbage_is_collected_once_the_start_is_over() -> None:
    assert start({"Records": []})[0]["gc"] is True


def test_a_cold_start_is_counted() -> None:
    _, printed = start({"Records": []})

    assert '"ColdStart":[1.0]' in printed.replace(" ", "")


def test_traces_are_made_where_somebody_takes_them() -> None:
    told, printed = start(
        {"Records": []},
        LAMBDA_TASK_ROOT="/var/task",
        AWS_XRAY_DAEMON_ADDRESS="127.0.0.1:2000",
        _X_AMZN_TRACE_ID="Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0",
    )

    assert told["answer"] == {"batchItemFailures": []}
    assert "aws_xray_sdk" in told["loaded"]
    assert "Traceback" not in printed


@pytest.mark.parametrize("missing", ["UPLOADS_BUCKET", "FLYTE_ENDPOINT"])
def test_an_environment_that_is_incomplete_is_told_by_name(missing: str) -> None:
    with pytest.raises(AssertionError, match=f"SettingsError: {missing} is not set"):
        start({}, **{missing: ""})
