"""The drawings: of the template that there is, with what a run measured."""

from __future__ import annotations

import copy
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from local.dashboard.body import AlarmRow, Graph, LogTable, alarms, dashboard
from local.dashboard.draw import draw
from local.dashboard.page import Page, ShownAlarms, ShownGraph, ShownTable, compose
from local.dashboard.png import COLUMN, DPI, draw_png
from local.dashboard.recording import LogLine, Recording, Sample
from local.dashboard.references import References
from local.dashboard.states import State
from local.dashboard.web import draw_web_page
from local.template import load_template

TEMPLATE = load_template()
BEGIN = 1_795_334_400


def emf(moment: float, values: dict[str, Any], **dimensions: str) -> str:
    directive = {
        "Namespace": "nst",
        "Dimensions": [list(dimensions)],
        "Metrics": [{"Name": name} for name in values],
    }
    head = {"Timestamp": int(moment * 1000), "CloudWatchMetrics": [directive]}
    return json.dumps({"_aws": head, **dimensions, **values})


@pytest.fixture(scope="module")
def recording() -> Recording:
    """Two minutes in which two uploads are launched, one is rejected, and a letter dies."""
    told = [
        (
            "dispatcher",
            emf(BEGIN, {"UploadsReceived": [3], "UploadsLaunched": [2]}, service="dispatcher"),
        ),
        (
            "dispatcher",
            emf(BEGIN, {"UploadsRejected": [1]}, service="dispatcher", reason="too_big"),
        ),
        ("dispatcher", json.dumps({"message": "upload rejected", "reason": "<too> big"})),
        ("dispatcher", "REPORT RequestId: 1\tDuration: 321 ms"),
        ("tracker", emf(BEGIN + 90, {"UploadSeconds": [80, 90]}, service="tracker")),
    ]
    logs = [LogLine(f"/aws/lambda/nst-{name}", BEGIN + 1, line) for name, line in told]
    return Recording(logs, [Sample(BEGIN + at, 3, 0, at // 60) for at in range(120)])


@pytest.fixture(scope="module")
def page(recording: Recording) -> Page:
    return compose(TEMPLATE, recording, stack="nst")


@pytest.fixture(scope="module")
def picture(page: Page) -> bytes:
    return draw_png(page)


@pytest.fixture(scope="module")
def document(page: Page) -> str:
    return draw_web_page(page)


def graph(page: Page, title: str) -> ShownGraph:
    (found,) = (
        each for each in page.shown if isinstance(each, ShownGraph) and each.graph.title == title
    )
    return found


def test_graphs_show_what_was_measured(page: Page) -> None:
    uploads = {curve.label: curve.points for curve in graph(page, "Uploads").curves}
    assert list(uploads["announced"].values()) == [3.0]
    assert list(uploads["launched"].values()) == [2.0]

    percentiles = {c.label: c.points for c in graph(page, "From upload to picture").curves}
    assert [list(percentiles[stat].values()) for stat in ("p50", "p90")] == [[80.0], [90.0]]


def test_a_search_becomes_a_curve_for_each_value_that_was_met(page: Page) -> None:
    (curve,) = graph(page, "Rejected before launch, by reason").curves

    assert curve.label == "too_big"
    assert list(curve.points.values()) == [1.0]


def test_a_short_run_gets_a_short_period(page: Page) -> None:
    assert {each.graph.period for each in page.shown if isinstance(each, ShownGraph)} == {5}


def test_alarms_tell_how_they_stood_at_the_end(page: Page) -> None:
    (row,) = (each for each in page.shown if isinstance(each, ShownAlarms))

    states = dict(row.states)
    assert states["DlqNotEmpty"] is State.ALARM
    assert states["DispatcherErrors"] is State.OK


def test_tables_show_what_their_queries_find(page: Page) -> None:
    tables = {each.title: each.table for each in page.shown if isinstance(each, ShownTable)}

    assert tables["Why uploads were rejected or failed"].rows == (("<too> big", "1"),)


def test_the_picture_has_the_shape_of_the_grid(picture: bytes) -> None:
    opened = Image.open(io.BytesIO(picture))

    assert opened.format == "PNG"
    assert opened.width == round(24 * COLUMN * DPI)
    assert len(opened.convert("RGB").getcolors(100_000) or []) > 20


def test_a_change_of_the_template_changes_the_picture(recording: Recording, picture: bytes) -> None:
    changed = copy.deepcopy(TEMPLATE)
    body = changed["Resources"]["Dashboard"]["Properties"]["DashboardBody"]
    body["Fn::Sub"] = body["Fn::Sub"].replace('"Uploads"', '"Photos that came"')

    assert draw_png(compose(changed, recording, stack="nst")) != picture


class Words(HTMLParser):
    """All words of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())


def test_the_web_page_says_all_that_the_template_says(document: str) -> None:
    reader = Words()
    reader.feed(document)
    said = "\n".join(reader.words)

    references = References(TEMPLATE)
    for widget in dashboard(TEMPLATE, references):
        match widget:
            case Graph():
                assert widget.title in said
                assert all(threshold.label in said for threshold in widget.thresholds)
                searches = [line for line in widget.lines if line.expression.startswith("SEARCH")]
                shown = [line for line in widget.lines if line.visible and line not in searches]
                assert all(line.label in said for line in shown)
            case LogTable() | AlarmRow():
                assert widget.title in said
    assert all(alarm.logical_id in said for alarm in alarms(TEMPLATE, references))


def test_the_web_page_needs_nothing_beside_it_and_escapes_what_it_shows(document: str) -> None:
    assert "&lt;too&gt; big" in document
    assert "<script" not in document
    assert "<link" not in document
    assert 'href="docs/operate.md#dlq-not-empty"' in document


def test_a_run_of_nothing_can_be_drawn(tmp_path: Path) -> None:
    draw(Recording(), tmp_path / "new")

    assert "no data in this run" in (tmp_path / "new" / "dashboard.html").read_text()
    assert {each.name for each in (tmp_path / "new").iterdir()} == {
        "dashboard.png",
        "dashboard.html",
        "recording.json",
    }


def test_the_web_page_calls_no_two_things_the_same(document: str) -> None:
    ids = re.findall(r'\bid="([^"]*)"', document)

    assert ids
    assert len(ids) == len(set(ids))
