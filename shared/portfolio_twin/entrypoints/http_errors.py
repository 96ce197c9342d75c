"""From error to answer: one table, one shape. Nothing of the input or of a stack trace goes out."""

import logging
import re
from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match
from starlette.types import Scope

from portfolio_twin import errors
from portfolio_twin.services.answers.validate_each import describe

logger = logging.getLogger(__name__)

STATUS: dict[type[errors.TwinError], int] = {
    errors.UnreadableInput: 400,
    errors.Unauthenticated: 401,
    errors.TenantRequired: 403,
    errors.OperatorRequired: 403,
    errors.NotFound: 404,
    errors.PropertyInUse: 409,
    errors.CursorExpired: 409,
    errors.TenantExists: 409,
    errors.TenantBusy: 409,
    errors.InputTooLarge: 413,
    errors.InvalidInput: 422,
    errors.Unavailable: 503,
}
RETRY_AFTER_SECONDS = 5


MEANING = dict(re.findall(r"── (\w+) {2,}(\S.*)", errors.__doc__ or ""))  # as the tree of errors says it


class ErrorDetail(BaseModel):
    """What went wrong."""

    code: str
    message: str
    request_id: str | None = None


class ErrorAnswer(BaseModel):
    """The one shape of every refusal."""

    error: ErrorDetail


def refusals(*kinds: type[errors.TwinError]) -> dict[int | str, dict[str, Any]]:
    """What a route that may raise these says of them in its documentation, by status."""
    told: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        text = f"{kind.__name__}: {MEANING[kind.__name__]}"
        earlier = told.setdefault(status_of(kind()), {"model": ErrorAnswer, "description": ""})["description"]
        told[status_of(kind())]["description"] = f"{earlier}; {text}" if earlier else text
    return told


def status_of(error: errors.TwinError) -> int:
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def request_id_of(request: Request) -> str | None:
    context: dict[str, Any] = request.scope.get("aws.event", {}).get("requestContext", {})
    return context.get("requestId")


def methods_of(routes: Iterable[BaseRoute], scope: Scope) -> set[str]:
    """Those that a path has, whatever the method of this request."""
    having = (route for route in routes if route.matches(scope)[0] != Match.NONE)
    return {method for route in having for method in getattr(route, "methods", None) or ()}


def add_error_handlers(app: FastAPI) -> None:
    def answer(request: Request, status: int, code: str, message: str) -> JSONResponse:
        detail = ErrorDetail(code=code, message=message, request_id=request_id_of(request))
        headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if status == 503 else {}
        headers |= {"Allow": ", ".join(sorted(methods_of(app.routes, request.scope)))} if status == 405 else {}
        return JSONResponse(ErrorAnswer(error=detail).model_dump(), status, headers)

    @app.exception_handler(errors.TwinError)
    async def on_twin_error(request: Request, error: errors.TwinError) -> JSONResponse:
        return answer(request, status_of(error), type(error).__name__, str(error) or type(error).__name__)

    @app.exception_handler(RequestValidationError)
    async def on_invalid_request(request: Request, error: RequestValidationError) -> JSONResponse:
        if any(fault["type"] == "json_invalid" for fault in error.errors()):
            return answer(request, 400, "UnreadableInput", "the body is not JSON")
        return answer(request, 422, "InvalidInput", describe(error.errors()))

    @app.exception_handler(HTTPException)
    async def on_http_error(request: Request, error: HTTPException) -> JSONResponse:
        code = {400: "UnreadableInput", 404: "NotFound", 405: "MethodNotAllowed"}.get(error.status_code, "HttpError")
        return answer(request, error.status_code, code, str(error.detail))

    @app.exception_handler(Exception)
    async def on_fault(request: Request, error: Exception) -> JSONResponse:
        logger.error("a fault of our own", exc_info=error)
        return answer(request, 500, "InternalError", "something went wrong here; the fault is logged")
