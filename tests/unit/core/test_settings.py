"""The environment is checked once, and everything that is wrong with it is told at once."""

from __future__ import annotations

import pytest

from benchmarks.dispatcher_start import SETTINGS
from services.core.settings import (
    DispatcherSettings,
    SettingsError,
    TrackerSettings,
    load,
    tracing_available,
)


def test_are_read_by_name_and_type() -> None:
    settings = load(DispatcherSettings, {**SETTINGS, "MAX_UPLOADS_PER_EXECUTION": "10"})

    assert settings.uploads_bucket == "uploads"
    assert settings.flyte_insecure is True
    assert settings.max_uploads_per_execution == 10
    assert settings.flyte_client_id == ""


def test_each_function_asks_for_its_own_only() -> None:
    needed = {"RESULTS_BUCKET": "r", "LEDGER_TABLE": "t", "FLYTE_ENDPOINT": "flyte:81"}

    assert load(TrackerSettings, needed).ledger_retention_days == 90


def test_everything_that_is_missing_or_wrong_is_named() -> None:
    environment = {**SETTINGS, "FLYTE_INSECURE": "yes", "MAX_UPLOADS_PER_EXECUTION": "100"}
    del environment["UPLOADS_BUCKET"]

    with pytest.raises(SettingsError) as error:
        load(DispatcherSettings, environment)

    assert set(str(error.value).split("; ")) == {
        "FLYTE_INSECURE must be true or false, not 'yes'",
        "MAX_UPLOADS_PER_EXECUTION must be a whole number from 1 to 99, not '100'",
        "UPLOADS_BUCKET is not set",
    }


def test_traces_are_for_where_a_daemon_takes_them() -> None:
    daemon = {"AWS_XRAY_DAEMON_ADDRESS": "169.254.79.129:2000"}

    assert tracing_available(daemon)
    assert not tracing_available({})
    assert not tracing_available({**daemon, "POWERTOOLS_TRACE_DISABLED": "true"})
