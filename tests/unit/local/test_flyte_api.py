"""FlyteAdmin's answers: what is accepted, what is refused, and with which status."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from flyteidl.admin import execution_pb2, launch_plan_pb2, project_pb2, version_pb2
from flyteidl.admin.common_pb2 import (
    NamedEntityIdentifier,
    ObjectGetRequest,
    ResourceListRequest,
    Sort,
)
from flyteidl.core import identifier_pb2, types_pb2
from flyteidl.core.execution_pb2 import ExecutionError, WorkflowExecution
from flyteidl.service import auth_pb2, auth_pb2_grpc, signal_pb2_grpc
from typer.testing import CliRunner

from local.flyte import LocalFlyte
from local.flyte.__main__ import app
from local.flyte.lock import DataDirInUse
from tests.unit.local.flyte_client import (
    STRING,
    Client,
    emits,
    identifier,
    literals,
    map_node,
    node,
    task_request,
    text,
    texts,
    workflow_request,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

INVALID = grpc.StatusCode.INVALID_ARGUMENT
EXISTS = grpc.StatusCode.ALREADY_EXISTS
MISSING = grpc.StatusCode.NOT_FOUND
UNSUPPORTED = grpc.StatusCode.UNIMPLEMENTED


@pytest.fixture(scope="module")
def flyte(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalFlyte]:
    with LocalFlyte(tmp_path_factory.mktemp("flyte"), cpus=2) as flyte:
        yield flyte


@pytest.fixture(scope="module")
def client(flyte: LocalFlyte) -> Client:
    client = Client(flyte.endpoint)
    client.task("greet", emits(y=text("hi")), inputs={"name": STRING}, outputs={"y": STRING})
    greeting = [node("n0", "greet", name="name")]
    client.workflow("greeting", greeting, inputs={"name": STRING}, outputs={"y": ("n0", "y")})
    return client


def refused(call: Callable[[], Any]) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.RpcError) as refusal:
        call()
    return refusal.value.code(), refusal.value.details()


def test_importing_it_imports_no_flytekit() -> None:
    code = "import sys, local.flyte, local.flyte.__main__; sys.exit('flytekit' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


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


@pytest.mark.parametrize(
    ("inputs", "named"),
    [
        ({}, "needs the input name (string)"),
        ({"name": text("x"), "age": text("7")}, "invalid input age"),
        ({"name": texts("x")}, "invalid name input wrong type: expected string"),
    ],
)
def test_wrong_inputs_are_refused(client: Client, inputs: dict[str, Any], named: str) -> None:
    # WHEN an execution is launched with wrong inputs
    code, message = refused(lambda: client.launch("greeting", "wrong-inputs", **inputs))
    # THEN it is refused with the reason, and does not exist
    assert code == INVALID
    assert named in message
    key = identifier_pb2.WorkflowExecutionIdentifier(
        project="nst", domain="development", name="wrong-inputs"
    )
    assert refused(lambda: client.get(key))[0] == MISSING


def test_defaults_and_fixed_inputs_of_a_launch_plan_are_used(client: Client) -> None:
    # GIVEN a launch plan with a default, and one that fixes the input
    default = {"parameters": {"name": {"default": text("somebody")}}}
    client.launch_plan("default", "greeting", default_inputs=default)
    client.launch_plan("fixed", "greeting", fixed_inputs=literals(name=text("only-me")))
    # WHEN they are launched
    data = execution_pb2.WorkflowExecutionGetDataRequest
    by_default, by_fixed = client.launch("default"), client.launch("fixed")
    # THEN the inputs are complete, and a fixed one cannot be overridden
    inputs = [
        client.admin.GetExecutionData(data(id=launched)).full_inputs.literals["name"]
        for launched in (by_default, by_fixed)
    ]
    assert inputs == [text("somebody"), text("only-me")]
    code, message = refused(lambda: client.launch("fixed", name=text("x")))
    assert code == INVALID
    assert "the launch plan fixes its value" in message


@pytest.mark.parametrize("name", ["1st", "has space", "ünicode", "a" * 64, "-dash"])
def test_names_that_flyteadmin_refuses(client: Client, name: str) -> None:
    code, message = refused(lambda: launch(client, name))
    assert code == INVALID
    assert name in message


def launch(client: Client, name: str, **spec: Any) -> Any:
    request = execution_pb2.ExecutionCreateRequest(
        project="nst",
        domain="development",
        name=name,
        spec=execution_pb2.ExecutionSpec(
            launch_plan=identifier(identifier_pb2.LAUNCH_PLAN, "greeting"), **spec
        ),
        inputs=literals(name=text("you")),
    )
    return client.admin.CreateExecution(request).id


@pytest.mark.parametrize("name", ["ends-with-", "Upper"])
def test_names_that_only_kubernetes_refuses_are_accepted_and_fail(
    client: Client, name: str
) -> None:
    failed = client.get(launch(client, name))
    assert failed.closure.phase == WorkflowExecution.FAILED
    assert failed.closure.error.kind == ExecutionError.SYSTEM


def test_a_name_is_made_up_where_none_is_given(client: Client) -> None:
    assert launch(client, "").name != launch(client, "").name


def test_a_second_execution_of_the_same_name_changes_nothing(client: Client) -> None:
    # GIVEN an execution
    first = launch(client, "nst-same")
    # WHEN another one is created under its name, with other inputs
    code, message = refused(lambda: client.launch("greeting", "nst-same", name=text("other")))
    # THEN it is refused as flyteadmin does, and the first keeps its inputs
    assert code == EXISTS
    assert "value with matching already exists" in message
    data = execution_pb2.WorkflowExecutionGetDataRequest(id=first)
    assert client.admin.GetExecutionData(data).full_inputs == literals(name=text("you"))


def test_annotations_come_back(client: Client) -> None:
    launched = launch(client, "", annotations={"values": {"nst/fingerprint": "abc"}})
    assert dict(client.get(launched).spec.annotations.values) == {"nst/fingerprint": "abc"}


def test_launch_plans_must_be_known_and_versioned(client: Client) -> None:
    assert refused(lambda: client.launch("nobody"))[0] == MISSING
    code, message = refused(lambda: client.launch("greeting", version=""))
    assert code == INVALID
    assert "missing version" in message


def test_a_workflow_is_no_launch_plan(client: Client) -> None:
    request = execution_pb2.ExecutionCreateRequest(project="nst", domain="development")
    request.spec.launch_plan.CopyFrom(identifier(identifier_pb2.WORKFLOW, "greeting"))
    code, message = refused(lambda: client.admin.CreateExecution(request))
    assert code == INVALID
    assert "workflow" in message


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


def test_executions_are_found_by_phase(client: Client) -> None:
    client.wait(launch(client, "nst-found"))
    scope = NamedEntityIdentifier(project="nst", domain="development")
    request = ResourceListRequest(id=scope, limit=100, filters="value_in(phase,SUCCEEDED;FAILED)")
    listed = client.admin.ListExecutions(request).executions
    assert "nst-found" in [execution.id.name for execution in listed]
    request.filters = "eq(shape,round)"
    assert refused(lambda: client.admin.ListExecutions(request))[0] == INVALID


def test_only_what_runs_can_be_terminated(client: Client) -> None:
    # GIVEN an execution that is over
    done = client.wait(launch(client, ""))
    request = execution_pb2.ExecutionTerminateRequest(id=done.id, cause="too late")
    # WHEN it is terminated THEN that is refused
    code, message = refused(lambda: client.admin.TerminateExecution(request))
    assert code == grpc.StatusCode.FAILED_PRECONDITION
    assert "already SUCCEEDED" in message


def test_a_relaunch_runs_the_same_inputs_under_a_new_name(client: Client) -> None:
    first = launch(client, "")
    request = execution_pb2.ExecutionRelaunchRequest(id=first, name="nst-again")
    again = client.wait(client.admin.RelaunchExecution(request).id)
    assert again.spec.metadata.reference_execution == first
    data = execution_pb2.WorkflowExecutionGetDataRequest(id=again.id)
    assert client.admin.GetExecutionData(data).full_inputs == literals(name=text("you"))


def test_it_says_who_it_is(client: Client) -> None:
    version = client.admin.GetVersion(version_pb2.GetVersionRequest()).control_plane_version
    assert version.Build == "local"
    projects = client.admin.ListProjects(project_pb2.ProjectListRequest()).projects
    assert {"flytesnacks", "nst"} <= {project.id for project in projects}


def test_rpcs_that_are_not_offered_are_refused_by_name(client: Client) -> None:
    signals = signal_pb2_grpc.SignalServiceStub(client.channel)
    auth = auth_pb2_grpc.AuthMetadataServiceStub(client.channel)
    calls = {
        "RegisterProject": lambda: client.admin.RegisterProject(
            project_pb2.ProjectRegisterRequest()
        ),
        "ListSignals": lambda: signals.ListSignals(
            signal_pb2_grpc.flyteidl_dot_admin_dot_signal__pb2.SignalListRequest()
        ),
        "GetOAuth2Metadata": lambda: auth.GetOAuth2Metadata(auth_pb2.OAuth2MetadataRequest()),
    }
    for name, call in calls.items():
        code, message = refused(call)
        assert code == UNSUPPORTED
        assert name in message


def test_unknown_domains_are_refused(client: Client) -> None:
    request = task_request("elsewhere", "true")
    request.id.domain = "moon"
    code, message = refused(lambda: client.admin.CreateTask(request))
    assert code == INVALID
    assert "domain [moon]" in message


def test_two_servers_never_share_a_data_directory(flyte: LocalFlyte) -> None:
    with pytest.raises(DataDirInUse, match="another local Flyte uses"), LocalFlyte(flyte.data_dir):
        pass


def test_people_are_told_why_it_does_not_start(flyte: LocalFlyte, tmp_path: Path) -> None:
    # GIVEN a directory in use, a damaged database, and one of another version
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "flyte.sqlite").write_bytes(b"no database" * 100)
    (tmp_path / "newer").mkdir()
    with closing(sqlite3.connect(tmp_path / "newer" / "flyte.sqlite")) as newer:
        newer.execute("PRAGMA user_version = 99")
    cases = {
        flyte.data_dir: "another local Flyte uses",
        tmp_path / "damaged": "is damaged",
        tmp_path / "newer": "was made by another version",
    }
    for data_dir, reason in cases.items():
        # WHEN somebody starts a server there
        result = CliRunner().invoke(app, ["serve", "--data-dir", str(data_dir)])
        # THEN it ends with one sentence
        assert result.exit_code == 1
        assert reason in result.stderr
        assert len(result.stderr.splitlines()) == 1


def test_a_port_that_is_taken_is_an_error(flyte: LocalFlyte, tmp_path: Any) -> None:
    taken = int(flyte.endpoint.rsplit(":", 1)[1])
    with pytest.raises(OSError, match="cannot listen"), LocalFlyte(tmp_path, port=taken):
        pass
