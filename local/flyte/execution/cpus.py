"""CPUs: what tasks ask for, and who gets them when."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from flyteidl.core import tasks_pb2

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

DEFAULT_REQUEST = 500
"""Thousandths of a CPU for a task that asks for none (Flyte's Helm chart: ``cpu: 500m``)."""


@dataclass(frozen=True)
class CpuShare:
    """What a task asks for, in thousandths of a CPU."""

    request: int = DEFAULT_REQUEST
    limit: int = DEFAULT_REQUEST


def millicpus(quantity: str) -> int:
    """Parse a Kubernetes CPU quantity ("2", "0.5", "500m") into thousandths of a CPU.

    Raises
    ------
    ValueError
        If it is none, or not positive.
    """
    number, unit = (quantity[:-1], 1) if quantity.endswith("m") else (quantity, 1000)
    try:
        value = math.ceil(Decimal(number) * unit)
    except (InvalidOperation, ValueError, OverflowError):
        value = 0
    if value <= 0:
        raise ValueError(f"'{quantity}' is not a CPU quantity such as 2, 0.5 or 500m")
    return value


def cpu_share(*resources: Any) -> CpuShare:
    """Return the CPU request and limit of a task.

    A missing request takes the limit's value and a missing limit the request's, as in
    flyteadmin (``AdjustOrDefaultResource``).

    Parameters
    ----------
    *resources
        ``core.Resources`` messages, a node's overrides before the task's own.
    """
    request = _first_cpu(message.requests for message in resources)
    limit = _first_cpu(message.limits for message in resources)
    resolved = request or limit or DEFAULT_REQUEST
    return CpuShare(resolved, max(limit or resolved, resolved))


def _first_cpu(entries: Iterable[Any]) -> int | None:
    for group in entries:
        for entry in group:
            if entry.name == tasks_pb2.Resources.CPU and entry.value:
                return millicpus(entry.value)
    return None


class CpuPool:
    """Leases CPUs, to earlier executions first, then first come first served.

    Nobody overtakes, so a large request is never starved by small ones; and an execution that
    was launched first is not kept from its last small task by the queue of the next one.

    Parameters
    ----------
    capacity
        Thousandths of a CPU to hand out in total.
    cores
        The numbers of the cores that pods may be pinned to; empty: pods are not pinned.
    """

    def __init__(self, capacity: int, cores: Iterable[int] = ()) -> None:
        self.capacity = capacity
        self._free = capacity
        self._load = dict.fromkeys(sorted(cores), 0)
        self._arrivals = itertools.count()
        self._waiting: list[tuple[int, int, int, asyncio.Future[None]]] = []

    @asynccontextmanager
    async def lease(self, share: CpuShare, rank: int = 0) -> AsyncIterator[frozenset[int]]:
        """Wait until the requested CPUs are free, and hold them.

        A request beyond the whole capacity waits for all of it: on a cluster such a pod
        would stay pending for ever; here it runs alone.

        Parameters
        ----------
        share
            What is asked for.
        rank
            Smaller ones are served first: the execution's serial number.

        Yields
        ------
        frozenset of int
            The cores to run on: as many as the limit allows, the least loaded ones.
        """
        request = min(share.request, self.capacity)
        await self._take(request, rank)
        cores = self._pick(min(share.limit, self.capacity))
        try:
            for core in cores:
                self._load[core] += request
            yield cores
        finally:
            for core in cores:
                self._load[core] -= request
            self._give_back(request)

    def _pick(self, limit: int) -> frozenset[int]:
        by_load = sorted(self._load, key=lambda core: (self._load[core], core))
        return frozenset(by_load[: math.ceil(limit / 1000)])

    async def _take(self, request: int, rank: int) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (rank, next(self._arrivals), request, turn)
        heapq.heappush(self._waiting, entry)
        self._admit()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._give_back(request)
            else:
                self._waiting.remove(entry)
                heapq.heapify(self._waiting)
                self._admit()
            raise

    def _give_back(self, request: int) -> None:
        self._free += request
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self._waiting[0][2] <= self._free:
            _, _, request, turn = heapq.heappop(self._waiting)
            self._free -= request
            turn.set_result(None)
