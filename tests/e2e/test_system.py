"""The whole system: real S3 events, the real Lambda, real gRPC, real child processes, real VGG19.

Small pictures; everything else is as in production.
"""

import io
import json
import os
import signal
import struct
import subprocess
import time
import zlib
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import grpc
import pytest
from flyteidl.admin import common_pb2
from flyteidl.service import admin_pb2_grpc
from PIL import Image
from rich.console import Console

from local import demo, system
from local.dashboard.page import ShownGraph, compose
from local.dashboard.recording import Recording
from local.deploy import STACK, task_caller
from local.state import alive
from local.template import load_template
from local.view import watch

SMALL = {"size": "96", "quality": "preview"}


def ends(client, *sent, timeout=180):
    """Wait until uploads have reached their end, and return their rows."""
    quiet = Console(file=io.StringIO())
    records = watch(client, sent, quiet, timeout, lambda: datetime.now(UTC))
    return [records[one.id] for one in sent]


def eventually(look, timeout=60):
    """Look until there is something to see."""
    deadline = time.monotonic() + timeout
    while not (found := look()):
        assert time.monotonic() < deadline, f"nothing to see after {timeout} s"
        time.sleep(0.2)
    return found


def test_the_demo_paints_photos_in_two_styles_once_each_and_rejects_a_broken_file(client, tmp_path):
    # WHEN photos in two styles, a broken one and a doubled notification go through the system
    demo.run(client, demo.scene(), tmp_path / "demo", Console(), options=SMALL)

    # THEN every photo was painted, and the broken file is rejected with a reason for people
    report = json.loads((tmp_path / "demo" / "report.json").read_text())
    ended = {upload["key"].split("/")[-1]: upload for upload in report["uploads"]}
    torn = ended.pop(demo.TORN)
    assert {upload["status"] for upload in ended.values()} == {"SUCCEEDED"}
    assert torn["status"] == "REJECTED"
    assert "the photo" in torn["reason"]
    for upload in ended.values():
        assert max(Image.open(upload["picture"]).size) == 96

    # and there is one execution per style, for all notifications
    assert report["notifications"] == 1 + len(report["uploads"])
    assert len(report["executions"]) == len({upload["style"] for upload in report["uploads"]})
    assert sorted(key for one in report["executions"] for key in one["uploads"]) == sorted(
        upload["key"] for upload in report["uploads"]
    )
    assert (tmp_path / "demo" / "contact-sheet.png").stat().st_size > 0


def test_the_dashboard_shows_what_was_done(client, running, home):
    def shown():
        page = compose(load_template(), Recording.of(running, home), stack=STACK)
        graphs = [each for each in page.shown if isinstance(each, ShownGraph)]
        return {
            f"{each.graph.title}: {curve.label}": sum(curve.points.values())
            for each in graphs
            for curve in each.curves
        }

    # GIVEN what the ledger knows of all uploads so far
    records = client.all_records()
    ended = Counter(str(record.status) for record in records)
    executions = {record.execution for record in records if record.execution}

    # THEN the lines that the functions printed add up to it
    told = eventually(lambda: (now := shown())["Executions: succeeded"] == len(executions) and now)
    assert told["Uploads: announced"] == len(records) + told["Uploads: announced again"]
    assert told["Uploads: announced again"] >= 1
    assert told["Uploads: launched"] == len(records)
    assert told["Results: pictures"] == ended["SUCCEEDED"]
    assert told["Results: rejected while painting"] == ended["REJECTED"]
    assert told["Functions: errors and throttles: dispatcher errors"] == 0
    assert told["Processor seconds per picture: p50"] > 0


def test_flyte_was_asked_once_per_batch(client, running):
    # GIVEN all that the ledger knows of
    names = {record.execution for record in client.all_records() if record.execution}

    # THEN Flyte knows the same executions, no more and no fewer
    assert set(executions_in_flyte(running)) == names


