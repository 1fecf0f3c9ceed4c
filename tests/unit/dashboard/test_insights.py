"""Queries: what the dashboard uses is computed as Logs Insights does; the rest is refused."""

from __future__ import annotations

import json

import pytest

from local.dashboard.insights import QueryError, fields_in, record_of, run

LINES = [
    {"level": "INFO", "message": "upload rejected", "reason": "it is empty"},
    {"level": "INFO", "message": "upload rejected", "reason": "too big"},
    {"level": "INFO", "message": "upload ended", "reason": "it is empty"},
    {"level": "INFO", "message": "upload ended", "reason": ""},
    {"level": "ERROR", "message": "execution not ours", "detail": "its name is taken"},
]
RECORDS = [
    *(record_of(number, json.dumps(line)) for number, line in enumerate(LINES)),
    record_of(9, "Task timed out after 60.00 seconds\n"),
]


def test_reasons_are_counted_the_most_frequent_first() -> None:
    found = run(
        'filter message in ["upload rejected", "upload ended"] and reason != ""'
        " | stats count(*) as uploads by reason | sort uploads desc | limit 10",
        RECORDS,
    )

    assert found.columns == ("reason", "uploads")
    assert found.rows == (("it is empty", "2"), ("too big", "1"))


def test_the_first_field_that_is_there_is_shown_the_newest_first() -> None:
    found = run(
        'filter level in ["ERROR"] or @message like /Task timed out|Traceback/'
        " | fields @timestamp, coalesce(reason, detail) as why | sort @timestamp desc",
        RECORDS,
    )

    assert found.rows == (
        ("1970-01-01 00:00:09.000", ""),
        ("1970-01-01 00:00:04.000", "its name is taken"),
    )


def test_a_field_that_is_missing_fulfils_no_condition() -> None:
    assert run('filter reason != "x"', [record_of(0, "plain")]).rows == ()


def test_numbers_are_sorted_as_numbers() -> None:
    lines = ["a"] * 2 + ["b"] * 10 + ["c"] * 9
    records = [record_of(0, json.dumps({"reason": line})) for line in lines]

    found = run("stats count(*) as n by reason | sort n desc | limit 2", records)

    assert found.rows == (("b", "10"), ("c", "9"))


def test_the_fields_of_a_query_are_known() -> None:
    query = (
        'filter level in ["ERROR"] or @message like /a|b/'
        " | fields @timestamp, coalesce(reason, detail) as why | sort why desc"
    )

    assert fields_in(query) == {"level", "@message", "@timestamp", "reason", "detail"}


@pytest.mark.parametrize(
    "query",
    [
        "parse message '*' as x",
        "stats avg(seconds) by style",
        "filter level > 3",
        "filter level in",
        'filter level = "a" "b"',
        "filter level = 'a'",
        "fields concat(a, b)",
        "sort",
    ],
)
def test_what_is_not_understood_is_refused(query: str) -> None:
    with pytest.raises(QueryError):
        run(query, RECORDS)
