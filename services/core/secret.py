"""Flyte's client secret, kept in Secrets Manager and read through Powertools' cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools.utilities.parameters import SecretsProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

from services.core.flyte_errors import FlyteTransientError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

CACHE_SECONDS = 300  # a rotated secret is noticed by its refusal, long before this runs out


class StoredSecret:
    """A secret by its ARN."""

    def __init__(self, client: SecretsManagerClient, arn: str) -> None:
        self._provider = SecretsProvider(boto3_client=client)
        self._arn = arn

    def __call__(self, *, fresh: bool) -> str:
        """Return the secret; `fresh` passes the cache by.

        Raises
        ------
        FlyteTransientError
            When Secrets Manager does not give it.
        """
        try:
            value = self._provider.get(self._arn, max_age=CACHE_SECONDS, force_fetch=fresh)
        except GetParameterError as error:
            raise FlyteTransientError("SECRET_UNAVAILABLE", str(error)) from error
        return str(value)
