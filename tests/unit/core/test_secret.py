"""Flyte's client secret: read once, read anew when it was refused, and never in an error."""

from __future__ import annotations

from typing import Any

import pytest

from services.core.aws import Aws
from services.core.composition import flyte_admin
from services.core.flyte_errors import FlyteTransientError
from services.core.secret import StoredSecret
from services.core.settings import TrackerSettings
from tests.fakes.aws_errors import client_error

ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:flyte-AbCdEf"


class FakeSecretsManager:
    """Stands where boto3's client does."""

    def __init__(self) -> None:
        self.value = "first"
        self.reads = 0
        self.denied = False

    def get_secret_value(self, **request: Any) -> dict[str, str]:
        assert request["SecretId"] == ARN
        if self.denied:
            raise client_error("AccessDeniedException", "GetSecretValue", 403)
        self.reads += 1
        return {"SecretString": self.value}


@pytest.fixture
def manager() -> FakeSecretsManager:
    return FakeSecretsManager()


@pytest.fixture
def secret(manager: FakeSecretsManager) -> StoredSecret:
    return StoredSecret(manager, ARN)  # type: ignore[arg-type]


def test_is_read_once(secret: StoredSecret, manager: FakeSecretsManager) -> None:
    assert [secret(fresh=False) for _ in range(3)] == ["first"] * 3
    assert manager.reads == 1


def test_is_read_anew_when_it_may_have_been_rotated(
    secret: StoredSecret, manager: FakeSecretsManager
) -> None:
    secret(fresh=False)
    manager.value = "second"

    assert secret(fresh=False) == "first"
    assert secret(fresh=True) == "second"
    assert secret(fresh=False) == "second"


def test_that_is_not_given_may_be_given_later(
    secret: StoredSecret, manager: FakeSecretsManager
) -> None:
    manager.denied = True

    with pytest.raises(FlyteTransientError, match="SECRET_UNAVAILABLE"):
        secret(fresh=False)


def test_is_asked_for_only_where_there_is_a_login(monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN an account in which no client can be made
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    settings = TrackerSettings(results_bucket="r", ledger_table="l", flyte_endpoint="localhost:1")

    # WHEN Flyte asks for no login, THEN no client is made
    flyte_admin(settings, Aws()).close()
