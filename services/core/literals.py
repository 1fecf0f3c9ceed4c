"""The launch plan's inputs as Flyte literals, word for word as flytekit's TypeEngine makes them.

The contract test compares the two; it is what lets the functions do without flytekit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from flyteidl.core import literals_pb2

if TYPE_CHECKING:
    from services.core.model import Inputs


def literal_map(inputs: Inputs) -> Any:
    """Build the ``LiteralMap`` of an execution's inputs."""
    values = cast("dict[str, Any]", inputs)
    return literals_pb2.LiteralMap(literals={name: _literal(v) for name, v in values.items()})


def _literal(value: str | list[Any] | dict[str, Any]) -> Any:
    match value:
        case str():
            primitive = literals_pb2.Primitive(string_value=value)
            return literals_pb2.Literal(scalar=literals_pb2.Scalar(primitive=primitive))
        case list():
            elements = literals_pb2.LiteralCollection(literals=map(_literal, value))
            return literals_pb2.Literal(collection=elements)
        case dict():
            entries = {name: _literal(element) for name, element in value.items()}
            return literals_pb2.Literal(map=literals_pb2.LiteralMap(literals=entries))
