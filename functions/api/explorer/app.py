"""The explorer's page: GET / · GET /explorer/config.json · GET /explorer/{file}. It knows no tenant and no store.

The documentation is here as well: GET /docs /docs/files/{name} /openapi.json.
"""

import re
from hashlib import sha256
from pathlib import Path

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles

from portfolio_twin.entrypoints.documentation import add_documentation
from portfolio_twin.entrypoints.http import app_without_stores, lambda_handler_of
from portfolio_twin.settings import ExplorerSettings, from_environment

PAGE = Path(__file__).parent / "page"
FILES = sorted(path for path in PAGE.rglob("*") if path.is_file())
RELEASE = sha256(b"".join(path.read_bytes() for path in FILES)).hexdigest()[:12]
INDEX = (PAGE / "index.html").read_text().replace("{release}", RELEASE)
A_RELEASE = re.compile(r"^[0-9a-f]{12}/")  # stands before the file's name, so that a browser keeps what cannot change

settings = from_environment(ExplorerSettings)
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; "
    f"connect-src 'self' {settings.origins}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types lit-html"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
app = app_without_stores("explorer")
app.add_middleware(GZipMiddleware, minimum_size=1000)  # HTTP APIs do not compress
files = StaticFiles(directory=PAGE)


@app.get("/", include_in_schema=False)
async def get_page() -> HTMLResponse:
    return HTMLResponse(INDEX, headers=HEADERS)


@app.get("/explorer/config.json", include_in_schema=False)
async def get_config() -> JSONResponse:
    """How to sign in: by the issuer's own page, or, without a client id, by a link with a token."""
    config = {"authority": settings.jwt_issuer, "client_id": settings.explorer_client_id}
    return JSONResponse(config, headers=HEADERS)


@app.get("/explorer/{file:path}", include_in_schema=False)
async def get_file(file: str, request: Request) -> Response:
    answer = await files.get_response(A_RELEASE.sub("", file), request.scope)
    answer.headers.update(HEADERS)
    if file.startswith(f"{RELEASE}/"):
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return answer


add_documentation(app)
lambda_handler = lambda_handler_of(app)
