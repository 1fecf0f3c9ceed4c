"""Names are derived from content: the same thing has the same name, another has another."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.core.model import (
    Execution,
    LaunchPlan,
    Notice,
    Options,
    Style,
    Upload,
    canonical_json,
    upload_id,
)
from services.core.options import OptionsError, Quality

PLAN = LaunchPlan("nst", "development", "style_transfer", "v1")
STYLE = Style("mosaic", "b", "styles/mosaic.jpg", "v1")
names = st.text(st.characters(exclude_categories=["Cs"]))


def upload(key: str, style: Style = STYLE, options: Options | None = None) -> Upload:
    notice = Notice(upload_id("b", key, version_id="v"), "b", key, "v")
    return Upload(notice, 1, (style,), options or Options())


class TestUploadId:
    def test_is_the_same_for_ever(self) -> None:
        # Changing it would launch again whatever waits in a queue during a deployment.
        assert upload_id("b", "uploads/é +.jpg", version_id="v") == "wtn5jpmnrj3ndcnxxhcag3bkcz"

    @given(bucket=names, key=names, version=names)
    def test_is_26_characters_that_are_safe_in_keys_and_labels(
        self, bucket: str, key: str, version: str
    ) -> None:
        assert re.fullmatch("[a-z2-7]{26}", upload_id(bucket, key, version_id=version))

    def test_tells_versions_apart(self) -> None:
        assert upload_id("b", "k", version_id="1") != upload_id("b", "k", version_id="2")

    def test_tells_writes_apart_where_there_are_no_versions(self) -> None:
        assert upload_id("b", "k", etag="e", sequencer="1") != upload_id(
            "b", "k", etag="e", sequencer="2"
        )

    def test_leaves_etag_and_sequencer_out_where_there_are_versions(self) -> None:
        # EventBridge and S3 write the sequencer of one event alike, but nothing promises it.
        assert upload_id("b", "k", version_id="1", sequencer="2") == upload_id(
            "b", "k", version_id="1"
        )


class TestExecution:
    @given(order=st.permutations([upload(f"uploads/{i}.jpg") for i in range(5)]))
    def test_is_the_same_in_any_order_of_uploads(self, order: list[Upload]) -> None:
        expected = Execution.of([upload(f"uploads/{i}.jpg") for i in range(5)], PLAN, "r")

        assert Execution.of(order, PLAN, "r") == expected

    def test_has_a_name_that_flyte_and_kubernetes_take(self) -> None:
        execution = Execution.of([upload("uploads/a.jpg")], PLAN, "r")

        assert re.fullmatch("nst-[a-z2-7]{20}", execution.name)

    def test_has_another_name_for_anything_that_differs(self) -> None:
        executions = [
            Execution.of([upload("a")], PLAN, "r"),
            Execution.of([upload("b")], PLAN, "r"),
            Execution.of([upload("a"), upload("b")], PLAN, "r"),
            Execution.of([upload("a", options=Options(size=64))], PLAN, "r"),
            Execution.of([upload("a", Style("mosaic", "b", "styles/mosaic.jpg", "v2"))], PLAN, "r"),
            Execution.of([upload("a", replace(STYLE, weight=2.0))], PLAN, "r"),
            Execution.of([upload("a")], LaunchPlan("nst", "development", "x", "v2"), "r"),
        ]

        assert len({execution.name for execution in executions}) == len(executions)

    def test_fingerprint_covers_every_input(self) -> None:
        one = Execution.of([upload("a")], PLAN, "results")
        other = Execution.of([upload("a")], PLAN, "other-results")

        assert one.name == other.name
        assert one.fingerprint != other.fingerprint

    def test_fingerprint_is_the_hash_of_launch_plan_and_inputs(self) -> None:
        execution = Execution.of([upload("a")], PLAN, "r")
        content = {"launch_plan": PLAN.wire(), "inputs": execution.inputs}
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))

        assert execution.fingerprint == hashlib.sha256(text.encode()).hexdigest()

    def test_survives_json(self) -> None:
        execution = Execution.of([upload("uploads/ü.jpg")], PLAN, "r")

        assert json.loads(canonical_json(execution.inputs)) == execution.inputs


class TestOptions:
    def test_have_defaults(self) -> None:
        assert Options.parse({}).wire() == {
            "size": "512",
            "strength": "1.0",
            "quality": "standard",
            "preserve_colors": "false",
            "style_scale": "1.0",
        }

    def test_are_read_from_metadata(self) -> None:
        metadata = {
            "size": "1024",
            "strength": " .5",
            "quality": "High",
            "preserve-colors": "TRUE",
            "style-scale": "1.5",
            "camera": "foreign to us",
        }

        assert Options.parse(metadata) == Options(
            1024, 0.5, Quality.HIGH, preserve_colors=True, style_scale=1.5
        )

    @given(
        options=st.builds(
            Options,
            st.integers(64, 2048),
            st.floats(0, 1),
            st.sampled_from(Quality),
            st.booleans(),
            st.floats(0.5, 2),
        )
    )
    def test_survive_the_wire(self, options: Options) -> None:
        wire = {name.replace("_", "-"): value for name, value in options.wire().items()}

        assert Options.parse(wire).wire() == Options.parse(wire).wire()
        assert Options.parse(wire) == options

    def test_have_one_spelling_per_value(self) -> None:
        spellings = ("1", "1.0", "1e0", " 1.00 ")

        assert {Options.parse({"strength": each}).wire()["strength"] for each in spellings} == {
            "1.0"
        }
        assert Options.parse({"strength": "-0.0"}).wire()["strength"] == "0.0"

    @pytest.mark.parametrize(
        ("metadata", "reason"),
        [
            ({"strength": "7"}, "strength must be a number from 0 to 1, not '7'"),
            ({"strength": "nan"}, "strength must be a number from 0 to 1, not 'nan'"),
            ({"strength": "much"}, "strength must be a number from 0 to 1, not 'much'"),
            ({"size": "63"}, "size must be a whole number from 64 to 2048, not '63'"),
            ({"size": "512.5"}, "size must be a whole number from 64 to 2048, not '512.5'"),
            ({"quality": "best"}, "quality must be preview, standard or high, not 'best'"),
            ({"style-scale": "0.4"}, "style-scale must be a number from 0.5 to 2, not '0.4'"),
            ({"preserve-colors": "1"}, "preserve-colors must be true or false, not '1'"),
            (
                {"size": "9", "strength": "9"},
                (
                    "size must be a whole number from 64 to 2048, not '9'; "
                    "strength must be a number from 0 to 1, not '9'"
                ),
            ),
        ],
    )
    def test_out_of_range_are_refused_with_what_would_be_accepted(
        self, metadata: dict[str, str], reason: str
    ) -> None:
        with pytest.raises(OptionsError) as error:
            Options.parse(metadata)

        assert str(error.value) == reason

    @given(metadata=st.dictionaries(st.sampled_from(["size", "strength", "quality"]), names))
    def test_of_any_text_are_granted_or_refused(self, metadata: dict[str, str]) -> None:
        try:
            Options.parse(metadata)
        except OptionsError as error:
            assert "must be" in str(error)  # noqa: PT017
