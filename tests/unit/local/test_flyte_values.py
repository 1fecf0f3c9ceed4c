"""Pure parts of the local Flyte: places, commands, types, bindings, lists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flyteidl.admin.common_pb2 import ResourceListRequest
from flyteidl.core import literals_pb2, types_pb2, workflow_pb2
from hypothesis import given
from hypothesis import strategies as st

from local.flyte.api.listing import page
from local.flyte.compiler.bindings import UnresolvedBinding, resolve
from local.flyte.compiler.literal_types import is_of_type, type_name
from local.flyte.execution.array_node import item_count, minimum_successes
from local.flyte.execution.outcomes import TaskFailed
from local.flyte.pods.command import UnknownVariable, fill_in
from local.flyte.state.layout import MAX_UNIQUE_ID, ExecutionLayout, fnv32a, shard, unique_id
from local.flyte.state.rows import NO_ITEM
from tests.unit.local.flyte_client import STRING, STRINGS, literals, text, texts

LAYOUT = ExecutionLayout(Path("/data"), "nst", "development", "nst-x")


@pytest.mark.parametrize(
    ("data", "expected"), [(b"", 0x811C9DC5), (b"a", 0xE40C292C), (b"foobar", 0xBF9CF968)]
)
def test_fnv_is_the_published_one(data: bytes, expected: int) -> None:
    # Test vectors of draft-eastlake-fnv.
    assert fnv32a(data) == expected


@given(st.text(st.sampled_from("abc-"), min_size=1, max_size=60), st.integers(0, 99))
def test_pod_names_fit_and_short_ones_can_be_read(name: str, attempt: int) -> None:
    made = unique_id(name, "n0", attempt)
    assert len(made) <= MAX_UNIQUE_ID
    if len(name) <= 40:
        assert made == f"{name}-n0-{attempt}"
    assert len(shard(made)) == 2


def test_the_layout_is_propellers() -> None:
    node = "/data/blobs/metadata/propeller/nst-development-nst-x/n0/data"
    plain, item = LAYOUT.attempt("n0", NO_ITEM, 2), LAYOUT.attempt("n0", 3, 1)
    assert str(plain.inputs) == f"{node}/inputs.pb"
    assert str(plain.output_dir) == f"{node}/2"
    assert str(item.output_dir) == f"{node}/0/3/1"
    assert (plain.name, item.name) == ("nst-x-n0-2", "nst-x-n0-0-n3-1")
    assert plain.raw.startswith("/data/blobs/raw/")
    assert plain.raw.endswith("/nst-x-n0-2")


@given(st.integers(NO_ITEM, 20), st.integers(0, 20))
def test_each_attempt_reads_the_checkpoint_of_the_one_before(item: int, attempt: int) -> None:
    later = LAYOUT.attempt("n0", item, attempt + 1)
    assert later.previous_checkpoint == LAYOUT.attempt("n0", item, attempt).checkpoint
    assert LAYOUT.attempt("n0", item, 0).previous_checkpoint is None


def test_raw_outputs_go_where_the_execution_says() -> None:
    layout = ExecutionLayout(Path("/data"), "p", "d", "e", raw_prefix="s3://bucket/raw/")
    assert layout.attempt("n0", NO_ITEM, 0).raw.startswith("s3://bucket/raw/")
    assert layout.attempt("n0", NO_ITEM, 0).checkpoint.startswith("s3://bucket/raw/")


def test_template_variables_are_filled_in_as_flyte_writes_them() -> None:
    # GIVEN a command with variables in every spelling
    places = LAYOUT.attempt("n0", NO_ITEM, 0)
    command = ["{{.input}}", "{{ .Input }}", "{{$input}}", "-p={{.outputPrefix}}!", "{{.inputs.n}}"]
    # WHEN it is filled in
    filled = fill_in([*command, "{{.prevCheckpointPrefix}}"], places, literals(n=text("x")))
    # THEN each has its value
    source = str(places.inputs)
    assert filled == (source, source, source, f"-p={places.output_dir}!", "x", '""')


@pytest.mark.parametrize("argument", ["{{.taskTemplatePath}}", "{{.inputs.nobody}}"])
def test_variables_without_a_value_are_an_error(argument: str) -> None:
    with pytest.raises(UnknownVariable):
        fill_in([argument], LAYOUT.attempt("n0", NO_ITEM, 0), literals())


def literal(**scalar: Any) -> Any:
    return literals_pb2.Literal(scalar=literals_pb2.Scalar(**scalar))


VALUES = {
    "string": (STRING, text("x")),
    "integer": (
        types_pb2.LiteralType(simple=types_pb2.INTEGER),
        literal(primitive=literals_pb2.Primitive(integer=0)),
    ),
    "boolean": (
        types_pb2.LiteralType(simple=types_pb2.BOOLEAN),
        literal(primitive=literals_pb2.Primitive(boolean=False)),
    ),
    "none": (types_pb2.LiteralType(simple=types_pb2.NONE), literal(none_type={})),
    "struct": (types_pb2.LiteralType(simple=types_pb2.STRUCT), literal(generic={})),
    "blob": (
        types_pb2.LiteralType(blob=types_pb2.BlobType(format="png")),
        literal(blob=literals_pb2.Blob(metadata={"type": {"format": "png"}})),
    ),
}


@given(st.sampled_from(sorted(VALUES)), st.sampled_from(sorted(VALUES)), st.integers(0, 3))
def test_a_literal_is_of_its_own_type_and_of_no_other(one: str, other: str, depth: int) -> None:
    # GIVEN a type and a literal, both wrapped in maps and lists as often
    kind, value = VALUES[one][0], VALUES[other][1]
    for level in range(depth):
        if level % 2:
            kind = types_pb2.LiteralType(collection_type=kind)
            collection = literals_pb2.LiteralCollection(literals=[value])
            value = literals_pb2.Literal(collection=collection)
        else:
            kind = types_pb2.LiteralType(map_value_type=kind)
            value = literals_pb2.Literal(map=literals(key=value))
    # THEN they fit if and only if they are of one kind, also inside a union
    assert is_of_type(value, kind) == (one == other)
    union = types_pb2.LiteralType(union_type=types_pb2.UnionType(variants=[kind]))
    wrapped = literal(union=literals_pb2.Union(value=value, type=kind))
    assert is_of_type(wrapped, union) == (one == other)


def test_blobs_need_metadata_and_a_fitting_format() -> None:
    png, any_format = VALUES["blob"][0], types_pb2.LiteralType(blob=types_pb2.BlobType())
    assert not is_of_type(literal(blob=literals_pb2.Blob(uri="s3://b/k")), any_format)
    assert is_of_type(VALUES["blob"][1], any_format)
    jpeg = literal(blob=literals_pb2.Blob(metadata={"type": {"format": "jpeg"}}))
    assert not is_of_type(jpeg, png)


def test_an_empty_list_is_of_any_list_type() -> None:
    assert is_of_type(texts(), types_pb2.LiteralType(collection_type=VALUES["blob"][0]))


def test_types_are_named_for_people() -> None:
    nested = types_pb2.LiteralType(
        collection_type=types_pb2.LiteralType(map_value_type=VALUES["integer"][0])
    )
    assert type_name(nested) == "list of map of integer"


def promise(var: str, *path: str | int) -> Any:
    data = literals_pb2.BindingData()
    data.promise.node_id, data.promise.var = "n0", var
    for step in path:
        if isinstance(step, int):
            data.promise.attr_path.add(int_value=step)
        else:
            data.promise.attr_path.add(string_value=step)
    return data


def test_bindings_reach_into_lists_and_maps() -> None:
    # GIVEN a node's output, and bindings of every kind
    outputs = {"n0": literals(o=literals_pb2.Literal(map=literals(list=texts("a", "b"))))}
    data = literals_pb2.BindingData()
    data.collection.bindings.add().CopyFrom(promise("o", "list", 1))
    data.collection.bindings.add().scalar.CopyFrom(text("c").scalar)
    # THEN they resolve
    assert resolve(data, outputs) == texts("b", "c")
    # AND what is not there is an error
    for missing in (promise("p"), promise("o", "nobody"), promise("o", "list", 2)):
        with pytest.raises(UnresolvedBinding):
            resolve(missing, outputs)


def test_what_a_map_task_maps_over() -> None:
    array = workflow_pb2.ArrayNode(bound_inputs=["style"])
    bound = texts("never", "mapped", "over")
    assert item_count(array, literals(xs=texts("a", "b"), style=bound)) == 2
    with pytest.raises(TaskFailed, match="differ in length"):
        item_count(array, literals(xs=texts("a"), ys=texts("a", "b")))
    with pytest.raises(TaskFailed, match="'xs'"):
        item_count(array, literals(xs=text("a")))


@given(st.integers(0, 50), st.floats(0, 1, width=32))
def test_the_ratio_is_rounded_up(count: int, ratio: float) -> None:
    array = workflow_pb2.ArrayNode(min_success_ratio=ratio)
    assert ratio * count <= minimum_successes(array, count) <= count
    assert minimum_successes(workflow_pb2.ArrayNode(), count) == count
    assert minimum_successes(workflow_pb2.ArrayNode(min_successes=3), count) == 3


@given(st.lists(st.integers(), max_size=30), st.integers(0, 10))
def test_pages_hold_each_row_once(rows: list[int], limit: int) -> None:
    request = ResourceListRequest(limit=limit)
    seen: list[int] = []
    while True:
        selected, request.token = page(rows, request, lambda row: {"value": row})
        seen += selected
        if not request.token:
            break
    assert seen == rows


def test_string_lists_are_of_their_type() -> None:
    assert is_of_type(texts("a"), STRINGS)
