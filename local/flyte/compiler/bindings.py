"""Bindings: where a node's inputs and a workflow's outputs come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flyteidl.core import literals_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

START_NODE = "start-node"
END_NODE = "end-node"


class UnresolvedBinding(ValueError):
    """A binding points at a value that is not there."""


def resolve_all(bindings: Iterable[Any], outputs: Mapping[str, Any]) -> Any:
    """Return the ``core.LiteralMap`` of some bindings.

    Parameters
    ----------
    bindings
        ``core.Binding`` messages.
    outputs
        The outputs of each node so far, by node id; the workflow's inputs are those of
        `START_NODE`.

    Raises
    ------
    UnresolvedBinding
        If a promised value is missing.
    """
    literals = {binding.var: resolve(binding.binding, outputs) for binding in bindings}
    return literals_pb2.LiteralMap(literals=literals)


def resolve(data: Any, outputs: Mapping[str, Any]) -> Any:
    """Return the ``core.Literal`` of one ``core.BindingData``."""
    kind = data.WhichOneof("value")
    if kind == "scalar":
        return literals_pb2.Literal(scalar=data.scalar)
    if kind == "collection":
        items = [resolve(item, outputs) for item in data.collection.bindings]
        return literals_pb2.Literal(collection=literals_pb2.LiteralCollection(literals=items))
    if kind == "map":
        values = {key: resolve(value, outputs) for key, value in data.map.bindings.items()}
        return literals_pb2.Literal(map=literals_pb2.LiteralMap(literals=values))
    if kind == "promise":
        return _promised(data.promise, outputs)
    raise UnresolvedBinding("an input is bound to nothing")


def _promised(promise: Any, outputs: Mapping[str, Any]) -> Any:
    node_id = promise.node_id or START_NODE
    literals = outputs.get(node_id)
    if literals is None or promise.var not in literals.literals:
        raise UnresolvedBinding(f"node '{node_id}' has no output '{promise.var}'")
    literal = literals.literals[promise.var]
    for step in promise.attr_path:
        literal = _step_into(literal, step)
    return literal


def _step_into(literal: Any, step: Any) -> Any:
    if step.WhichOneof("value") == "int_value" and literal.WhichOneof("value") == "collection":
        if step.int_value < len(literal.collection.literals):
            return literal.collection.literals[step.int_value]
    elif literal.WhichOneof("value") == "map" and step.string_value in literal.map.literals:
        return literal.map.literals[step.string_value]
    wanted = step.string_value or step.int_value
    raise UnresolvedBinding(f"the promised value has no element '{wanted}'")


def promises(data: Any) -> Iterator[Any]:
    """Yield every ``core.OutputReference`` inside a ``core.BindingData``."""
    kind = data.WhichOneof("value")
    if kind == "promise":
        yield data.promise
    elif kind == "collection":
        for item in data.collection.bindings:
            yield from promises(item)
    elif kind == "map":
        for value in data.map.bindings.values():
            yield from promises(value)


def upstream(node: Any) -> frozenset[str]:
    """Return the ids of the nodes that must have succeeded before this one may begin."""
    promised = {promise.node_id for binding in node.inputs for promise in promises(binding.binding)}
    return frozenset(promised | set(node.upstream_node_ids)) - {"", START_NODE}
