"""The bootstrap as a Lambda function, where PostgreSQL can be reached from inside its network alone."""

from typing import Any

from pydantic import Field
from pydantic_settings import BaseSettings

from infra.migrations.bootstrap import Login, bootstrap
from portfolio_twin.adapters.secrets import database_login


class MigrateSettings(BaseSettings):
    """Where PostgreSQL is, and whose logins are in which secrets."""

    postgres_url: str = Field(pattern=r"^postgresql\+pg8000://")
    master_secret_arn: str
    login_secret_arns: str = Field(description="of the product's three roles, with commas between")


def lambda_handler(_event: dict[str, Any], _context: object) -> dict[str, list[str]]:
    """Says whose passwords are those of their secrets now; raises what goes wrong, for who calls it to see."""
    settings = MigrateSettings()
    master = Login(*database_login(settings.master_secret_arn))
    logins = [Login(*database_login(arn)) for arn in settings.login_secret_arns.split(",")]
    bootstrap(settings.postgres_url, master, logins)
    return {"roles": sorted(login.role for login in logins)}
