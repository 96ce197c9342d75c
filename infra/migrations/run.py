"""Brings a database to the newest schema from Python."""

from pathlib import Path

from alembic import command
from alembic.config import Config


def upgrade(owner_url: str) -> None:
    """All in one transaction: killed at any point it has changed nothing."""
    config = Config(str(Path(__file__).with_name("alembic.ini")))
    config.attributes["url"] = owner_url
    command.upgrade(config, "head")
