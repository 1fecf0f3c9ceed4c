"""CPUs are shared out fairly, and never more than there are."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest
from flyteidl.core import tasks_pb2
from hypothesis import given
from hypothesis import strategies as st

from local.flyte.execution.cpus import DEFAULT_REQUEST, CpuPool, CpuShare, cpu_share, millicpus


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [("2", 2000), ("0.5", 500), ("500m", 500), ("1.5", 1500), ("0.0001", 1), ("1e1", 10000)],
)
def test_quantities_are_read_as_kubernetes_does(quantity: str, expected: int) -> None:
    assert millicpus(quantity) == expected


@pytest.mark.parametrize("quantity", ["", "m", "two", "0", "-1", "2x", "nan", "inf"])
def test_what_is_no_quantity_is_refused(quantity: str) -> None:
    with pytest.raises(ValueError, match="is not a CPU quantity"):
        millicpus(quantity)


def resources(request: str = "", limit: str = "") -> tasks_pb2.Resources:
    message = tasks_pb2.Resources()
    for entries, value in ((message.requests, request), (message.limits, limit)):
        if value:
            entries.add(name=tasks_pb2.Resources.CPU, value=value)
    return message


@pytest.mark.parametrize(
    ("request_", "limit", "expected"),
    [
        ("", "", CpuShare(DEFAULT_REQUEST, DEFAULT_REQUEST)),
        ("1", "", CpuShare(1000, 1000)),
        ("", "2", CpuShare(2000, 2000)),
        ("1", "2", CpuShare(1000, 2000)),
    ],
)
def test_a_missing_half_takes_the_others_value(
    request_: str, limit: str, expected: CpuShare
) -> None:
    assert cpu_share(resources(request_, limit)) == expected


def test_the_node_overrides_the_task() -> None:
    assert cpu_share(resources("2"), resources("1")) == CpuShare(2000, 2000)


@given(
    capacity=st.integers(100, 4000),
    requests=st.lists(st.integers(1, 6000), max_size=30),
    cores=st.integers(0, 4),
)
def test_leases_never_exceed_the_capacity_and_all_are_served_in_order(
    capacity: int, requests: list[int], cores: int
) -> None:
    # GIVEN a pool, and requests some of which are larger than all of it
    async def scenario() -> list[int]:
        pool = CpuPool(capacity, range(cores))
        held: list[int] = []
        served: list[int] = []

        async def take(index: int, request: int) -> None:
            async with pool.lease(CpuShare(request, request)) as pinned:
                held.append(min(request, capacity))
                served.append(index)
                # THEN what is held at any moment fits
                assert sum(held) <= capacity
                assert len(pinned) == min(cores, -(-min(request, capacity) // 1000))
                await asyncio.sleep(0)
                held.remove(min(request, capacity))

        # WHEN all of them come at once
        async with asyncio.TaskGroup() as group:
            for index, request in enumerate(requests):
                group.create_task(take(index, request))
        # THEN nothing stays taken
        async with asyncio.timeout(1), pool.lease(CpuShare(capacity, capacity)):
            return served

    # AND nobody overtakes
    assert asyncio.run(scenario()) == list(range(len(requests)))


def test_earlier_executions_go_first() -> None:
    async def scenario() -> list[str]:
        # GIVEN a full pool, a task of the second execution, and then one of the first
        pool, served = CpuPool(1000), []

        async def take(name: str, rank: int) -> None:
            async with pool.lease(CpuShare(1000, 1000), rank):
                served.append(name)

        async with asyncio.TaskGroup() as group, pool.lease(CpuShare(1000, 1000)):
            group.create_task(take("second execution", 2))
            await asyncio.sleep(0)
            group.create_task(take("first execution", 1))
            await asyncio.sleep(0)
            # WHEN the CPUs become free
        return served

    # THEN the first execution is served first
    assert asyncio.run(scenario()) == ["first execution", "second execution"]


def test_somebody_who_stops_waiting_holds_up_nobody() -> None:
    async def scenario() -> None:
        # GIVEN a full pool, somebody who waits for all of it, and somebody behind
        pool = CpuPool(1000)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(pool.lease(CpuShare(600, 600)))
            large = asyncio.create_task(hold(pool, 1000))
            small = asyncio.create_task(hold(pool, 400))
            await asyncio.sleep(0)
            assert not small.done()
            # WHEN the first gives up
            large.cancel()
            # THEN the other is served
            async with asyncio.timeout(1):
                await small

    async def hold(pool: CpuPool, request: int) -> None:
        async with pool.lease(CpuShare(request, request)):
            pass

    asyncio.run(scenario())


def test_pods_are_pinned_to_the_least_loaded_cores() -> None:
    async def scenario() -> None:
        pool = CpuPool(2000, [3, 5])
        share = CpuShare(1000, 1000)
        async with pool.lease(share) as first, pool.lease(share) as second:
            assert first | second == {3, 5}
            assert not first & second

    asyncio.run(scenario())
