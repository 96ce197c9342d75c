"""Ids in a path: percent-encoded they may hold any character, a slash too, which must not part the path."""

from typing import Annotated, Any
from urllib.parse import unquote

from fastapi import Path
from pydantic import BeforeValidator

from portfolio_twin.domain.interactions import UserId
from portfolio_twin.domain.properties import PropertyId
from portfolio_twin.domain.versions import VERSION_PATTERN

Event = dict[str, Any]

PathPropertyId = Annotated[
    PropertyId, BeforeValidator(unquote), Path(description="percent-encoded, a slash as %2F, a percent sign as %25")
]

PathVersion = Annotated[str, Path(pattern=f"^{VERSION_PATTERN.pattern}$", description="of a model, as answers name it")]
PathUserId = Annotated[UserId, Path(description="the investor's number in your system")]


def keep_slashes(path: str) -> str:
    """A path as sent, in which an encoded slash outlives the decoding before routing; `PathPropertyId` decodes it."""
    return path.replace("%25", "%2525").replace("%2F", "%252F").replace("%2f", "%252F")


def with_kept_slashes(event: Event) -> Event:
    """Of payload format 2.0; another is left as it is."""
    http = event.get("requestContext", {}).get("http")
    if not http:
        return event
    return event | {"requestContext": event["requestContext"] | {"http": http | {"path": keep_slashes(http["path"])}}}
