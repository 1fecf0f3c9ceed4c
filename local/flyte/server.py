"""The whole control plane: one event loop that answers gRPC and watches child processes."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import grpc
from flyteidl.service import admin_pb2, auth_pb2, dataproxy_pb2, identity_pb2, signal_pb2

from local.flyte.api.about import PlatformApi
from local.flyte.api.blob_server import BlobServer
from local.flyte.api.dataproxy import DataProxyApi
from local.flyte.api.entities import EntitiesApi
from local.flyte.api.executions import ExecutionsApi
from local.flyte.api.nodes import NodesApi
from local.flyte.api.rpc import service_handler
from local.flyte.execution.cpus import CpuPool
from local.flyte.execution.executor import Executor
from local.flyte.execution.runtime import Runtime
from local.flyte.lock import held
from local.flyte.pods.leftovers import end_leftovers
from local.flyte.state.database import open_database
from local.flyte.state.journal import Journal
from local.flyte.state.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

_log = logging.getLogger(__name__)

_START_SECONDS = 30.0
# flyteadmin's own limit for a request (``server.grpc.maxMessageSizeBytes`` default is 4 MiB;
# charts raise it); fast registration of large workflows needs more than gRPC's 4 MiB.
_MAX_MESSAGE = 64 << 20


class LocalFlyte:
    """A Flyte control plane that runs in a thread of this process.

    Parameters
    ----------
    data_dir
        Where state, blobs and logs are kept; a later server goes on from there.
    host, port
        Where to listen; port 0 takes a free one.
    cpus
        CPUs to share out among tasks (default: those that this process may use).
    code
        The folder that stands for the code baked into a container image, for workflows that
        are registered with ``--non-fast`` (default: the working directory).

    Examples
    --------
    >>> with LocalFlyte(Path(".nst/flyte")) as flyte:  # doctest: +SKIP
    ...     print(flyte.endpoint)
    127.0.0.1:41267
    """

    def __init__(
        self,
        data_dir: Path | str,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        cpus: float | None = None,
        code: Path | str | None = None,
    ) -> None:
        self.data_dir = Path(data_dir).resolve()
        self._host = host
        self._port = port
        self._cores = _usable_cores()
        self._cpus = cpus or len(self._cores) or os.cpu_count() or 1
        self._code = Path(code or Path.cwd()).resolve()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()
        self.endpoint = ""
        self.http_url = ""

    def __enter__(self) -> Self:
        started = threading.Event()
        failures: list[BaseException] = []

        def run() -> None:
            try:
                asyncio.run(self.serve(started.set))
            except BaseException as problem:
                failures.append(problem)
                started.set()

        self._thread = threading.Thread(target=run, name="local-flyte", daemon=True)
        self._thread.start()
        if not started.wait(_START_SECONDS):
            raise TimeoutError(f"the local Flyte did not start within {_START_SECONDS:g} s")
        if failures:
            raise failures[0]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.stop)
        if self._thread is not None:
            self._thread.join()

    def stop(self) -> None:
        """Ask the server to end (call it in its event loop, for example from a signal handler)."""
        self._stopping.set()

    async def serve(self, ready: Callable[[], object] = lambda: None) -> None:
        """Serve until `stop` is called.

        Parameters
        ----------
        ready
            Called once requests are answered and ``endpoint.json`` is written.

        Raises
        ------
        DataDirInUse
            If another server uses the data directory.
        UnusableDatabase
            If the state in it cannot be read.
        OSError
            If the port is taken.
        """
        self._loop = asyncio.get_running_loop()
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with held(self.data_dir):
            await self._serve(ready)

    async def _serve(self, ready: Callable[[], object]) -> None:
        ended = end_leftovers(self.data_dir)
        if ended:
            _log.warning("ended %d processes that an earlier server left behind", len(ended))
        shutil.rmtree(self.data_dir / "pods", ignore_errors=True)
        database = open_database(self.data_dir / "flyte.sqlite")
        runtime = Runtime(
            data_dir=self.data_dir,
            code=self._code,
            registry=Registry(database),
            journal=Journal(database),
            cpus=CpuPool(round(self._cpus * 1000), self._cores),
        )
        executor = Executor(runtime)
        blobs = BlobServer(self.data_dir / "blobs", self._host)
        server = grpc.aio.server(
            options=[
                ("grpc.max_receive_message_length", _MAX_MESSAGE),
                ("grpc.max_send_message_length", _MAX_MESSAGE),
                # Two servers on one port would share the requests.
                ("grpc.so_reuseport", 0),
            ]
        )
        server.add_generic_rpc_handlers(_handlers(runtime, executor, blobs))
        try:
            port = server.add_insecure_port(f"{self._host}:{self._port}")
        except RuntimeError as problem:
            raise OSError(f"cannot listen on {self._host}:{self._port}") from problem
        self.endpoint, self.http_url = f"{self._host}:{port}", blobs.url
        blobs.start()
        await server.start()
        for execution in executor.resume():
            _log.info("execution %s goes on", execution)
        self._announce()
        ready()
        try:
            await self._stopping.wait()
        finally:
            await server.stop(grace=1.0)
            await executor.stop()
            blobs.stop()
            database.close()
            with suppress(FileNotFoundError):
                (self.data_dir / "endpoint.json").unlink()

    def _announce(self) -> None:
        where = {"grpc": self.endpoint, "http": self.http_url, "pid": os.getpid()}
        draft = self.data_dir / "endpoint.json.draft"
        draft.write_text(json.dumps(where), encoding="utf-8")
        draft.replace(self.data_dir / "endpoint.json")


def _handlers(
    runtime: Runtime, executor: Executor, blobs: BlobServer
) -> tuple[grpc.GenericRpcHandler[Any, Any], ...]:
    services = {
        module: module.DESCRIPTOR.services_by_name
        for module in (admin_pb2, dataproxy_pb2, auth_pb2, identity_pb2, signal_pb2)
    }
    admin = (
        EntitiesApi(runtime.registry),
        ExecutionsApi(runtime, executor),
        NodesApi(runtime),
        PlatformApi(runtime.registry),
    )
    return (
        service_handler(services[admin_pb2]["AdminService"], *admin),
        service_handler(services[dataproxy_pb2]["DataProxyService"], DataProxyApi(runtime, blobs)),
        # Without authentication flyteadmin does not serve these two at all; clients that are
        # never told UNAUTHENTICATED never ask.
        service_handler(services[auth_pb2]["AuthMetadataService"]),
        service_handler(services[identity_pb2]["IdentityService"]),
        service_handler(services[signal_pb2]["SignalService"]),
    )


def _usable_cores() -> frozenset[int]:
    # macOS has no affinity: pods are not pinned there.
    affinity: Callable[[int], set[int]] | None = getattr(os, "sched_getaffinity", None)
    return frozenset(affinity(0)) if affinity else frozenset()
