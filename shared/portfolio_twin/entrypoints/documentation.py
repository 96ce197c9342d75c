"""The documentation, served without a token: GET /openapi.json, and /docs to try it out, from files that ship along."""

from pathlib import Path

import aws_lambda_powertools
from fastapi import FastAPI, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse

from portfolio_twin.errors import NotFound

DOCUMENT = Path(__file__).with_name("openapi.json")  # `make openapi` writes it
SWAGGER_UI = Path(aws_lambda_powertools.__file__).parent / "event_handler/openapi/swagger_ui"
FILES = {"swagger-ui-bundle.min.js": "text/javascript", "swagger-ui.min.css": "text/css"}
A_DAY = {"cache-control": "public, max-age=86400"}


def add_documentation(app: FastAPI) -> None:
    """Three routes that ask for no token and touch no store."""

    @app.get("/openapi.json", include_in_schema=False)
    async def get_document() -> Response:
        return Response(DOCUMENT.read_bytes(), media_type="application/json")

    @app.get("/docs", include_in_schema=False)
    async def get_docs() -> HTMLResponse:
        script, style = (f"/docs/files/{name}" for name in FILES)
        return get_swagger_ui_html(
            openapi_url="/openapi.json", title="Portfolio Twin", swagger_js_url=script, swagger_css_url=style,
            swagger_favicon_url="data:,",
        )  # fmt: skip

    @app.get("/docs/files/{name}", include_in_schema=False)
    async def get_file(name: str) -> Response:
        if name not in FILES:
            raise NotFound("no such file")
        return Response((SWAGGER_UI / name).read_bytes(), media_type=FILES[name], headers=A_DAY)
