"""The environment of the functions, read and checked once, at cold start.

A frozen dataclass per function instead of pydantic-settings: importing that takes half as long as
everything else that the dispatcher needs to start (see `benchmarks/dispatcher_start.py`).
"""

from __future__ import annotations

import os
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

MEBIBYTE = 1024 * 1024


class SettingsError(ValueError):
    """The environment is incomplete or wrong; the message names every variable concerned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionSettings:
    """What every function needs: the ledger, the results, and where Flyte is.

    Without a client id nobody logs in to Flyte.
    """

    results_bucket: str
    ledger_table: str
    ledger_retention_days: int = field(default=90, metadata={"range": (1, 3650)})
    flyte_endpoint: str
    flyte_insecure: bool = False
    flyte_client_id: str = ""
    flyte_client_secret_arn: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatcherSettings(FunctionSettings):
    """The dispatcher's environment."""

    uploads_bucket: str
    uploads_queue_url: str
    flyte_project: str
    flyte_domain: str
    flyte_launch_plan: str
    flyte_launch_plan_version: str
    default_style: str
    # 99: a claim is one DynamoDB transaction of the uploads and their execution, 100 items at most.
    max_uploads_per_execution: int = field(default=25, metadata={"range": (1, 99)})
    max_upload_bytes: int = field(default=50 * MEBIBYTE, metadata={"range": (1, 5 * 1024**4)})


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackerSettings(FunctionSettings):
    """The tracker's environment."""


Settings = TypeVar("Settings", bound=FunctionSettings)


def load(model: type[Settings], environment: Mapping[str, str] = os.environ) -> Settings:
    """Read a function's settings; the variable of a field is its name in capitals.

    Raises
    ------
    SettingsError
        When variables are missing or wrong; the message names all of them.
    """
    values: dict[str, Any] = {}
    problems: list[str] = []
    for each in fields(model):
        variable = each.name.upper()
        text = environment.get(variable, "").strip()
        if not text:
            if each.default is MISSING:
                problems.append(f"{variable} is not set")
            continue
        try:
            values[each.name] = _read(each, text)
        except ValueError as error:
            problems.append(f"{variable} must be {error}, not '{text}'")
    if problems:
        raise SettingsError("; ".join(problems))
    return model(**values)


def _read(each: Field[Any], text: str) -> str | int | bool:
    match each.type:
        case "int":
            low, high = each.metadata["range"]
            if not text.isdecimal() or not low <= int(text) <= high:
                message = f"a whole number from {low} to {high}"
                raise ValueError(message)
            return int(text)
        case "bool":
            if text.lower() not in ("true", "false"):
                message = "true or false"
                raise ValueError(message)
            return text.lower() == "true"
    return text


def metrics_namespace(environment: Mapping[str, str] = os.environ) -> str:
    """Name the metrics' namespace: on AWS the name of the stack, as there may be several."""
    return environment.get("POWERTOOLS_METRICS_NAMESPACE", "") or "nst"


def tracing_available(environment: Mapping[str, str] = os.environ) -> bool:
    """Tell whether there is an X-Ray daemon to send traces to; Lambda says so by its address."""
    off = environment.get("POWERTOOLS_TRACE_DISABLED", "").lower() in ("true", "1")
    return bool(environment.get("AWS_XRAY_DAEMON_ADDRESS")) and not off
