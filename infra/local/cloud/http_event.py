"""One HTTP request as API Gateway hands it to a function: the event of its payload format 2.0."""

import uuid
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class HttpRequest:
    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def event(self, claims: Any) -> dict[str, Any]:
        """`claims`: those of its token, None without one."""
        try:
            text, encoded = self.body.decode(), False
        except UnicodeDecodeError:
            text, encoded = b64encode(self.body).decode(), True
        return {
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": self.path,
            "rawQueryString": self.query,
            "headers": {**self.headers, "host": "localhost"},
            "requestContext": self._context()
            | ({} if claims is None else {"authorizer": {"jwt": {"claims": claims, "scopes": None}}}),
            "body": text or None,
            "isBase64Encoded": encoded,
        }

    def _context(self) -> dict[str, Any]:
        about = {"method": self.method, "path": self.path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1"}
        return {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": "localhost",
            "http": about | {"userAgent": ""},
            "requestId": str(uuid.uuid4()),
            "routeKey": "$default",
            "stage": "$default",
            "timeEpoch": 0,
        }
