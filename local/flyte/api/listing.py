"""Pages, order and filters of the List RPCs.

A filter is written ``op(field,value)``; several are joined by ``+`` and must all hold
(flyteadmin ``manager/impl/util/filters.go``).
"""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING, Any, TypeVar

from flyteidl.admin import common_pb2

from local.flyte.refusals import invalid_argument

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

T = TypeVar("T")

_FILTER = re.compile(r"(?P<op>\w+)\((?P<field>[\w.]+),(?P<value>.*)\)")
_COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "contains": operator.contains,
    "value_in": lambda value, wanted: value in wanted.split(";"),
}


def page(
    rows: Sequence[T], request: Any, fields: Callable[[T], Mapping[str, Any]]
) -> tuple[list[T], str]:
    """Return the rows that a List request asks for.

    Parameters
    ----------
    rows
        All candidates, oldest first.
    request
        Anything with ``limit`` and ``token``, perhaps ``filters`` and ``sort_by``.
    fields
        What can be filtered and sorted by, of one row.

    Returns
    -------
    tuple of list and str
        One page, and the token of the next ("" after the last).

    Raises
    ------
    Refused
        INVALID_ARGUMENT for a filter, field or token that is not understood.
    """
    matching = [row for row in rows if _matches(fields(row), getattr(request, "filters", ""))]
    sort_by = getattr(request, "sort_by", None)
    if sort_by is not None and sort_by.key and matching:
        # created_at is the order that the rows come in.
        if sort_by.key != "created_at":
            matching.sort(key=lambda row: str(_field(fields(row), sort_by.key)))
        if sort_by.direction == common_pb2.Sort.DESCENDING:
            matching.reverse()
    if not request.token.isdigit() and request.token:
        raise invalid_argument(f"invalid page token '{request.token}'")
    start = int(request.token or 0)
    end = start + request.limit if request.limit else len(matching)
    return matching[start:end], str(end) if end < len(matching) else ""


def _matches(fields: Mapping[str, Any], filters: str) -> bool:
    return all(_holds(fields, expression) for expression in filters.split("+") if expression)


def _holds(fields: Mapping[str, Any], expression: str) -> bool:
    match = _FILTER.fullmatch(expression)
    if match is None or match["op"] not in _COMPARISONS:
        known = ", ".join(_COMPARISONS)
        raise invalid_argument(f"cannot read the filter '{expression}' (known: {known})")
    return _COMPARISONS[match["op"]](str(_field(fields, match["field"])), match["value"])


def _field(fields: Mapping[str, Any], name: str) -> Any:
    if name not in fields:
        raise invalid_argument(f"cannot filter or sort by '{name}' (known: {', '.join(fields)})")
    return fields[name]
