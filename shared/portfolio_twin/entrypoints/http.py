"""What the API functions share: the FastAPI app, its warm resources, and the Lambda handler around both."""

import gc
import json
import logging
import time
from base64 import b64decode
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.telemetry import TelemetryConfig
from mangum import Mangum
from pydantic import BaseModel

from portfolio_twin.adapters import telemetry, time_left
from portfolio_twin.adapters.telemetry import Handler
from portfolio_twin.adapters.tenant import stores_from_environment
from portfolio_twin.entrypoints.http_errors import add_error_handlers
from portfolio_twin.entrypoints.paths import Event, with_kept_slashes
from portfolio_twin.errors import InvalidInput
from portfolio_twin.settings import ReadSettings

BODY_LIMIT_BYTES = 6_000_000  # Lambda's own limit for a request
NO_TELEMETRY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
}  # ours: adapters/telemetry
COLLECT_AFTER = 10_000  # objects made and not yet freed: at Python's 700 a large batch spends a fifth of its time on it
ANSWER_SECONDS = 1.0  # of an invocation, for what comes after the last store
NAME_SHOWN = 64  # characters of a parameter that is not known


def create_app(title: str, needs: type[ReadSettings] = ReadSettings) -> FastAPI:
    """An app over the stores; raises BadEnvironment at once, so that a function that lacks a setting does not start."""
    app = app_without_stores(title, dependencies=[Depends(refuse_stray_parameters)])
    app.state.stores = stores_from_environment(needs)
    return app


def app_without_stores(title: str, **options: Any) -> FastAPI:
    """An app that answers every error in the one shape; its documentation is published as one document."""
    app = FastAPI(
        title=title, docs_url=None, redoc_url=None, openapi_url=None, strict_content_type=False,
        generate_unique_id_function=lambda route: route.name, telemetry=NO_TELEMETRY, **options,
    )  # fmt: skip
    add_error_handlers(app)
    return app


async def refuse_stray_parameters(request: Request) -> None:
    """On a route that reads no query string; where one is read, its model refuses what it does not know."""
    if request.query_params and not request.scope["route"].dependant.query_params:
        name = next(iter(request.query_params))[:NAME_SHOWN].encode("ascii", "backslashreplace").decode()
        raise InvalidInput(f"query.{name}: there is no such parameter")


def body_of(model: type[BaseModel]) -> dict[str, Any]:
    """The OpenAPI of a route that reads its body itself."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def lambda_handler_of(app: FastAPI) -> Handler:
    """API Gateway's event in, its answer out. Mangum cannot be decorated itself: it has no name."""
    adapter = Mangum(app, lifespan="off")
    telemetry.log_as_json()
    logging.getLogger("mangum").setLevel(logging.CRITICAL)  # it would log each fault again, without the request's ids

    @telemetry.logger.inject_lambda_context(correlation_id_path="requestContext.requestId")
    @telemetry.traced
    def lambda_handler(event: Event, context: Any) -> dict[str, Any]:
        started, facts = time.perf_counter(), telemetry.begin()
        with time_left.within(context.get_remaining_time_in_millis() / 1000 - ANSWER_SECONDS):
            answer: dict[str, Any] = _refused(event) or adapter(with_kept_slashes(event), context)
        milliseconds = (time.perf_counter() - started) * 1000
        telemetry.answered(event.get("routeKey", app.title), answer["statusCode"], milliseconds, facts)
        return answer

    gc.freeze()  # what was imported stays: a collection that looked through it again would take 0.05 s of a request
    gc.set_threshold(COLLECT_AFTER)
    handler: Handler = lambda_handler
    return handler


def _refused(event: Event) -> dict[str, Any] | None:
    """The answer to a body that no route has to look at: too large, or in another encoding than JSON's own."""
    body = event.get("body") or ""
    if len(body) >= BODY_LIMIT_BYTES:
        return _refusal(event, 413, "InputTooLarge", f"the body must stay below {BODY_LIMIT_BYTES} bytes")
    data = b64decode(body) if event.get("isBase64Encoded") else body.encode(errors="surrogatepass")
    if b"\0" in data or not _is_utf8(data):  # json.loads would guess UTF-16 and UTF-32 from their zero bytes
        return _refusal(event, 400, "UnreadableInput", "the body is not JSON in UTF-8")
    return None


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _refusal(event: Event, status: int, code: str, message: str) -> dict[str, Any]:
    error = {"code": code, "message": message, "request_id": event.get("requestContext", {}).get("requestId")}
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps({"error": error})}
