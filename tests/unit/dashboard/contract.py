"""What dashboard and alarms say of metrics, held against what the functions print."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from local.dashboard.body import Alarm, Graph, Identity, Line, Widget
from local.dashboard.expressions import names_in, search_of

# What AWS publishes by itself (user guides of SQS, Lambda and DynamoDB, "CloudWatch metrics"):
# as far as it can be asked of one queue, one function, one table.
PUBLISHED_BY_AWS: dict[str, tuple[str, frozenset[str]]] = {
    "AWS/SQS": (
        "QueueName",
        frozenset(
            {
                "ApproximateAgeOfOldestMessage",
                "ApproximateNumberOfMessagesDelayed",
                "ApproximateNumberOfMessagesNotVisible",
                "ApproximateNumberOfMessagesVisible",
                "NumberOfEmptyReceives",
                "NumberOfMessagesDeleted",
                "NumberOfMessagesReceived",
                "NumberOfMessagesSent",
                "SentMessageSize",
            }
        ),
    ),
    "AWS/Lambda": (
        "FunctionName",
        frozenset({"ConcurrentExecutions", "Duration", "Errors", "Invocations", "Throttles"}),
    ),
    # Latency, system errors and throttled requests exist per table and operation only.
    "AWS/DynamoDB": (
        "TableName",
        frozenset(
            {
                "ConditionalCheckFailedRequests",
                "ConsumedReadCapacityUnits",
                "ConsumedWriteCapacityUnits",
                "ReadThrottleEvents",
                "TransactionConflict",
                "WriteThrottleEvents",
            }
        ),
    ),
}


def complaints(
    widgets: Iterable[Widget], alarms: Iterable[Alarm], told: set[Identity]
) -> list[str]:
    """Return what does not fit: what is looked at and never told, what is told and never shown.

    Parameters
    ----------
    widgets, alarms
        As the template has them.
    told
        The metrics that the functions printed.
    """
    graphs = [widget for widget in widgets if isinstance(widget, Graph)]
    groups = [(f"graph {graph.title!r}", graph.lines) for graph in graphs]
    groups += [(f"alarm {alarm.logical_id}", alarm.lines) for alarm in alarms]
    found = [f"{where}: {problem}" for where, lines in groups for problem in _check(lines, told)]
    shown: set[Identity] = set()
    for graph in graphs:
        shown |= _shown(graph.lines, told)
    return found + [f"nothing shows {_name(metric)}" for metric in sorted(told - shown, key=_name)]


def _check(lines: tuple[Line, ...], told: set[Identity]) -> Iterator[str]:
    ids = {line.id for line in lines if line.id}
    for line in lines:
        if line.metric and (problem := _check_metric(line.metric, told)):
            yield problem
        elif search_of(line.expression):
            if not _found(line, told):
                yield f"{line.expression} finds nothing"
        elif unknown := names_in(line.expression or "0") - ids:
            yield f"{line.expression!r} refers to {', '.join(sorted(unknown))}"
    if not any(line.visible for line in lines):
        yield "there is nothing to see"


def _check_metric(metric: Identity, told: set[Identity]) -> str:
    if metric.namespace in PUBLISHED_BY_AWS:
        dimension, names = PUBLISHED_BY_AWS[metric.namespace]
        known = metric.name in names and {name for name, _ in metric.dimensions} == {dimension}
        return "" if known else f"AWS publishes no {_name(metric)}"
    if metric in told:
        return ""
    others = [each for each in told if each.name == metric.name]
    if not others:
        return f"no function prints {metric.name}"
    printed = "; ".join(sorted(map(_name, others)))
    return f"no function prints {_name(metric)}, but {printed}"


def _shown(lines: tuple[Line, ...], told: set[Identity]) -> set[Identity]:
    metrics = {line.metric for line in lines if line.metric}
    for line in lines:
        metrics |= _found(line, told)
    return metrics


def _found(line: Line, told: set[Identity]) -> set[Identity]:
    if not (search := search_of(line.expression)):
        return set()
    namespace, dimensions, name, _ = search
    return {
        metric
        for metric in told
        if (metric.namespace, metric.name) == (namespace, name)
        and {dimension for dimension, _ in metric.dimensions} == dimensions
    }


def _name(metric: Identity) -> str:
    by = ", ".join(f"{name}={value}" for name, value in sorted(metric.dimensions))
    return f"{metric.namespace} {metric.name} by {by}"
