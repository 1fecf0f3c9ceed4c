"""What can be registered with the local Flyte, and what is refused by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc
import pytest
from flyteidl.admin import launch_plan_pb2
from flyteidl.admin.common_pb2 import (
    NamedEntityIdentifier,
    ObjectGetRequest,
    ResourceListRequest,
    Sort,
)
from flyteidl.core import identifier_pb2, types_pb2

from tests.unit.local.flyte_client import (
    EXISTS,
    INVALID,
    MISSING,
    STRING,
    UNSUPPORTED,
    Client,
    identifier,
    map_node,
    node,
    refused,
    task_request,
    workflow_request,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def test_registering_the_same_again_is_told_apart_from_something_else(client: Client) -> None:
    # GIVEN a registered task
    same = task_request("twice", "true")
    client.admin.CreateTask(same)
    # WHEN it is registered again, unchanged and changed
    # THEN the statuses differ, and the first registration stays
    assert refused(lambda: client.admin.CreateTask(same))[0] == EXISTS
    assert refused(lambda: client.admin.CreateTask(task_request("twice", "false")))[0] == INVALID
    kept = client.admin.GetTask(ObjectGetRequest(id=same.id)).closure.compiled_task.template
    assert list(kept.container.args) == ["sh", "-c", "true"]


def unsupported_task(change: Callable[[Any], object]) -> Any:
    request = task_request("unsupported", "true")
    change(request.spec.template)
    return request


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda t: setattr(t, "type", "spark"), "'spark'"),
        (lambda t: t.k8s_pod.SetInParent(), "k8s_pod"),
        (lambda t: t.sql.SetInParent(), "sql"),
        (lambda t: setattr(t.metadata, "pod_template_name", "gpu"), "pod templates"),
        (lambda t: setattr(t.metadata, "discoverable", True), "caching"),
        (lambda t: setattr(t.metadata, "is_eager", True), "eager"),
        (lambda t: t.container.resources.requests.add(name="GPU", value="1"), "GPUs"),
        (lambda t: t.security_context.secrets.add(group="g", key="k"), "secrets"),
    ],
)
def test_tasks_that_need_a_cluster_are_refused_by_name(
    client: Client, change: Callable[[Any], object], named: str
) -> None:
    code, message = refused(lambda: client.admin.CreateTask(unsupported_task(change)))
    assert code == UNSUPPORTED
    assert "task unsupported" in message
    assert named in message
    assert "a Flyte cluster does" in message


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda t: t.container.ClearField("args"), "no command"),
        (lambda t: t.container.args.append("{{.unheardOf}}"), "{{.unheardOf}}"),
        (lambda t: setattr(t.container.resources.requests[0], "value", "many"), "'many'"),
    ],
)
def test_tasks_that_cannot_run_anywhere_are_invalid(
    client: Client, change: Callable[[Any], object], named: str
) -> None:
    code, message = refused(lambda: client.admin.CreateTask(unsupported_task(change)))
    assert code == INVALID
    assert named in message


def odd_node(change: Callable[[Any], object]) -> Any:
    made = node("odd", "greet", name="name")
    change(made)
    return made


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda n: n.branch_node.SetInParent(), "branch nodes"),
        (lambda n: n.gate_node.sleep.SetInParent(), "gate nodes"),
        (lambda n: n.workflow_node.launchplan_ref.SetInParent(), "launch plan nodes"),
        (lambda n: n.workflow_node.sub_workflow_ref.SetInParent(), "sub-workflow nodes"),
        (lambda n: n.array_node.node.gate_node.SetInParent(), "array nodes over anything but"),
        (lambda n: n.task_node.overrides.pod_template.SetInParent(), "pod templates"),
        (lambda n: setattr(n.metadata, "cacheable", True), "caching"),
    ],
)
def test_nodes_that_are_not_offered_are_refused_by_name(
    client: Client, change: Callable[[Any], object], named: str
) -> None:
    request = workflow_request("odd", [odd_node(change)], inputs={"name": STRING})
    code, message = refused(lambda: client.admin.CreateWorkflow(request))
    assert code == UNSUPPORTED
    assert "workflow odd, node odd" in message
    assert named in message


@pytest.mark.parametrize(
    ("nodes", "code", "named"),
    [
        ([node("n", "nobody")], MISSING, "task nst/development/nobody"),
        ([node("n", "greet", name=("m", "y"))], INVALID, "unknown nodes: m"),
        ([node("n", "greet", name="surname")], INVALID, "start-node.surname"),
        ([node("n", "greet")], INVALID, "differ in name"),
        ([node("n", "greet", name="name")] * 2, INVALID, "two nodes of one id"),
        (
            [node("n", "greet", name=("m", "y")), node("m", "greet", name=("n", "y"))],
            INVALID,
            "cycle",
        ),
    ],
)
def test_workflows_that_contradict_themselves_are_refused(
    client: Client, nodes: list[Any], code: grpc.StatusCode, named: str
) -> None:
    request = workflow_request("wrong", nodes, inputs={"name": STRING})
    assert refused(lambda: client.admin.CreateWorkflow(request))[0] == code
    assert named in refused(lambda: client.admin.CreateWorkflow(request))[1]


def test_schedules_and_notifications_are_refused_by_name(client: Client) -> None:
    scheduled = launch_plan_pb2.LaunchPlanMetadata()
    scheduled.schedule.rate.value = 1
    told = launch_plan_pb2.LaunchPlanMetadata()
    told.notifications.add().email.recipients_email.append("me@example.com")
    for metadata, named in ((scheduled, "schedules"), (told, "notifications")):
        code, message = refused(
            lambda metadata=metadata: client.launch_plan(
                "timed", "greeting", entity_metadata=metadata
            )
        )
        assert code == UNSUPPORTED
        assert named in message


def test_unknown_domains_are_refused(client: Client) -> None:
    request = task_request("elsewhere", "true")
    request.id.domain = "moon"
    code, message = refused(lambda: client.admin.CreateTask(request))
    assert code == INVALID
    assert "domain [moon]" in message


def test_an_array_node_keeps_its_task_in_the_compiled_workflow(client: Client) -> None:
    # GIVEN a map task
    inner = node("n0", "greet", name="names")
    strings = types_pb2.LiteralType(collection_type=STRING)
    client.workflow("greetings", [map_node(inner)], inputs={"names": strings})
    # WHEN a client asks for the workflow
    key = identifier(identifier_pb2.WORKFLOW, "greetings")
    closure = client.admin.GetWorkflow(ObjectGetRequest(id=key)).closure.compiled_workflow
    # THEN the task is there, and so are the connections
    assert [task.template.id.name for task in closure.tasks] == ["greet"]
    assert list(closure.primary.connections.downstream["start-node"].ids) == ["n0"]


def test_one_version_of_a_launch_plan_is_active_at_a_time(client: Client) -> None:
    # GIVEN two versions
    for version in ("1", "2"):
        client.launch_plan("switch", "greeting", version)
    name = NamedEntityIdentifier(project="nst", domain="development", name="switch")
    wanted = launch_plan_pb2.ActiveLaunchPlanRequest(id=name)
    assert refused(lambda: client.admin.GetActiveLaunchPlan(wanted))[0] == MISSING
    # WHEN each is activated in turn
    active = []
    for version in ("1", "2"):
        key = identifier(identifier_pb2.LAUNCH_PLAN, "switch", version)
        client.admin.UpdateLaunchPlan(
            launch_plan_pb2.LaunchPlanUpdateRequest(id=key, state=launch_plan_pb2.ACTIVE)
        )
        active.append(client.admin.GetActiveLaunchPlan(wanted).id.version)
    # THEN the later one has replaced the earlier one
    assert active == ["1", "2"]
    assert client.get_launch_plan("switch", "1").closure.state == launch_plan_pb2.INACTIVE


def test_lists_are_sorted_and_paged(client: Client) -> None:
    # GIVEN three versions
    for version in ("a", "b", "c"):
        client.launch_plan("paged", "greeting", version)
    name = NamedEntityIdentifier(project="nst", domain="development", name="paged")
    latest_first = Sort(key="created_at", direction=Sort.DESCENDING)
    # WHEN they are listed, latest first, two at a time
    request = ResourceListRequest(id=name, limit=2, sort_by=latest_first)
    first = client.admin.ListLaunchPlans(request)
    request.token = first.token
    second = client.admin.ListLaunchPlans(request)
    # THEN each comes once, in that order
    pages = [[plan.id.version for plan in page.launch_plans] for page in (first, second)]
    assert pages == [["c", "b"], ["a"]]
    assert second.token == ""
