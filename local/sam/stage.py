"""Where the fixtures play: a running system in which nobody acts but the containers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc
from flyteidl.admin import common_pb2, execution_pb2
from flyteidl.core import identifier_pb2
from flyteidl.service import admin_pb2_grpc

from events.messages import Bucket
from events.situations import OBJECTS
from local.client import Client
from local.system import DOMAIN, PROJECT
from services.core.literals import literal_map

if TYPE_CHECKING:
    from collections.abc import Mapping

    from events.situations import Situation
    from local.state import State

MANY = 1000  # executions; there are a dozen
CAUSE = "it has been seen"
"""Why executions are ended: what they would paint is no picture, and nobody waits for it."""


@dataclass(frozen=True)
class Seen:
    """What an invocation left behind.

    Attributes
    ----------
    launched
        Uploads that the ledger calls launched.
    rejected
        Reason by key, as the ledger has it.
    recorded, running
        Inputs by execution, as the ledger and as Flyte have them.
    """

    launched: frozenset[str]
    rejected: Mapping[str, str]
    recorded: Mapping[str, Any]
    running: Mapping[str, Any]


class Stage:
    """The bucket, the ledger and the Flyte that the container works with.

    Parameters
    ----------
    state
        A running system, which is of no use afterwards: its functions are taken out of it,
        and its styles, as the fixtures have their own.

    Attributes
    ----------
    dispatcher, tracker
        The environments of the deployed functions, with the address of the AWS API.
    """

    def __init__(self, state: State) -> None:
        self._aws, self._stack = state.aws, state.stack
        self._client = Client(state)
        channel = grpc.insecure_channel(state.flyte_endpoint)
        self._flyte = admin_pb2_grpc.AdminServiceStub(channel)
        self._uploads: set[str] = set()
        self._executions: set[str] = set()
        self.dispatcher = self._take(self._stack.dispatcher_function)
        self.tracker = self._take(self._stack.tracker_function)
        for style in self._client.styles():
            key = f"styles/{style}.jpg"
            self._aws.s3.delete_object(Bucket=self._stack.uploads_bucket, Key=key)

    def fill(self) -> Bucket:
        """Put all objects of the fixtures into the bucket; each is a new version, never seen."""
        name = self._stack.uploads_bucket
        versions = {
            key: self._aws.s3.put_object(Bucket=name, Key=key, Body=b"a photo", Metadata=metadata)[
                "VersionId"
            ]
            for key, metadata in OBJECTS.items()
        }
        account = self._aws.sts.get_caller_identity()["Account"]
        return Bucket(name, account, self._aws.region, versions)

    def look(self) -> Seen:
        """Return what is new since the last look, and end the executions."""
        uploads = [r for r in self._client.all_records() if r.id not in self._uploads]
        names = {record.execution for record in uploads if record.execution}
        recorded = {name: self._client.execution(name).execution.inputs for name in names}
        running = {name: self._inputs(name) for name in self._names() - self._executions}
        for name in running:
            self._end(name)
        self._uploads |= {record.id for record in uploads}
        self._executions |= set(running)
        return Seen(
            launched=frozenset(record.id for record in uploads if record.launched_at),
            rejected={r.key: r.reason for r in uploads if r.status == "REJECTED"},
            recorded={name: literal_map(inputs) for name, inputs in recorded.items()},
            running=running,
        )

    def ends(self) -> dict[str, str]:
        """Return what the ledger says of each execution: its status and its reason."""
        records = [self._client.execution(name) for name in sorted(self._executions)]
        return {record.name: f"{record.status}: {record.reason}" for record in records}

    def _take(self, function: str) -> dict[str, str]:
        functions = self._aws.functions
        deployed = functions.get_function_configuration(FunctionName=function)
        functions.delete_function(FunctionName=function)
        return deployed["Environment"]["Variables"] | {"AWS_ENDPOINT_URL": self._aws.endpoint_url}

    def _names(self) -> set[str]:
        where = common_pb2.NamedEntityIdentifier(project=PROJECT, domain=DOMAIN)
        request = common_pb2.ResourceListRequest(id=where, limit=MANY)
        return {each.id.name for each in self._flyte.ListExecutions(request).executions}

    def _inputs(self, name: str) -> Any:
        request = execution_pb2.WorkflowExecutionGetDataRequest(id=_id(name))
        return self._flyte.GetExecutionData(request).full_inputs

    def _end(self, name: str) -> None:
        request = execution_pb2.ExecutionTerminateRequest(id=_id(name), cause=CAUSE)
        self._flyte.TerminateExecution(request)


def differences(situation: Situation, answer: Any, seen: Seen) -> list[str]:
    """Tell where what happened is not what the situation documents; empty if it is."""
    pairs = {
        "answer": (answer, situation.answer),
        "executions in Flyte": (len(seen.running), situation.executions),
        "launched uploads in the ledger": (len(seen.launched), situation.launched),
        "rejections in the ledger": (dict(seen.rejected), situation.rejected),
        "inputs in Flyte": (seen.running, seen.recorded),
    }
    return [
        f"{what}: {happened}, not {documented}"
        for what, (happened, documented) in pairs.items()
        if happened != documented
    ]


def _id(name: str) -> Any:
    return identifier_pb2.WorkflowExecutionIdentifier(project=PROJECT, domain=DOMAIN, name=name)
