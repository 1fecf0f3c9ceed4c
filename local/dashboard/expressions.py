"""The part of CloudWatch's metric math that the template uses.

Its expressions are read with Python's own parser, which they are close enough to; each kind of
node is interpreted here or refused by name.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from local.dashboard.measurements import Points

Value = float | Points

SEARCH = re.compile(r"\{\"?([^\",}]+)\"?((?:,[\w.-]+)*)\} MetricName=\"([^\"]+)\"")

_OPERATORS: dict[type[ast.AST], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.And: lambda left, right: float(bool(left) and bool(right)),
    ast.Or: lambda left, right: float(bool(left) or bool(right)),
}


class ExpressionError(ValueError):
    """An expression that is not understood here; the text tells which part of it."""


def search_of(expression: str) -> tuple[str, frozenset[str], str, str] | None:
    """Return namespace, dimensions, metric and statistic of a SEARCH, or None if it is none."""
    if not expression.startswith("SEARCH("):
        return None
    call = _parse(expression)
    assert isinstance(call, ast.Call)
    query, stat, *_ = [ast.literal_eval(argument) for argument in call.args]
    if not (found := SEARCH.fullmatch(query)):
        message = f"the search {query!r} is of no kind that is known here"
        raise ExpressionError(message)
    return found[1], frozenset(found[2].split(",")[1:]), found[3], stat


def names_in(expression: str) -> set[str]:
    """Return the ids that an expression refers to."""
    tree = _parse(expression)
    functions = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    return {node.id for node in names if id(node) not in functions}


def evaluate(expression: str, lines: Mapping[str, Points]) -> Points:
    """Evaluate an expression over lines by their ids; where one has no value, it has none.

    Raises
    ------
    ExpressionError
        For what is not interpreted here.
    """
    value = _evaluate(_parse(expression), lines)
    if not isinstance(value, dict):
        message = f"{expression!r} is a number, not a line"
        raise ExpressionError(message)
    return value


def _parse(expression: str) -> ast.expr:
    pythonic = re.sub(r"\b(AND|OR)\b", lambda found: found[0].lower(), expression)
    try:
        return ast.parse(pythonic, mode="eval").body
    except SyntaxError as error:
        message = f"{expression!r} cannot be read: {error.msg}"
        raise ExpressionError(message) from error


def _evaluate(node: ast.expr, lines: Mapping[str, Points]) -> Value:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name) if name in lines:
            return lines[name]
        case ast.BinOp(left=left, op=op, right=right):
            return _combine(op, _evaluate(left, lines), _evaluate(right, lines))
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            return _combine(op, _evaluate(left, lines), _evaluate(right, lines))
        case ast.BoolOp(op=op, values=[left, right]):
            return _combine(op, _evaluate(left, lines), _evaluate(right, lines))
        case ast.Call(func=ast.Name(id="SUM"), args=[ast.List(elts=elements)]):
            return _sum([_evaluate(element, lines) for element in elements])
        case ast.Call(func=ast.Name(id="IF"), args=[condition, then, otherwise]):
            return _choose(*(_evaluate(each, lines) for each in (condition, then, otherwise)))
    message = f"{ast.unparse(node)!r} is not interpreted here"
    raise ExpressionError(message)


def _combine(op: Any, left: Value, right: Value) -> Value:
    apply = _OPERATORS.get(type(op))
    if apply is None:
        message = f"the operator {type(op).__name__} is not interpreted here"
        raise ExpressionError(message)
    if not isinstance(left, dict) and not isinstance(right, dict):
        return float(apply(left, right))
    combined: Points = {}
    for moment in _moments(left, right):
        try:
            combined[moment] = float(apply(_at(left, moment), _at(right, moment)))
        except ZeroDivisionError:
            continue  # CloudWatch leaves such a point out, too
    return combined


def _choose(condition: Value, then: Value, otherwise: Value) -> Value:
    return {
        moment: _at(then if _at(condition, moment) else otherwise, moment)
        for moment in _moments(condition, then, otherwise)
    }


def _sum(values: list[Value]) -> Points:
    """Add lines up; a line that has no value at a moment adds nothing."""
    lines = [value for value in values if isinstance(value, dict)]
    moments = sorted({moment for line in lines for moment in line})
    return {moment: sum(line.get(moment, 0.0) for line in lines) for moment in moments}


def _moments(*values: Value) -> list[int]:
    """Return the moments at which all lines have a value."""
    lines = [set(value) for value in values if isinstance(value, dict)]
    return sorted(set.intersection(*lines))


def _at(value: Value, moment: int) -> float:
    return value[moment] if isinstance(value, dict) else value
