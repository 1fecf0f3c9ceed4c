"""Logger, metrics and tracer of a function: made here, once, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit, single_metric

from services.core.settings import metrics_namespace, tracing_available

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from services.core.metrics import Metric

    Handler = Callable[[dict[str, Any], Any], dict[str, Any]]

logger = Logger()
metrics = Metrics(namespace=metrics_namespace())


def observed(handler: Handler) -> Handler:
    """Wrap a handler with all of it: request id in logs, metrics flushed, invocation traced."""
    wrapped: Any = metrics.log_metrics(handler, capture_cold_start_metric=True)
    if tracing_available():
        # The X-Ray SDK is as big as everything else together: only who traces imports it.
        from aws_lambda_powertools import Tracer

        # Answers stay out of the trace: a batch's would not fit its 64 KB.
        wrapped = Tracer().capture_lambda_handler(wrapped, capture_response=False)
    traced: Handler = logger.inject_lambda_context(wrapped, clear_state=True)
    return traced


def count(metric: Metric, value: int, **dimensions: str) -> None:
    """Count; with dimensions the metric is written at once, in a line of its own."""
    _put(metric, MetricUnit.Count, value, dimensions)


def observe_seconds(metric: Metric, values: Iterable[float]) -> None:
    """Add to the distribution of a duration."""
    for value in values:
        metrics.add_metric(metric, MetricUnit.Seconds, value)


def observe_percent(metric: Metric, values: Iterable[float]) -> None:
    """Add to the distribution of a share."""
    for value in values:
        metrics.add_metric(metric, MetricUnit.Percent, value)


def _put(metric: Metric, unit: MetricUnit, value: float, dimensions: dict[str, str]) -> None:
    if not dimensions:
        metrics.add_metric(metric, unit, value)
        return
    dimensions = {"service": metrics.service} | dimensions
    namespace = metrics_namespace()
    with single_metric(metric, unit, value, namespace=namespace, default_dimensions=dimensions):
        pass  # it is complete, and printed on the way out
