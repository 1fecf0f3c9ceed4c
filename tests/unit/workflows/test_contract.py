"""The words that cross from the dispatcher into a pod."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.contract import Job, manifest_key, parse_options
from workflows.engine import Options

wire_options = st.fixed_dictionaries(
    {
        "size": st.integers(64, 2048).map(str),
        "strength": st.floats(0, 1).map(repr),
        "quality": st.sampled_from(["preview", "standard", "high"]),
        "preserve_colors": st.sampled_from(["true", "false"]),
    }
)


@given(wire_options)
def test_options_survive_the_wire(wire):
    # WHEN
    options = parse_options(wire)

    # THEN every value is the one that was sent, in its own type
    assert str(options.size) == wire["size"]
    assert repr(options.strength) == wire["strength"]
    assert options.quality == wire["quality"]
    assert options.preserve_colors is (wire["preserve_colors"] == "true")


def test_what_is_not_sent_takes_the_engines_default():
    assert parse_options({}) == Options()


@pytest.mark.parametrize(
    ("wire", "complaint"),
    [
        ({"colour": "red"}, "unknown option 'colour'"),
        ({"preserve_colors": "perhaps"}, "'true' or 'false'"),
        ({"strength": "2"}, "strength"),
        ({"size": "large"}, "large"),
    ],
)
def test_an_option_that_makes_no_sense_is_named(wire, complaint):
    with pytest.raises(ValueError, match=complaint):
        parse_options(wire)


def test_results_lie_under_the_upload_and_manifests_under_the_execution():
    # GIVEN
    job = Job({"id": "abc"}, {}, {}, "results-bucket", "nst-1")

    # THEN
    assert job.key("result.json") == "results/abc/result.json"
    assert manifest_key(job.execution) == "executions/nst-1/manifest.json"
