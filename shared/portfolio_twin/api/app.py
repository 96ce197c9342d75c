"""What the four API functions share: the FastAPI app, its warm resources, and the Lambda handler around both."""

import json
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger
from fastapi import FastAPI
from mangum import Mangum
from pydantic import BaseModel

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
    logger = Logger(service=app.title)

    @logger.inject_lambda_context(correlation_id_path="requestContext.requestId", clear_state=True)
    def lambda_handler(event: Event, context: Any) -> dict[str, Any]:
        if len(event.get("body") or "") >= BODY_LIMIT_BYTES:
            return _too_large(event)
        answer: dict[str, Any] = adapter(event, context)
        return answer

    return lambda_handler


def _too_large(event: Event) -> dict[str, Any]:
    error = {
        "code": "InputTooLarge",
        "message": f"the body must stay below {BODY_LIMIT_BYTES} bytes",
        "request_id": event.get("requestContext", {}).get("requestId"),
    }
    return {"statusCode": 413, "headers": {"content-type": "application/json"}, "body": json.dumps({"error": error})}
