"""What the four API functions share: the FastAPI app, its warm resources, and the Lambda handler around both."""

import json
import logging
import time
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from mangum import Mangum
from pydantic import BaseModel

from portfolio_twin.adapters import telemetry
from portfolio_twin.api.errors import RESPONSES, add_error_handlers

BODY_LIMIT_BYTES = 6_000_000  # Lambda's own limit for a request

Event = dict[str, Any]
Handler = Callable[[Event, Any], dict[str, Any]]


def create_app(title: str) -> FastAPI:
    """An app that answers every error in the one shape; its documentation is published by the gateway."""
    app = FastAPI(
        title=title, docs_url=None, redoc_url=None, openapi_url=None, responses=RESPONSES, strict_content_type=False
    )
    add_error_handlers(app)
    return app


def body_of(model: type[BaseModel]) -> dict[str, Any]:
    """The OpenAPI of a route that reads its body itself."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def lambda_handler_of(app: FastAPI) -> Handler:
    """API Gateway's event in, its answer out. Mangum cannot be decorated itself: it has no name."""
    adapter = Mangum(app, lifespan="off")
    telemetry.log_as_json()
    logging.getLogger("mangum").setLevel(logging.CRITICAL)  # it would tell each fault again, without the request's ids

    @telemetry.logger.inject_lambda_context(correlation_id_path="requestContext.requestId")
    @telemetry.traced
    def lambda_handler(event: Event, context: Any) -> dict[str, Any]:
        started, facts = time.perf_counter(), telemetry.begin()
        too_large = len(event.get("body") or "") >= BODY_LIMIT_BYTES
        answer: dict[str, Any] = _too_large(event) if too_large else adapter(event, context)
        milliseconds = (time.perf_counter() - started) * 1000
        telemetry.answered(event.get("routeKey", app.title), answer["statusCode"], milliseconds, facts)
        return answer

    handler: Handler = lambda_handler
    return handler


def _too_large(event: Event) -> dict[str, Any]:
    error = {
        "code": "InputTooLarge",
        "message": f"the body must stay below {BODY_LIMIT_BYTES} bytes",
        "request_id": event.get("requestContext", {}).get("requestId"),
    }
    return {"statusCode": 413, "headers": {"content-type": "application/json"}, "body": json.dumps({"error": error})}
