"""Dashboard and code name the same things: each is read from the template, or really printed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from local.dashboard import insights
from local.dashboard.body import (
    AlarmRow,
    Graph,
    Identity,
    LogTable,
    alarms,
    dashboard,
)
from local.dashboard.measurements import read_emf
from local.dashboard.references import References
from local.template import load_template
from services.core.metrics import Age, Metric
from tests.unit.dashboard.contract import complaints

ROOT = Path(__file__).resolve().parents[3]
TEMPLATE = load_template()
REFERENCES = References(TEMPLATE, known={"FlyteEndpoint": "127.0.0.1:1"})
WIDGETS = dashboard(TEMPLATE, REFERENCES)
ALARMS = alarms(TEMPLATE, REFERENCES)
FUNCTIONS = {"dispatcher": "DispatcherFunction", "tracker": "TrackerFunction"}
COLUMNS = 24


def played(function: str, *renamed: str) -> list[str]:
    """Run a function through everything that can happen to it; return the lines that it prints."""
    own = TEMPLATE["Resources"][FUNCTIONS[function]]["Properties"]["Environment"]["Variables"]
    common = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
    given = {"FlyteLaunchPlanVersion": "v1", "FlyteEndpoint": "127.0.0.1:1"}
    references = References(TEMPLATE, known=given)
    environment = {
        name: str(references.fill_all(each))
        for name, each in {**common, **own}.items()
        if name != "AWS_ENDPOINT_URL"
    }
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "POWERTOOLS_"))}
    aws = {"AWS_DEFAULT_REGION": "eu-west-1"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.unit.dashboard.play", function, *renamed],
        cwd=ROOT,
        env={**inherited, **environment, **aws},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def printed() -> dict[str, list[str]]:
    """The lines that each function prints."""
    return {function: played(function) for function in FUNCTIONS}


def metrics_in(*outputs: list[str]) -> set[Identity]:
    return {told.metric for lines in outputs for line in lines for told in read_emf(line)}


def test_all_that_is_shown_is_printed_and_all_that_is_printed_is_shown(
    printed: dict[str, list[str]],
) -> None:
    assert complaints(WIDGETS, ALARMS, metrics_in(*printed.values())) == []


def test_what_is_played_makes_the_functions_print_every_metric_there_is(
    printed: dict[str, list[str]],
) -> None:
    names = {metric.name for metric in metrics_in(*printed.values())}

    assert names - {"ColdStart"} == set(Metric)  # Powertools counts cold starts by itself


@pytest.mark.parametrize(
    ("function", "member", "name"),
    [
        ("dispatcher", "UPLOADS_LAUNCHED", "UploadsLaunched"),
        ("dispatcher", "LAUNCH_ERRORS", "LaunchErrors"),
        ("tracker", "EXECUTIONS_IN_FLIGHT", "ExecutionsInFlight"),
    ],
)
def test_a_metric_that_is_renamed_in_the_code_is_noticed(
    printed: dict[str, list[str]], function: str, member: str, name: str
) -> None:
    # WHEN a function calls a metric by another name
    others = {other: lines for other, lines in printed.items() if other != function}
    told = metrics_in(played(function, f"{member}=Renamed"), *others.values())

    # THEN what looks at the old name is told, and that nothing shows the new one
    found = complaints(WIDGETS, ALARMS, told)
    assert any(f"no function prints {name}" in each for each in found)
    assert any("nothing shows nst Renamed" in each for each in found)


def test_each_metric_that_is_renamed_in_the_template_is_noticed(
    printed: dict[str, list[str]],
) -> None:
    told = metrics_in(*printed.values())
    for name in {metric.name for metric in told}:
        # WHEN dashboard and alarms call a metric by another name
        text = json.dumps(TEMPLATE).replace(f'\\"{name}\\"', '\\"Renamed\\"')
        text = text.replace(f'MetricName=\\\\\\"{name}\\\\\\"', 'MetricName=\\\\\\"Renamed\\\\\\"')
        template = json.loads(text.replace(f'"MetricName": "{name}"', '"MetricName": "Renamed"'))
        references = References(template, known={"FlyteEndpoint": "127.0.0.1:1"})

        # THEN that is noticed
        found = complaints(dashboard(template, references), alarms(template, references), told)
        assert any(f"nothing shows nst {name} " in each for each in found), name
        assert any("Renamed" in each for each in found), name


def test_a_dimension_that_is_renamed_is_noticed(printed: dict[str, list[str]]) -> None:
    text = json.dumps(TEMPLATE).replace('\\"outcome\\"', '\\"result\\"')
    template = json.loads(text)

    found = complaints(dashboard(template, REFERENCES), ALARMS, metrics_in(*printed.values()))

    assert any("no function prints nst FlyteCalls by result=answered" in each for each in found)


def test_a_metric_that_aws_does_not_publish_is_noticed(printed: dict[str, list[str]]) -> None:
    text = json.dumps(TEMPLATE).replace("ApproximateAgeOfOldestMessage", "AgeOfOldestMessage")
    template = json.loads(text)

    found = complaints(
        dashboard(template, REFERENCES),
        alarms(template, REFERENCES),
        metrics_in(*printed.values()),
    )

    assert len([each for each in found if "AWS publishes no" in each]) == 2


def test_what_aws_publishes_is_asked_of_resources_of_this_stack() -> None:
    names = {
        REFERENCES.fill(f"${{{logical_id}}}")
        for logical_id, each in TEMPLATE["Resources"].items()
        if each["Type"].split("::")[1] in ("SQS", "Serverless", "DynamoDB")
    }
    graphs = [widget for widget in WIDGETS if isinstance(widget, Graph)]
    lines = [line for each in (*graphs, *ALARMS) for line in each.lines if line.metric]

    asked = {
        value
        for line in lines
        if line.metric and line.metric.namespace.startswith("AWS/")
        for _, value in line.metric.dimensions
    }

    assert asked <= names


def test_there_are_no_metric_filters_beside_the_metrics_that_functions_print() -> None:
    # A filter over log lines would be a second place where a metric is named.
    kinds = {each["Type"] for each in TEMPLATE["Resources"].values()}

    assert "AWS::Logs::MetricFilter" not in kinds


LOG_TABLES = [widget for widget in WIDGETS if isinstance(widget, LogTable)]


@pytest.mark.parametrize("table", LOG_TABLES, ids=lambda table: table.title)
def test_a_query_finds_the_lines_that_it_is_for(
    printed: dict[str, list[str]], table: LogTable
) -> None:
    # GIVEN what the functions printed, in their log groups
    groups = {f"/aws/lambda/nst-{function}": lines for function, lines in printed.items()}
    assert set(table.groups) <= set(groups)
    lines = [line for group in table.groups for line in groups[group]]
    records = [insights.record_of(0, line) for line in lines]

    # THEN the fields that it names are fields of such lines, and it finds some
    known = {field for record in records for field in record}
    assert insights.fields_in(table.query) <= known
    found = insights.run(table.query, records)
    assert found.rows
    for column, name in enumerate(found.columns):
        assert any(row[column] for row in found.rows), f"{name} is always empty"


@pytest.mark.parametrize("table", LOG_TABLES, ids=lambda table: table.title)
def test_a_message_that_is_reworded_is_noticed(
    printed: dict[str, list[str]], table: LogTable
) -> None:
    # WHEN log lines say and name things differently
    lines = [line for each in printed.values() for line in each]
    reworded = [
        line.replace("upload rejected", "no thanks")
        .replace("upload ended", "done")
        .replace('"level"', '"severity"')
        for line in lines
    ]

    # THEN the query finds nothing
    assert insights.run(table.query, [insights.record_of(0, line) for line in reworded]).rows == ()


def test_widgets_fill_the_grid_without_overlap() -> None:
    cells: dict[tuple[int, int], Any] = {}
    for widget in WIDGETS:
        place = widget.place
        assert place.x >= 0
        assert place.x + place.width <= COLUMNS
        for x in range(place.x, place.x + place.width):
            for y in range(place.y, place.y + place.height):
                assert (x, y) not in cells, f"{widget} lies upon {cells[x, y]}"
                cells[x, y] = widget
    height = max(y for _, y in cells) + 1
    assert len(cells) == COLUMNS * height


def test_durations_are_shown_as_percentiles() -> None:
    lines = [line for each in WIDGETS if isinstance(each, Graph) for line in each.lines]
    durations = [
        line
        for line in lines
        if line.metric and line.metric.name.endswith(("Seconds", "Duration", "Fill"))
    ]

    assert durations
    assert all(line.stat.startswith("p") for line in durations)
    assert "Average" not in {line.stat for line in lines}


def test_ages_are_shown_in_their_order() -> None:
    (graph,) = (each for each in WIDGETS if isinstance(each, Graph) and "by age" in each.title)

    assert [line.label for line in graph.lines] == list(Age)


def test_the_row_of_alarms_shows_them_all() -> None:
    (row,) = (widget for widget in WIDGETS if isinstance(widget, AlarmRow))

    assert sorted(row.alarms) == sorted(alarm.arn for alarm in ALARMS)
