"""Executions and manifests as the tests of the tracker need them."""

from __future__ import annotations

import json
from typing import Any

from services.core.ledger_rows import ExecutionRecord
from services.core.model import Execution, ExecutionStatus, LaunchPlan

PLAN = LaunchPlan("flytesnacks", "development", "style_transfer", "v1")


def execution(name: str = "nst-one", uploads: tuple[str, ...] = ("a", "b")) -> Execution:
    members = [
        {"id": id_, "bucket": "u", "key": f"uploads/{id_}", "version_id": ""} for id_ in uploads
    ]
    style = {"name": "mosaic", "bucket": "u", "key": "styles/mosaic.jpg", "version_id": ""}
    return Execution(
        name, PLAN, {"uploads": members, "style": style, "options": {}, "results": "r"}
    )


def record(
    status: ExecutionStatus = ExecutionStatus.LAUNCHED,
    name: str = "nst-one",
    uploads: tuple[str, ...] = ("a", "b"),
) -> ExecutionRecord:
    return ExecutionRecord(execution(name, uploads), status)


def manifest(name: str = "nst-one", uploads: tuple[str, ...] = ("a", "b"), **more: Any) -> bytes:
    members = [
        {
            "id": id_,
            "key": f"uploads/{id_}",
            "status": "SUCCEEDED",
            "reason": "",
            "picture": f"results/{id_}/stylized.jpg",
            "seconds": 12.5,
        }
        for id_ in uploads
    ]
    content = {
        "execution": name,
        "status": "SUCCEEDED",
        "reason": "",
        "style": "mosaic",
        "options": {},
        "uploads": members,
        "finished_at": "2026-11-22T09:00:00.000Z",
    }
    return json.dumps(content | more).encode()
