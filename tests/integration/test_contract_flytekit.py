"""Our request for an execution is, to the last field, the one that flytekit would send.

flytekit's own TypeEngine makes the literals and its own FlyteRemote the request; the functions do
both with Flyte's message types alone (`services.core.literals`, `services.core.flyte`). The launch
plan is the real one, and what it is sent is what the engine reads.
"""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest
from flyteidl.admin import execution_pb2
from flytekit.clients.friendly import SynchronousFlyteClient
from flytekit.configuration import Config, Image, ImageConfig, SerializationSettings
from flytekit.core.context_manager import FlyteContextManager
from flytekit.core.options import Options as RemoteOptions
from flytekit.core.type_engine import TypeEngine
from flytekit.models.common import Annotations
from flytekit.models.core.identifier import Identifier, ResourceType
from flytekit.remote import FlyteLaunchPlan, FlyteRemote
from flytekit.tools.translator import get_serializable
from hypothesis import given, settings
from hypothesis import strategies as st

from services.core.blend import WEIGHT_RANGE, blend_label
from services.core.flyte import FINGERPRINT_ANNOTATION, creation_request
from services.core.literals import literal_map
from services.core.model import (
    Execution,
    LaunchPlan,
    Notice,
    Options,
    Style,
    Upload,
    upload_id,
)
from services.core.options import Quality
from workflows.contract import blend_label as label_of_wire
from workflows.engine import Options as EngineOptions
from workflows.style_transfer import batch_plan, style_transfer

PLAN = LaunchPlan("nst", "development", "style_transfer", "v1")
TYPES: dict[str, type] = style_transfer.python_interface.inputs


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
weights = st.floats(*WEIGHT_RANGE)
executions = st.builds(
    lambda keys, styles, options: Execution.of(
        [
            Upload(Notice(upload_id("b", key, version_id="v"), "b", key, "v"), 1, styles, options)
            for key in keys
        ],
        PLAN,
        "results-bucket",
    ),
    st.lists(texts, min_size=1, max_size=4, unique=True),
    st.lists(st.builds(Style, texts, texts, texts, texts, weights), min_size=1, max_size=3).map(
        tuple
    ),
    st.builds(
        Options,
        st.integers(64, 2048),
        st.floats(0, 1),
        st.sampled_from(Quality),
        st.booleans(),
        st.floats(0.5, 2),
    ),
)


@given(execution=executions)
@settings(max_examples=50, deadline=None)
def test_literals_are_those_of_flytekits_type_engine(execution: Execution) -> None:
    context = FlyteContextManager.current_context()

    theirs = TypeEngine.dict_to_literal_map(context, dict(execution.inputs), TYPES)

    assert literal_map(execution.inputs) == theirs.to_flyte_idl()


def test_the_launch_plan_has_the_name_that_the_template_launches() -> None:
    assert batch_plan.name == PLAN.name


@given(execution=executions)
@settings(max_examples=50, deadline=None)
def test_the_engine_reads_the_options_that_the_dispatcher_sends(execution: Execution) -> None:
    wire = execution.inputs["options"]

    assert EngineOptions.from_strings(wire).to_strings() == wire


def test_both_sides_have_the_same_defaults() -> None:
    assert Options().wire() == EngineOptions().to_strings()


@given(st.lists(st.builds(Style, texts, texts, texts, texts, weights), min_size=1))
def test_both_sides_call_a_blend_the_same(styles: list[Style]) -> None:
    assert label_of_wire([style.wire() for style in styles]) == blend_label(styles)


@pytest.fixture
def registered_launch_plan() -> FlyteLaunchPlan:
    """The launch plan as FlyteRemote finds it on a cluster."""
    image = ImageConfig(default_image=Image(name="default", fqn="nst", tag="v1"))
    serialization = SerializationSettings(
        image_config=image, project=PLAN.project, domain=PLAN.domain, version=PLAN.version
    )
    spec: Any = get_serializable({}, serialization, batch_plan)
    found = FlyteLaunchPlan.promote_from_model(
        Identifier(ResourceType.LAUNCH_PLAN, *PLAN.wire().values()), spec.spec
    )
    found._interface = style_transfer.interface  # FlyteRemote takes it from the workflow
    return found


class Sent(Exception):
    """Carries the request that was about to be sent."""

    def __init__(self, request: Any) -> None:
        self.request = request


def test_the_request_is_that_of_flyteremote(registered_launch_plan: FlyteLaunchPlan) -> None:
    # GIVEN an execution of two uploads
    style = Style("mosaic", "b", "styles/mosaic.jpg", "v7")
    uploads = [
        Upload(Notice(upload_id("b", key, version_id="v"), "b", key, "v"), 1, (style,), Options())
        for key in ("uploads/a.jpg", "uploads/b c.jpg")
    ]
    execution = Execution.of(uploads, PLAN, "results-bucket")
    remote = FlyteRemote(
        Config.for_endpoint("localhost:1", insecure=True), PLAN.project, PLAN.domain
    )

    # WHEN FlyteRemote launches it
    def catch(_: Any, request: Any) -> None:
        raise Sent(request)

    create = "flytekit.clients.raw.RawSynchronousFlyteClient.create_execution"
    with patch(create, catch), pytest.raises(Sent) as sent:
        remote.execute(
            registered_launch_plan,
            inputs=dict(execution.inputs),
            execution_name=execution.name,
            options=RemoteOptions(
                annotations=Annotations({FINGERPRINT_ANNOTATION: execution.fingerprint})
            ),
            type_hints=dict(TYPES),
        )

    # THEN what it sends is what we send
    assert isinstance(sent.value.request, execution_pb2.ExecutionCreateRequest)
    assert creation_request(execution) == sent.value.request


def test_the_client_that_was_watched_is_the_one_flyteremote_uses() -> None:
    remote = FlyteRemote(Config.for_endpoint("localhost:1", insecure=True))

    assert isinstance(remote.client, SynchronousFlyteClient)
