"""The parts that every function is made of."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from services.core.flyte import FlyteAdmin
from services.core.ledger import Ledger

if TYPE_CHECKING:
    from services.core.aws import Aws
    from services.core.flyte import Credentials
    from services.core.settings import FunctionSettings


def ledger(settings: FunctionSettings, aws: Aws) -> Ledger:
    """Make the ledger."""
    retention = timedelta(days=settings.ledger_retention_days)
    return Ledger(aws.dynamodb, settings.ledger_table, retention=retention)


def flyte_admin(settings: FunctionSettings, aws: Aws) -> FlyteAdmin:
    """Make the client of FlyteAdmin, with a login where there is a client id."""
    return FlyteAdmin(
        settings.flyte_endpoint,
        insecure=settings.flyte_insecure,
        credentials=_credentials(settings, aws) if settings.flyte_client_id else None,
    )


def _credentials(settings: FunctionSettings, aws: Aws) -> Credentials:
    # The OAuth library and Powertools' parameters (which imports boto3) are for those who log in.
    from services.core.flyte_auth import ClientCredentials
    from services.core.secret import StoredSecret

    secret = StoredSecret(aws.client("secretsmanager"), settings.flyte_client_secret_arn)
    return ClientCredentials(settings.flyte_client_id, secret)
