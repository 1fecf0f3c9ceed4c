"""Alarms: what each promises, and that it fires when it should and at no other time."""

from __future__ import annotations

import re
from typing import Any

import pytest

from local.dashboard.body import Alarm, Graph, Identity, alarms, dashboard
from local.dashboard.measurements import Measured, Measurements
from local.dashboard.references import References
from local.dashboard.states import State, state
from local.template import load_template, with_plain_alarms

TEMPLATE = load_template()
REFERENCES = References(TEMPLATE)
ALARMS = {alarm.logical_id: alarm for alarm in alarms(TEMPLATE, REFERENCES)}
NAMES = {
    "DlqNotEmpty",
    "OldestMessageTooOld",
    "NoLaunchWhileUploadsWait",
    "LaunchFailureRate",
    "DispatcherErrors",
    "TrackerErrors",
    "ExecutionsOverdue",
    "LedgerThrottled",
}
# What silence means: for each alarm somebody has to have thought of it.
MISSING = dict.fromkeys(NAMES, "notBreaching") | {
    "DlqNotEmpty": "ignore",
    "ExecutionsOverdue": "breaching",
}
MINUTES = 60
NOW = 1_795_334_400.0  # a multiple of every period


def every_alarm() -> Any:
    return pytest.mark.parametrize("alarm", ALARMS.values(), ids=list(ALARMS))


def test_there_is_an_alarm_for_all_that_needs_a_person() -> None:
    assert set(ALARMS) == NAMES


@every_alarm()
def test_an_alarm_has_judged_silence(alarm: Alarm) -> None:
    assert alarm.missing == MISSING[alarm.logical_id]


@every_alarm()
def test_an_alarm_leads_to_its_entry_in_the_runbook(alarm: Alarm) -> None:
    anchor = re.sub(r"(?<!^)(?=[A-Z])", "-", alarm.logical_id).lower()

    assert alarm.description.endswith(f" docs/operate.md#{anchor}")


@every_alarm()
def test_an_alarm_tells_the_topic_when_it_begins_and_when_it_is_over(alarm: Alarm) -> None:
    said = TEMPLATE["Resources"][alarm.logical_id]["Properties"]

    assert said["AlarmActions"] == said["OKActions"] == [{"Ref": "AlarmTopic"}]
    assert said["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"


@every_alarm()
def test_the_threshold_of_an_alarm_is_drawn(alarm: Alarm) -> None:
    if alarm.logical_id == "NoLaunchWhileUploadsWait":
        return  # yes or no, out of three metrics: it has no threshold of its own on a graph
    drawn = {
        threshold.value
        for graph in dashboard(TEMPLATE, REFERENCES)
        if isinstance(graph, Graph)
        for threshold in graph.thresholds
        if alarm.logical_id in threshold.label
    }

    assert drawn == {alarm.threshold}


def queue(name: str, which: str = "nst-uploads") -> Identity:
    return Identity("AWS/SQS", name, frozenset({("QueueName", which)}))


def function(name: str, which: str) -> Identity:
    return Identity("AWS/Lambda", name, frozenset({("FunctionName", f"nst-{which}")}))


def table(name: str) -> Identity:
    return Identity("AWS/DynamoDB", name, frozenset({("TableName", "nst-LedgerTable")}))


def ours(name: str, service: str, **dimensions: str) -> Identity:
    return Identity("nst", name, frozenset({"service": service, **dimensions}.items()))


WAITING = queue("ApproximateNumberOfMessagesVisible")
HIDDEN = queue("ApproximateNumberOfMessagesNotVisible")
DELETED = queue("NumberOfMessagesDeleted")
DEAD = queue("ApproximateNumberOfMessagesVisible", "nst-uploads-dead-letters")
AGE = queue("ApproximateAgeOfOldestMessage")
LAUNCHED = ours("ExecutionsLaunched", "dispatcher")
LAUNCH_ERRORS = ours("LaunchErrors", "dispatcher")
OVERDUE = ours("ExecutionsInFlight", "tracker", age="over 120 min")

Values = dict[Identity, float]


@pytest.mark.parametrize(
    ("name", "calm", "alarming"),
    [
        ("DlqNotEmpty", {DEAD: 0}, {DEAD: 1}),
        ("OldestMessageTooOld", {AGE: 600}, {AGE: 901}),
        (
            "NoLaunchWhileUploadsWait",
            {WAITING: 100, HIDDEN: 100, DELETED: 1},
            {WAITING: 0, HIDDEN: 3, DELETED: 0},
        ),
        (
            "LaunchFailureRate",
            {LAUNCHED: 10, LAUNCH_ERRORS: 9},
            {LAUNCHED: 0, LAUNCH_ERRORS: 1},
        ),
        (
            "DispatcherErrors",
            {function("Errors", "dispatcher"): 0},
            {function("Errors", "dispatcher"): 1},
        ),
        ("TrackerErrors", {function("Errors", "tracker"): 0}, {function("Errors", "tracker"): 1}),
        ("ExecutionsOverdue", {OVERDUE: 0}, {OVERDUE: 1}),
        # DynamoDB tells of the one kind of throttle without the other.
        ("LedgerThrottled", {}, {table("WriteThrottleEvents"): 1}),
    ],
)
def test_an_alarm_fires_when_it_should_and_not_before(
    name: str, calm: Values, alarming: Values
) -> None:
    alarm = ALARMS[name]
    assert state(alarm, lasting(calm), NOW) is State.OK
    assert state(alarm, lasting(alarming), NOW) is State.ALARM


@every_alarm()
def test_silence_is_no_alarm_but_for_a_patrol_that_does_not_run(alarm: Alarm) -> None:
    expected = {
        "DlqNotEmpty": State.INSUFFICIENT_DATA,  # CloudWatch keeps the state that there was
        "ExecutionsOverdue": State.ALARM,
    }

    assert state(alarm, Measurements(), NOW) is expected.get(alarm.logical_id, State.OK)


def test_one_bad_minute_is_no_alarm_where_things_mend_themselves() -> None:
    for name, metric in (("OldestMessageTooOld", AGE), ("ExecutionsOverdue", OVERDUE)):
        measurements = lasting({metric: 0.0}, until=NOW - 5 * MINUTES)
        measurements.add(Measured(metric, NOW, (10_000.0,)))

        assert state(ALARMS[name], measurements, NOW) is State.OK


def test_on_one_machine_an_alarm_has_one_metric_and_is_otherwise_the_same() -> None:
    local = with_plain_alarms(TEMPLATE)

    for name in NAMES:
        said, plain = (each["Resources"][name]["Properties"] for each in (TEMPLATE, local))
        assert "Metrics" not in plain
        assert plain["MetricName"]
        assert plain["AlarmName"] == said["AlarmName"]
        assert plain["Threshold"] == said["Threshold"]


def lasting(values: Values, *, until: float = NOW) -> Measurements:
    """Return what is measured when each minute of half an hour has the same values."""
    measurements = Measurements()
    for metric, value in values.items():
        for minute in range(30):
            measurements.add(Measured(metric, until - minute * MINUTES, (value,)))
    return measurements
