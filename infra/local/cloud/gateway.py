"""API Gateway on this machine: checks token and scope, then hands the API's functions the very event that AWS would.

Each request goes through the function's own `lambda_handler`; nothing of the functions is imported twice or mocked.
"""

import asyncio
import importlib
import socket
import threading
import uuid
from base64 import b64decode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jwt
import uvicorn
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, request_response

from infra.local.cloud.http_event import HttpRequest
from infra.local.cloud.lambda_context import LambdaContext
from infra.local.twin.exits import give_up, to_type
from infra.local.twin.tokens import verify_token
from portfolio_twin.entrypoints.http_errors import ErrorAnswer, ErrorDetail, methods_of
from portfolio_twin.entrypoints.paths import keep_slashes

FUNCTIONS = ("predict", "recommend", "lookalike", "browse", "feedback", "admin", "explorer")
OPEN_PATHS = {"/health"}
OPEN_FUNCTIONS = {"explorer"}  # a page, which has no token before somebody has signed in on it
WORKERS = 8
STOP_SECONDS = 5  # for what is being answered when it is told to stop
LOCAL_PAGES = r"https?://(localhost|127\.0\.0\.1)(:\d+)?"


Answer = dict[str, Any]  # of a function: statusCode, headers, body


def scope_of(function: str, method: str) -> str:
    """What a token must have: the template says the same of each route."""
    if function == "admin":
        return "twin/admin"
    return "twin/write" if function == "feedback" and method != "GET" else "twin/read"


class Gateway:
    """The API's functions behind one address."""

    def __init__(self, state: Path) -> None:
        self.state = state
        modules = {name: importlib.import_module(f"functions.api.{name}.app") for name in FUNCTIONS}
        self.apps: dict[str, FastAPI] = {name: module.app for name, module in modules.items()}
        self.handlers: dict[str, Callable[[dict[str, Any], LambdaContext], Answer]] = {
            name: module.lambda_handler for name, module in modules.items()
        }
        # Mangum runs an event loop in the thread that calls it; each thread gets its own.
        self._loops: list[asyncio.AbstractEventLoop] = []  # one a worker, as each Lambda environment has its own
        self.workers = ThreadPoolExecutor(WORKERS, initializer=self._make_loop)

    def _make_loop(self) -> None:
        self._loops.append(asyncio.new_event_loop())
        asyncio.set_event_loop(self._loops[-1])

    def close(self) -> None:
        """Waits for what is being answered."""
        self.workers.shutdown()
        for loop in self._loops:
            loop.close()

    def function_of(self, method: str, path: str) -> str | None:
        scope = scope_of_path(method, path)
        for name, app in self.apps.items():
            if any(route.matches(scope)[0] == Match.FULL for route in app.routes):
                return name
        return None

    def refuse_route(self, method: str, path: str) -> Answer:
        """404, or 405 where the path is there under other methods."""
        routes = [route for app in self.apps.values() for route in app.routes]
        methods = sorted(methods_of(routes, scope_of_path(method, path)))
        if not methods:
            return refuse(404, "NotFound", "no such route")
        answer = refuse(405, "MethodNotAllowed", f"this path has {', '.join(methods)}")
        return answer | {"headers": answer["headers"] | {"allow": ", ".join(methods)}}

    def invoke(self, request: HttpRequest) -> Answer:
        if request.method == "OPTIONS":  # API Gateway answers it by itself, and asks for no token
            return {"statusCode": 204}
        name = self.function_of(request.method, request.path)
        if name is None:
            return self.refuse_route(request.method, request.path)
        token = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        try:
            claims = verify_token(self.state, token) if token else None
        except jwt.InvalidTokenError as error:
            return refuse(401, "Unauthenticated", f"the token is not valid: {error}")
        if request.path not in OPEN_PATHS and name not in OPEN_FUNCTIONS:
            if claims is None:
                made_by = to_type("token", "--tenant", "NAME", state=self.state)
                message = f"no token: make one with `{made_by}`, send it as `Authorization: Bearer …`"
                return refuse(401, "Unauthenticated", message)
            scope = scope_of(name, request.method)
            if scope not in str(claims.get("scope", "")).split():
                return refuse(403, "ScopeRequired", f"the token lacks the scope {scope}")
        # API Gateway hands every claim on as text.
        event = request.event(None if claims is None else {name: str(value) for name, value in claims.items()})
        return self.handlers[name](event, LambdaContext(name, event["requestContext"]["requestId"]))


def scope_of_path(method: str, path: str) -> dict[str, Any]:
    """What a route is matched with."""
    return {"type": "http", "method": method, "path": unquote(keep_slashes(path)), "root_path": "", "headers": []}


def refuse(status: int, code: str, message: str) -> Answer:
    """In the shape of the functions' own errors; API Gateway's own say `{"message"}`, which nobody can change."""
    error = ErrorDetail(code=code, message=message, request_id=str(uuid.uuid4()))
    headers = {"content-type": "application/json"}
    return {"statusCode": status, "headers": headers, "body": ErrorAnswer(error=error).model_dump_json()}


def content_of(answer: Answer) -> bytes:
    """As API Gateway sends it: what is no text comes out of a function in base64."""
    body: str = answer.get("body") or ""
    return b64decode(body) if answer.get("isBase64Encoded") else body.encode()


def application(gateway: Gateway) -> Starlette:
    """The functions, and what API Gateway does around them: a page's first question."""

    async def forward(request: Request) -> Response:
        headers, path = dict(request.headers.items()), request.scope["raw_path"].decode()  # as it was sent
        received = HttpRequest(request.method, path, request.url.query, headers, await request.body())
        answer = await asyncio.get_running_loop().run_in_executor(gateway.workers, gateway.invoke, received)
        return Response(content_of(answer), answer["statusCode"], answer.get("headers"))

    methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    pages = Middleware(CORSMiddleware, allow_origin_regex=LOCAL_PAGES, allow_methods=methods, allow_headers=["*"])
    starlette = Starlette(middleware=[pages])
    starlette.router.default = request_response(forward)  # no pattern for a path matches a line feed in it
    return starlette


def listen(host: str, port: int) -> socket.socket:
    """Port 0 takes a free one."""
    try:
        listening = socket.create_server((host, port))
    except OSError as error:
        give_up(f"port {port}: {error}; stop what uses it, or choose another with --port")
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio leaves it off for a socket handed to it
    return listening


def server_of(state: Path) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            application(Gateway(state)), log_level="warning", access_log=False,
            timeout_graceful_shutdown=STOP_SECONDS,
        )
    )  # fmt: skip


def start(state: Path, port: int, host: str = "127.0.0.1") -> str:
    """Serves in a thread of this process, port 0 takes a free one; returns the URL once it answers."""
    listening, server = listen(host, port), server_of(state)
    run = {"sockets": [listening]}
    thread = threading.Thread(target=server.run, kwargs=run, name="gateway", daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.02)
    return url_of(listening)


def url_of(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://{host}:{port}"
