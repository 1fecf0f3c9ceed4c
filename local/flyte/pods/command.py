"""The registered container command, with Flyte's template variables filled in.

Source: flyteplugins ``pluginmachinery/core/template/template.go``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from local.flyte.state.layout import AttemptLayout

_VARIABLE = re.compile(r"{{\s*[.$](?P<name>[a-zA-Z]+)(?:\.(?P<input>[^\s}]+))?\s*}}")

_NAMES = frozenset(
    {
        "input",
        "inputprefix",
        "inputs",
        "outputprefix",
        "rawoutputdataprefix",
        "perretryuniquekey",
        "checkpointoutputprefix",
        "prevcheckpointprefix",
        "namespace",
    }
)

# What the first attempt gets for its previous checkpoint; flytekit reads it as None.
_NO_CHECKPOINT = '""'


class UnknownVariable(ValueError):
    """A command names a template variable that cannot be filled in."""


def fill_in(arguments: Iterable[str], places: AttemptLayout, inputs: Any) -> tuple[str, ...]:
    """Fill in the template variables of a container command.

    Parameters
    ----------
    arguments
        The container's command and args, as registered.
    places
        Where the attempt's files lie.
    inputs
        The task's ``core.LiteralMap``, for ``{{.inputs.<name>}}``.

    Raises
    ------
    UnknownVariable
        If a variable has no value here.
    """
    values = {
        "input": str(places.inputs),
        "inputprefix": str(places.inputs.parent),
        "outputprefix": str(places.output_dir),
        "rawoutputdataprefix": places.raw,
        "perretryuniquekey": places.name,
        "checkpointoutputprefix": places.checkpoint,
        "prevcheckpointprefix": places.previous_checkpoint or _NO_CHECKPOINT,
        "namespace": "local",
    }

    def value(match: re.Match[str]) -> str:
        name = match["name"].lower()
        if name == "inputs" and match["input"]:
            return _primitive(inputs, match["input"])
        if name in values and not match["input"]:
            return values[name]
        raise _unknown(match[0])

    return tuple(_VARIABLE.sub(value, argument) for argument in arguments)


def check_variables(arguments: Iterable[str]) -> None:
    """Raise `UnknownVariable` if a command names a template variable that has no value here."""
    for argument in arguments:
        for match in _VARIABLE.finditer(argument):
            if match["name"].lower() not in _NAMES:
                raise _unknown(match[0])


def _unknown(variable: str) -> UnknownVariable:
    return UnknownVariable(f"the local Flyte has no value for {variable} in a container command")


def _primitive(inputs: Any, name: str) -> str:
    literal = inputs.literals.get(name)
    if literal is None:
        raise UnknownVariable(f"the command names input '{name}', which the task does not have")
    primitive = literal.scalar.primitive
    kind = primitive.WhichOneof("value")
    if kind is None:
        raise UnknownVariable(f"the command names input '{name}', which is not a primitive")
    value = getattr(primitive, kind)
    return str(value).lower() if kind == "boolean" else str(value)
