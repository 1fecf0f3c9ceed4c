"""Names of things: entities (task, workflow, launch plan) and executions."""

from __future__ import annotations

from typing import Any, NamedTuple

from flyteidl.core import identifier_pb2

from local.flyte.refusals import invalid_argument

TASK = identifier_pb2.TASK
WORKFLOW = identifier_pb2.WORKFLOW
LAUNCH_PLAN = identifier_pb2.LAUNCH_PLAN

KIND_NAMES = {TASK: "task", WORKFLOW: "workflow", LAUNCH_PLAN: "launch plan"}


class EntityKey(NamedTuple):
    """What identifies one version of a task, workflow or launch plan."""

    kind: int
    project: str
    domain: str
    name: str
    version: str

    @classmethod
    def of(cls, identifier: Any, *, kind: int | None = None) -> EntityKey:
        """Read a ``core.Identifier``; every field must be set, as FlyteAdmin demands.

        Parameters
        ----------
        identifier
            The protobuf message.
        kind
            The resource type that the RPC implies; clients may leave it out of the message.

        Raises
        ------
        Refused
            INVALID_ARGUMENT if project, domain, name or version is missing
            (flyteadmin ``ValidateIdentifierFieldsSet``).
        """
        for field in ("project", "domain", "name", "version"):
            if not getattr(identifier, field):
                raise invalid_argument(f"missing {field}")
        resolved = identifier.resource_type if kind is None else kind
        return cls(
            resolved, identifier.project, identifier.domain, identifier.name, identifier.version
        )

    def to_idl(self) -> Any:
        """Return the ``core.Identifier``."""
        return identifier_pb2.Identifier(
            resource_type=self.kind,
            project=self.project,
            domain=self.domain,
            name=self.name,
            version=self.version,
        )

    def __str__(self) -> str:
        return (
            f"{KIND_NAMES.get(self.kind, 'entity')} "
            f"{self.project}/{self.domain}/{self.name} version {self.version}"
        )


class ExecutionKey(NamedTuple):
    """What identifies one execution."""

    project: str
    domain: str
    name: str

    @classmethod
    def of(cls, identifier: Any) -> ExecutionKey:
        """Read a ``core.WorkflowExecutionIdentifier``; every field must be set."""
        for field in cls._fields:
            if not getattr(identifier, field):
                raise invalid_argument(f"missing {field}")
        return cls(identifier.project, identifier.domain, identifier.name)

    def to_idl(self) -> Any:
        """Return the ``core.WorkflowExecutionIdentifier``."""
        return identifier_pb2.WorkflowExecutionIdentifier(**self._asdict())

    def __str__(self) -> str:
        return f"{self.project}/{self.domain}/{self.name}"
