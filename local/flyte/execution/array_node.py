"""Map tasks: one sub-node per item, some at a time.

Sources: flytepropeller ``nodes/array/handler.go`` and ``utils.go``.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Any

from flyteidl.core import execution_pb2, literals_pb2

from local.flyte.execution.outcomes import TaskFailed, failure

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

_MAX_REPORTED_ERRORS = 10


def item_count(array: Any, inputs: Any) -> int:
    """Return how many items a map task has.

    Parameters
    ----------
    array
        The ``core.ArrayNode``.
    inputs
        The node's ``core.LiteralMap``; what is not bound must be lists of one length.

    Raises
    ------
    TaskFailed
        If a mapped input is no list, or the lists differ in length.
    """
    lengths = {}
    for name, literal in inputs.literals.items():
        if name in array.bound_inputs:
            continue
        if literal.WhichOneof("value") != "collection":
            message = f"input '{name}' of the map task is no list and was not bound by partial()"
            raise TaskFailed(failure("InvalidArrayLength", message).error)
        lengths[name] = len(literal.collection.literals)
    if len(set(lengths.values())) > 1:
        message = f"the lists of a map task differ in length: {lengths}"
        raise TaskFailed(failure("InvalidArrayLength", message).error)
    return next(iter(lengths.values()), 0)


def minimum_successes(array: Any, count: int) -> int:
    """Return how many items must succeed for the node to succeed."""
    criterion = array.WhichOneof("success_criteria")
    if criterion == "min_successes":
        return int(array.min_successes)
    if criterion == "min_success_ratio":
        return math.ceil(float(array.min_success_ratio) * count)
    return count


async def run_items(array: Any, count: int, run_item: Callable[[int], Awaitable[Any]]) -> list[Any]:
    """Run the items of a map task.

    Parameters
    ----------
    array
        The ``core.ArrayNode``: concurrency and success criterion.
    count
        How many items there are.
    run_item
        Runs one item and returns its outputs; raises `TaskFailed`.

    Returns
    -------
    list
        The outputs of each item, None for a failed one.

    Raises
    ------
    TaskFailed
        As soon as too few items can still succeed; the running ones are stopped.
    """
    spare = count - minimum_successes(array, count)
    slots = asyncio.Semaphore(array.parallelism or max(count, 1))

    async def run(index: int) -> Any:
        async with slots:
            return await run_item(index)

    running = {asyncio.ensure_future(run(index)): index for index in range(count)}
    pending = set(running)
    results: list[Any] = [None] * count
    errors: dict[int, Any] = {}
    try:
        while pending:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for item in done:
                try:
                    results[running[item]] = item.result()
                except TaskFailed as failed:
                    errors[running[item]] = failed.error
            if len(errors) > spare:
                raise TaskFailed(_summary(errors, count))
    finally:
        for item in pending:
            item.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
    return results


def _summary(errors: dict[int, Any], count: int) -> Any:
    first = errors[min(errors)]
    shown = sorted(errors.items())[:_MAX_REPORTED_ERRORS]
    lines = [f"[{index}]: {error.message}" for index, error in shown]
    if len(errors) > len(shown):
        lines.append(f"... and {len(errors) - len(shown)} more of {count}")
    return execution_pb2.ExecutionError(
        code=first.code, kind=first.kind, message="\n".join(lines), error_uri=first.error_uri
    )


def collect(names: Sequence[str], results: Sequence[Any]) -> Any:
    """Return the outputs of a map task: per output, its items' literals in order.

    A failed item becomes none. Literals are not wrapped in unions, as in propeller's
    ``appendLiteral``.
    """
    none = literals_pb2.Literal(scalar=literals_pb2.Scalar(none_type=literals_pb2.Void()))
    collected = {}
    for name in names:
        items = [none if result is None else result.literals[name] for result in results]
        collection = literals_pb2.LiteralCollection(literals=items)
        collected[name] = literals_pb2.Literal(collection=collection)
    return literals_pb2.LiteralMap(literals=collected)