@pytest.mark.parametrize(
    ("name", "data", "style", "options", "reason"),
    [
        ("a.jpg", b"\xff\xd8", "nowhere", {}, "style 'nowhere' is not in styles/: great-wave"),
        ("b.jpg", b"\xff\xd8", "mosaic", {"strength": "7"}, "strength must be"),
        ("c.jpg", b"", "mosaic", {}, "empty"),
        ("d.jpg", b"Dear photo, ", "mosaic", SMALL, "not a picture nst can read"),
        ("e.png", "bomb", "mosaic", SMALL, "million pixels"),
    ],
    ids=["unknown style", "option out of range", "empty file", "text", "bomb"],
)
def test_what_cannot_be_painted_is_rejected_with_a_reason(
    client, name, data, style, options, reason
):
    # WHEN
    sent = client.upload(bomb() if data == "bomb" else data, name, style, options)

    # THEN
    (record,) = ends(client, sent)
    assert record.status == "REJECTED"
    assert reason in record.reason


def test_uploads_wait_while_flyte_is_down_and_are_launched_once_it_is_back(client, running, home):
    # GIVEN Flyte is gone
    os.kill(running.pids["Flyte"], signal.SIGTERM)
    eventually(lambda: not alive(running.pids["Flyte"]))

    # WHEN photos are uploaded
    sent = [client.upload(photo(n), f"waiting-{n}.jpg", "mosaic", SMALL) for n in range(2)]
    eventually(lambda: len(client.records(one.id for one in sent)) == len(sent))

    # THEN they are claimed, not lost and not failed, and the reason is told
    records = client.records(one.id for one in sent).values()
    assert {record.status for record in records} == {"CLAIMED"}

    # and once Flyte is back, each is painted, in exactly one execution
    restart_flyte(running, home)
    records = ends(client, *sent)
    assert {record.status for record in records} == {"SUCCEEDED"}
    names = [record.execution for record in records]
    known = executions_in_flyte(running)
    assert all(known.count(name) == 1 for name in names)
    assert client.depths().dead == 0


def test_a_task_killed_in_the_middle_resumes_from_its_checkpoint(client):
    # GIVEN a picture that is being painted
    slow = {"size": "160", "quality": "standard"}
    sent = client.upload(photo(7), "killed.jpg", "mosaic", slow)
    eventually(lambda: client.progress(sent.id), timeout=120)

    # WHEN its process is killed
    for pid in painting():
        os.kill(pid, signal.SIGKILL)

    # THEN the next attempt takes up what the first had saved
    (record,) = ends(client, sent)
    assert record.status == "SUCCEEDED"
    result = json.loads(client.fetch(f"results/{sent.id}/result.json"))
    assert 0 < result["resumed_from"] < result["evaluations"]
    evaluations = [point[0] for point in result["loss"]]
    assert evaluations == list(range(1, result["evaluations"] + 1))


def photo(seed):
    """A small photo, different for each seed."""
    file = io.BytesIO()
    Image.radial_gradient("L").rotate(seed * 10).convert("RGB").save(file, "JPEG")
    return file.getvalue()


def bomb(side=30_000):
    """A PNG of a few hundred kilobytes that unpacks to 900 million pixels."""

    def chunk(kind, body):
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(side * (1 + (side + 7) // 8)), 9)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def executions_in_flyte(running):
    """Names of all executions that Flyte knows."""
    with grpc.insecure_channel(running.flyte_endpoint) as channel:
        place = common_pb2.NamedEntityIdentifier(project=system.PROJECT, domain=system.DOMAIN)
        request = common_pb2.ResourceListRequest(id=place, limit=100)
        listed = admin_pb2_grpc.AdminServiceStub(channel).ListExecutions(request)
    return [execution.id.name for execution in listed.executions]


def restart_flyte(running, home):
    """Start Flyte again, with what it had stored."""
    tasks = task_caller(running.aws, running.stack)
    pid = system.start_flyte(home, running.flyte_endpoint, tasks)
    replace(running, pids={**running.pids, "Flyte": pid}).save(home)


def painting():
    """Process ids of the tasks that paint right now."""
    listed = subprocess.run(
        ["pgrep", "-f", "pyflyte-map-execute.*stylize"], capture_output=True, text=True, check=False
    )
    return [int(pid) for pid in listed.stdout.split()]
