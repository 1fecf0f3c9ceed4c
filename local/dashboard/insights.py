"""The part of CloudWatch Logs Insights' query language that the dashboard uses.

``filter``, ``fields``, ``stats count(*)``, ``sort``, ``limit``. What is not understood is refused.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

Record = Mapping[str, str]
Predicate = Callable[[Record], bool]

TOKEN = re.compile(r"""\s*("[^"]*"|/(?:\\/|[^/])*/|!=|=|[\[\](),]|[@\w.]+)""")
STATS = re.compile(r"stats count\(\*\) as (\w+) by ([@\w.]+)")
SORT = re.compile(r"sort ([@\w.]+)( desc| asc)?")
COALESCE = re.compile(r"coalesce\(([^)]*)\) as (\w+)")


class QueryError(ValueError):
    """A query that is not understood here; the text tells which part of it."""


@dataclass(frozen=True)
class Table:
    """What a query found."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def record_of(moment: float, message: str) -> Record:
    """Return a log event as Insights sees it: its time, its text, and the fields found in it."""
    told = datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    record = {"@timestamp": told, "@message": message.rstrip("\n")}
    try:
        found = json.loads(message)
    except ValueError:
        return record
    if isinstance(found, dict):
        record |= {name: _text(value) for name, value in found.items()}
    return record


def run(query: str, records: Iterable[Record]) -> Table:
    """Run a query over records.

    Raises
    ------
    QueryError
        For what is not interpreted here.
    """
    found = list(records)
    columns: list[str] = ["@timestamp", "@message"]
    for stage in _stages(query):
        word = stage.split(" ", 1)[0]
        if word == "filter":
            accepts = _predicate(stage)
            found = [record for record in found if accepts(record)]
        elif word == "fields":
            columns, found = _select(stage, found)
        elif word == "stats":
            columns, found = _count(stage, found)
        elif word == "sort":
            found = _sort(stage, found)
        elif word == "limit":
            found = found[: int(stage.split()[1])]
        else:
            message = f"the stage {stage!r} is not interpreted here"
            raise QueryError(message)
    rows = tuple(tuple(record.get(column, "") for column in columns) for record in found)
    return Table(tuple(columns), rows)


def fields_in(query: str) -> set[str]:
    """Return the fields of log events that a query refers to; not what it makes itself."""
    used: set[str] = set()
    for stage in _stages(query):
        word, _, rest = stage.partition(" ")
        if word == "filter":
            reader = _Reader(rest)
            reader.alternatives()
            used |= reader.fields
        elif word == "fields":
            used |= {name for column in _columns(rest) for name in column[1]}
        elif word == "stats" and (found := STATS.fullmatch(stage)):
            used.add(found[2])
    return used


def _stages(query: str) -> list[str]:
    # Between the bars, but for those inside of a pattern.
    return [stage.strip() for stage in re.findall(r"(?:/(?:\\/|[^/])*/|[^|/])+", query)]


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


# ---- filter ------------------------------------------------------------------------------------


def _predicate(stage: str) -> Predicate:
    reader = _Reader(stage.removeprefix("filter "))
    predicate = reader.alternatives()
    reader.expect_end()
    return predicate


class _Reader:
    """Reads a condition by recursive descent: ``or`` of ``and`` of comparisons."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self.fields: set[str] = set()

    def alternatives(self) -> Predicate:
        options = [self._conjunction()]
        while self._take("or"):
            options.append(self._conjunction())
        return lambda record: any(option(record) for option in options)

    def expect_end(self) -> None:
        if self._tokens:
            message = f"{self._tokens[0]!r} is not expected here"
            raise QueryError(message)

    def _conjunction(self) -> Predicate:
        parts = [self._comparison()]
        while self._take("and"):
            parts.append(self._comparison())
        return lambda record: all(part(record) for part in parts)

    def _comparison(self) -> Predicate:
        field, how = self._next(), self._next()
        self.fields.add(field)
        if how == "in":
            choices = self._list()
            return lambda record: record.get(field) in choices
        value = self._next()
        if how == "=":
            return lambda record: record.get(field) == _unquoted(value)
        if how == "!=":  # a field that is missing is unlike nothing
            return lambda record: field in record and record[field] != _unquoted(value)
        if how == "like" and value.startswith("/"):
            pattern = re.compile(value[1:-1])
            return lambda record: bool(pattern.search(record.get(field, "")))
        message = f"the comparison {how!r} is not interpreted here"
        raise QueryError(message)

    def _list(self) -> set[str]:
        if not self._take("["):
            raise QueryError("after 'in' comes a list in brackets")
        choices = set()
        while not self._take("]"):
            choices.add(_unquoted(self._next()))
            self._take(",")
        return choices

    def _next(self) -> str:
        if not self._tokens:
            raise QueryError("the condition ends too early")
        return self._tokens.pop(0)

    def _take(self, word: str) -> bool:
        if self._tokens and self._tokens[0] == word:
            self._tokens.pop(0)
            return True
        return False


def _tokens(text: str) -> Iterator[str]:
    position = 0
    while position < len(text.rstrip()):
        if not (found := TOKEN.match(text, position)):
            message = f"{text[position:]!r} cannot be read"
            raise QueryError(message)
        yield found[1]
        position = found.end()


def _unquoted(token: str) -> str:
    return token.strip('"')


# ---- fields, stats, sort -----------------------------------------------------------------------


def _columns(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return the name of each column, and the fields of which it takes the first that is there."""
    columns = []
    for part in re.findall(r"(?:\([^)]*\)|[^,])+", text):
        name = part.strip()
        if found := COALESCE.fullmatch(name):
            columns.append((found[2], tuple(each.strip() for each in found[1].split(","))))
        elif re.fullmatch(r"[@\w.]+", name):
            columns.append((name, (name,)))
        else:
            message = f"the column {name!r} is not interpreted here"
            raise QueryError(message)
    return columns


def _select(stage: str, records: list[Record]) -> tuple[list[str], list[Record]]:
    columns = _columns(stage.removeprefix("fields "))
    selected: list[Record] = [
        {
            name: next((record[each] for each in fields if each in record), "")
            for name, fields in columns
        }
        for record in records
    ]
    return [name for name, _ in columns], selected


def _count(stage: str, records: list[Record]) -> tuple[list[str], list[Record]]:
    if not (found := STATS.fullmatch(stage)):
        message = f"{stage!r} is not interpreted here"
        raise QueryError(message)
    name, field = found[1], found[2]
    counts = Counter(record.get(field, "") for record in records)
    return [field, name], [{field: value, name: str(n)} for value, n in counts.items()]


def _sort(stage: str, records: list[Record]) -> list[Record]:
    if not (found := SORT.fullmatch(stage)):
        message = f"{stage!r} is not interpreted here"
        raise QueryError(message)

    def key(record: Record) -> tuple[float, str]:
        value = record.get(found[1], "")
        return (float(value), "") if value.isdecimal() else (0.0, value)

    return sorted(records, key=key, reverse=found[2] == " desc")
