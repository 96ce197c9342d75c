"""What there is to see: POST /properties/search · GET /investors /investors/{id} /models /models/{version}[/report]."""

from typing import Annotated

from fastapi import Query

from portfolio_twin.entrypoints.http import create_app, lambda_handler_of
from portfolio_twin.entrypoints.paths import PathUserId, PathVersion
from portfolio_twin.entrypoints.tenancy import OwnTenant
from portfolio_twin.services.browse import describe_investor, find_properties, list_investors, report_models

app = create_app("browse")


@app.post("/properties/search", tags=["properties"], summary="Browse the catalogue, by filters or by an id or zip code")
async def post_search(request: find_properties.PropertySearch, tenant: OwnTenant) -> find_properties.PropertyList:
    """Every property that the filters let through, sold ones too, page after page; for the best ones, ask /recommend.

    With `user_id` each comes with that investor's affinity for it.
    """
    return find_properties.find_properties(tenant, request)


@app.get("/investors", tags=["investors"], summary="Everybody who has done anything")
async def get_investors(
    query: Annotated[list_investors.InvestorsQuery, Query()], tenant: OwnTenant
) -> list_investors.InvestorList:
    """Who the live model knows, by how much it knows of each, page after page."""
    return list_investors.list_investors(tenant, query)


@app.get("/investors/{user_id}", tags=["investors"], summary="What an investor did, and the buy box learnt of it")
async def get_investor(user_id: PathUserId, tenant: OwnTenant) -> describe_investor.InvestorAnswer:
    """Nobody is unknown: who has done nothing has no history, and the market's taste as everybody's buy box."""
    return describe_investor.describe_investor(tenant, user_id)


@app.get("/models", tags=["models"], summary="Which model is live, and how each version measured")
async def get_models(tenant: OwnTenant) -> report_models.Models:
    """Versions that the gates rejected are told as well, with the figures they were rejected by."""
    return report_models.list_models(tenant)


@app.get("/models/{version}", tags=["models"], summary="A version's manifest, metrics, gates and training history")
async def get_model(version: PathVersion, tenant: OwnTenant) -> report_models.ModelDetails:
    """The files as training and gates left them."""
    return report_models.describe_model(tenant, version)


@app.get("/models/{version}/report", tags=["models"], summary="A link to the training report")
async def get_report(version: PathVersion, tenant: OwnTenant) -> report_models.ReportLink:
    """For five minutes, to be opened in a page of its own."""
    return report_models.link_report(tenant, version)


lambda_handler = lambda_handler_of(app)
