"""RPCs about tasks, workflows and launch plans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flyteidl.admin import common_pb2, launch_plan_pb2, task_pb2, workflow_pb2
from flyteidl.core import compiler_pb2

from local.flyte.api.about import check_domain
from local.flyte.api.listing import page
from local.flyte.api.timestamps import timestamp
from local.flyte.compiler.compiled import compile_workflow
from local.flyte.compiler.validation import validate_launch_plan, validate_task, validate_workflow
from local.flyte.keys import LAUNCH_PLAN, TASK, WORKFLOW, EntityKey

if TYPE_CHECKING:
    from local.flyte.state.registry import Entity, Registry


class EntitiesApi:
    """Registration and lookup.

    Parameters
    ----------
    registry
        Where entities are stored.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def create_task(self, request: Any) -> Any:
        """Answer ``CreateTask``."""
        key = _key(request, TASK)
        request.spec.template.id.CopyFrom(key.to_idl())
        validate_task(request.spec.template)
        self._registry.register(key, request.spec)
        return task_pb2.TaskCreateResponse()

    def create_workflow(self, request: Any) -> Any:
        """Answer ``CreateWorkflow``."""
        key = _key(request, WORKFLOW)
        request.spec.template.id.CopyFrom(key.to_idl())
        validate_workflow(request.spec.template, self._registry)
        self._registry.register(key, request.spec)
        return workflow_pb2.WorkflowCreateResponse()

    def create_launch_plan(self, request: Any) -> Any:
        """Answer ``CreateLaunchPlan``; the new version is inactive."""
        key = _key(request, LAUNCH_PLAN)
        validate_launch_plan(key, request.spec, self._registry)
        self._registry.register(key, request.spec)
        return launch_plan_pb2.LaunchPlanCreateResponse()

    def update_launch_plan(self, request: Any) -> Any:
        """Answer ``UpdateLaunchPlan``: activate (the others are deactivated) or deactivate."""
        key = EntityKey.of(request.id, kind=LAUNCH_PLAN)
        self._registry.set_active(key, active=request.state == launch_plan_pb2.ACTIVE)
        return launch_plan_pb2.LaunchPlanUpdateResponse()

    def get_task(self, request: Any) -> Any:
        """Answer ``GetTask``."""
        return _task(self._registry.get(EntityKey.of(request.id, kind=TASK)))

    def get_workflow(self, request: Any) -> Any:
        """Answer ``GetWorkflow`` with the compiled closure."""
        return self._workflow(self._registry.get(EntityKey.of(request.id, kind=WORKFLOW)))

    def get_launch_plan(self, request: Any) -> Any:
        """Answer ``GetLaunchPlan``."""
        return self._launch_plan(self._registry.get(EntityKey.of(request.id, kind=LAUNCH_PLAN)))

    def get_active_launch_plan(self, request: Any) -> Any:
        """Answer ``GetActiveLaunchPlan``."""
        name = request.id
        active = self._registry.active_launch_plan(name.project, name.domain, name.name)
        return self._launch_plan(active)

    def list_tasks(self, request: Any) -> Any:
        """Answer ``ListTasks``."""
        entities, token = self._versions(TASK, request)
        return task_pb2.TaskList(tasks=[_task(entity) for entity in entities], token=token)

    def list_workflows(self, request: Any) -> Any:
        """Answer ``ListWorkflows``."""
        entities, token = self._versions(WORKFLOW, request)
        workflows = [self._workflow(entity) for entity in entities]
        return workflow_pb2.WorkflowList(workflows=workflows, token=token)

    def list_launch_plans(self, request: Any) -> Any:
        """Answer ``ListLaunchPlans``."""
        entities, token = self._versions(LAUNCH_PLAN, request)
        plans = [self._launch_plan(entity) for entity in entities]
        return launch_plan_pb2.LaunchPlanList(launch_plans=plans, token=token)

    def list_active_launch_plans(self, request: Any) -> Any:
        """Answer ``ListActiveLaunchPlans``."""
        active = self._registry.versions(
            LAUNCH_PLAN, request.project, request.domain, only_active=True
        )
        entities, token = page(active, request, _fields)
        plans = [self._launch_plan(entity) for entity in entities]
        return launch_plan_pb2.LaunchPlanList(launch_plans=plans, token=token)

    def list_task_ids(self, request: Any) -> Any:
        """Answer ``ListTaskIds``."""
        return self._names(TASK, request)

    def list_workflow_ids(self, request: Any) -> Any:
        """Answer ``ListWorkflowIds``."""
        return self._names(WORKFLOW, request)

    def list_launch_plan_ids(self, request: Any) -> Any:
        """Answer ``ListLaunchPlanIds``."""
        return self._names(LAUNCH_PLAN, request)

    def _versions(self, kind: int, request: Any) -> tuple[list[Entity], str]:
        wanted = request.id
        rows = self._registry.versions(kind, wanted.project, wanted.domain, wanted.name)
        return page(rows, request, _fields)

    def _names(self, kind: int, request: Any) -> Any:
        names = self._registry.names(kind, request.project, request.domain)
        selected, token = page(names, request, lambda name: {"name": name})
        entities = [
            common_pb2.NamedEntityIdentifier(
                project=request.project, domain=request.domain, name=name
            )
            for name in selected
        ]
        return common_pb2.NamedEntityIdentifierList(entities=entities, token=token)

    def _workflow(self, entity: Entity) -> Any:
        compiled = compile_workflow(entity.spec.template, self._registry)
        closure = workflow_pb2.WorkflowClosure(
            compiled_workflow=compiled.closure(), created_at=timestamp(entity.created_at)
        )
        return workflow_pb2.Workflow(id=entity.key.to_idl(), closure=closure)

    def _launch_plan(self, entity: Entity) -> Any:
        workflow_key = EntityKey.of(entity.spec.workflow_id, kind=WORKFLOW)
        interface = self._registry.get(workflow_key).spec.template.interface
        active = launch_plan_pb2.ACTIVE if entity.active else launch_plan_pb2.INACTIVE
        closure = launch_plan_pb2.LaunchPlanClosure(
            state=active,
            expected_inputs=entity.spec.default_inputs,
            expected_outputs=interface.outputs,
            created_at=timestamp(entity.created_at),
            updated_at=timestamp(entity.updated_at),
        )
        return launch_plan_pb2.LaunchPlan(id=entity.key.to_idl(), spec=entity.spec, closure=closure)


def _key(request: Any, kind: int) -> EntityKey:
    key = EntityKey.of(request.id, kind=kind)
    check_domain(key.domain)
    return key


def _task(entity: Entity) -> Any:
    closure = task_pb2.TaskClosure(
        compiled_task=compiler_pb2.CompiledTask(template=entity.spec.template),
        created_at=timestamp(entity.created_at),
    )
    return task_pb2.Task(id=entity.key.to_idl(), closure=closure)


def _fields(entity: Entity) -> dict[str, Any]:
    return {
        "name": entity.key.name,
        "version": entity.key.version,
        "created_at": entity.created_at,
        "state": int(entity.active),
    }
