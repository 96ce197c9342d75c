"""Brings a database to the newest schema from Python."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from pydantic import SecretStr
from sqlalchemy import Engine

from portfolio_twin.adapters.postgres.engine import DatabaseAccess, make_engine

CONNECT_SECONDS, STATEMENT_SECONDS = 60.0, 3600.0  # a database that slept wakes up first; an index takes its time


def upgrade(owner_url: str, revision: str = "head") -> None:
    """All in one transaction: killed at any point it has changed nothing."""
    config = Config(str(Path(__file__).with_name("alembic.ini")))
    config.attributes["url"] = owner_url
    command.upgrade(config, revision)


def make_owner_engine(url: str) -> Engine:
    """For who changes the schema; `sslmode` and `sslrootcert` as everywhere in this product."""
    return make_engine(DatabaseAccess(SecretStr(url), CONNECT_SECONDS, STATEMENT_SECONDS))
