"""Whether a literal is a value of a type, as flyteadmin asks before it launches.

Source: flytepropeller ``compiler/validators/typing.go`` (AreTypesCastable).
"""

from __future__ import annotations

from typing import Any

from flyteidl.core import types_pb2

_PRIMITIVES = {
    types_pb2.INTEGER: "integer",
    types_pb2.FLOAT: "float_value",
    types_pb2.STRING: "string_value",
    types_pb2.BOOLEAN: "boolean",
    types_pb2.DATETIME: "datetime",
    types_pb2.DURATION: "duration",
}
_SCALARS = {
    types_pb2.NONE: {"none_type"},
    types_pb2.ERROR: {"error"},
    types_pb2.BINARY: {"binary"},
    # Structures travel as protobuf structs or, since flytekit 1.14, as msgpack.
    types_pb2.STRUCT: {"generic", "binary"},
}


def is_of_type(literal: Any, literal_type: Any) -> bool:
    """Return whether a ``core.Literal`` is a value of a ``core.LiteralType``."""
    kind = literal_type.WhichOneof("type")
    if kind == "union_type":
        return _is_of_union(literal, literal_type.union_type)
    if kind == "collection_type":
        return literal.WhichOneof("value") == "collection" and all(
            is_of_type(item, literal_type.collection_type) for item in literal.collection.literals
        )
    if kind == "map_value_type":
        return literal.WhichOneof("value") == "map" and all(
            is_of_type(value, literal_type.map_value_type)
            for value in literal.map.literals.values()
        )
    if literal.WhichOneof("value") != "scalar":
        return False
    return _is_of_scalar_type(literal.scalar, kind, literal_type)


def _is_of_scalar_type(scalar: Any, kind: str | None, literal_type: Any) -> bool:
    if kind == "simple":
        return _is_simple(scalar, literal_type.simple)
    if kind == "blob":
        return _is_blob(scalar, literal_type.blob)
    if kind == "enum_type":
        return scalar.primitive.string_value in literal_type.enum_type.values
    return kind in ("schema", "structured_dataset_type") and scalar.WhichOneof("value") in (
        "schema",
        "structured_dataset",
    )


def _is_simple(scalar: Any, simple: int) -> bool:
    if simple in _PRIMITIVES:
        return bool(scalar.primitive.WhichOneof("value") == _PRIMITIVES[simple])
    return scalar.WhichOneof("value") in _SCALARS.get(simple, ())


def _is_blob(scalar: Any, blob_type: Any) -> bool:
    # flyteadmin infers no type at all for a blob without metadata.
    if scalar.WhichOneof("value") != "blob" or not scalar.blob.HasField("metadata"):
        return False
    actual = scalar.blob.metadata.type
    formats = {actual.format, blob_type.format}
    same_format = "" in formats or len(formats) == 1
    return same_format and bool(actual.dimensionality == blob_type.dimensionality)


def _is_of_union(literal: Any, union_type: Any) -> bool:
    if literal.scalar.WhichOneof("value") == "union":
        literal = literal.scalar.union.value
    return any(is_of_type(literal, variant) for variant in union_type.variants)


def type_name(literal_type: Any) -> str:
    """Return a type in words, for people who passed something else."""
    kind = literal_type.WhichOneof("type")
    if kind == "simple":
        return str(types_pb2.SimpleType.Name(literal_type.simple)).lower()
    if kind == "collection_type":
        return f"list of {type_name(literal_type.collection_type)}"
    if kind == "map_value_type":
        return f"map of {type_name(literal_type.map_value_type)}"
    if kind == "union_type":
        return " or ".join(type_name(variant) for variant in literal_type.union_type.variants)
    return (kind or "nothing").removesuffix("_type").replace("_", " ")
