"""What there is to see: POST /properties/search · GET /investors /investors/{id}[/atlas] /atlas/{version}
/models /models/{version}[/report].
"""

from typing import Annotated, Any

from fastapi import Query, Response
from fastapi.responses import RedirectResponse

from portfolio_twin.entrypoints.http import create_app, lambda_handler_of
from portfolio_twin.entrypoints.http_errors import refusals
from portfolio_twin.entrypoints.paths import PathUserId, PathVersion
from portfolio_twin.entrypoints.tenancy import OwnTenant
from portfolio_twin.errors import CursorExpired, NotFound
from portfolio_twin.services.browse import describe_investor, find_properties, list_investors, read_atlas, report_models

app = create_app("browse")

BYTES = "application/octet-stream"
SAFETENSORS: dict[str, Any] = {
    "response_class": Response,
    "responses": {200: {"content": {BYTES: {"schema": {"type": "string", "format": "binary"}}}}} | refusals(NotFound),
}


@app.post(
    "/properties/search",
    tags=["properties"],
    summary="Browse the catalogue, by filters or by an id or zip code",
    responses=refusals(CursorExpired),
)
async def post_search(request: find_properties.PropertySearch, tenant: OwnTenant) -> find_properties.PropertyList:
    """Every property that the filters let through, sold ones too, page after page; for the best ones, ask /recommend.

    With `user_id` each comes with that investor's affinity for it.
    """
    return find_properties.find_properties(tenant, request)


@app.get("/investors", tags=["investors"], summary="Everybody who has done anything", responses=refusals(CursorExpired))
async def get_investors(
    query: Annotated[list_investors.InvestorsQuery, Query()], tenant: OwnTenant
) -> list_investors.InvestorList:
    """Who the live model knows, by how much it knows of each, page after page."""
    return list_investors.list_investors(tenant, query)


@app.get("/investors/{user_id}", tags=["investors"], summary="What an investor did, and the buy box learnt of it")
async def get_investor(user_id: PathUserId, tenant: OwnTenant) -> describe_investor.InvestorAnswer:
    """Nobody is unknown: who has done nothing has no history, and the market's taste as everybody's buy box.

    The history is what still counts, since the last change of taste; all that is stored is in /investors/{id}/export.
    """
    return describe_investor.describe_investor(tenant, user_id)


@app.get("/models", tags=["models"], summary="Which model is live, and how each version measured")
async def get_models(tenant: OwnTenant) -> report_models.Models:
    """Versions that the gates rejected are told as well, with the figures they were rejected by."""
    return report_models.list_models(tenant)


@app.get(
    "/models/{version}",
    tags=["models"],
    summary="A version's manifest, metrics, gates and training history",
    responses=refusals(NotFound),
)
async def get_model(version: PathVersion, tenant: OwnTenant) -> report_models.ModelDetails:
    """The files as training and gates left them."""
    return report_models.describe_model(tenant, version)


@app.get(
    "/models/{version}/report", tags=["models"], summary="A link to the training report", responses=refusals(NotFound)
)
async def get_report(version: PathVersion, tenant: OwnTenant) -> report_models.ReportLink:
    """For five minutes, to be opened in a page of its own."""
    return report_models.link_report(tenant, version)


@app.get("/atlas/{model_version}", tags=["models"], summary="Where each property is drawn", **SAFETENSORS)
async def get_atlas(model_version: PathVersion, tenant: OwnTenant) -> Response:
    """A safetensors file, the same for ever: x, y of every property, and what a map colours by. Large: 307, a link."""
    atlas = read_atlas.read_atlas(tenant, model_version)
    if atlas.link is not None:
        return RedirectResponse(atlas.link, headers={"cache-control": "private, no-store"})
    return Response(atlas.body, media_type=BYTES, headers={"cache-control": "private, max-age=31536000, immutable"})


@app.get("/investors/{user_id}/atlas", tags=["investors"], summary="The atlas as one investor wants it", **SAFETENSORS)
async def get_investor_atlas(user_id: PathUserId, tenant: OwnTenant) -> Response:
    """A safetensors file: affinity and confidence, a byte a property in the order of the live model's atlas."""
    body = read_atlas.investor_atlas(tenant, user_id)
    return Response(body, media_type=BYTES, headers={"cache-control": "private, no-store"})


lambda_handler = lambda_handler_of(app)
