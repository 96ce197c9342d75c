"""Model versions: the moment they were started, and enough chance to tell apart what starts in the same second."""

import re
import secrets
from datetime import UTC, datetime

VERSION_PATTERN = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}")


def new_version(now: datetime) -> str:
    """`now` in UTC; later versions sort after earlier ones."""
    return f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


def made_at(version: str) -> datetime:
    """When its making was started; raises ValueError for what is no version."""
    return datetime.strptime(version.partition("-")[0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def is_version(text: str) -> bool:
    return VERSION_PATTERN.fullmatch(text) is not None
