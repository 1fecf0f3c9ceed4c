"""CreateExecution and its kin: accepted, refused, or accepted and failed."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from flyteidl.admin import execution_pb2
from flyteidl.admin.common_pb2 import (
    NamedEntityIdentifier,
    ResourceListRequest,
)
from flyteidl.core import identifier_pb2
from flyteidl.core.execution_pb2 import ExecutionError, WorkflowExecution

from tests.unit.local.flyte_client import (
    EXISTS,
    INVALID,
    MISSING,
    Client,
    identifier,
    literals,
    refused,
    text,
    texts,
)


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
