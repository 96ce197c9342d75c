"""The catalogue as a list: by filters, by an id or a zip code, page after page."""

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from portfolio_twin.adapters.qdrant.points import Page, PropertyHit
from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.domain.criteria import Filters, Narrowing, Strict
from portfolio_twin.domain.interactions import UserId
from portfolio_twin.domain.properties import Text
from portfolio_twin.model.twin import Scored, Twin
from portfolio_twin.services.answers.know_investor import dealings, know_investor
from portfolio_twin.services.answers.predict import AFFINITY
from portfolio_twin.services.answers.recommend import TopK
from portfolio_twin.services.answers.resolve_property import listing_of
from portfolio_twin.services.answers.score_stored import score_stored
from portfolio_twin.services.browse.list_investors import FIELDS, LISTING
from portfolio_twin.services.cursors import NEXT_CURSOR, POINT, Cursor, read_cursor, write_cursor

if TYPE_CHECKING:
    from portfolio_twin.adapters.qdrant.index import TenantIndex

NOTHING: Page[PropertyHit] = Page([], None)
EXAMPLE: dict[str, JsonValue] = {
    "filters": {"property_type": ["Condo"], "price": {"max": 400000}},
    "user_id": 374,
    "top_k": 20,
}


class PropertySearch(Strict):
    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    filters: Filters | None = Field(None, description="sold ones too, unless they name a listing_status")
    text: Text | None = Field(
        None, min_length=1, description="the property of exactly this id, or else those of exactly this zip code"
    )
    user_id: UserId | None = Field(None, description="whose affinity and confidence are told with each property")
    top_k: TopK = Field(20, description="properties on a page")
    cursor: Cursor | None = None


class ListedProperty(BaseModel):
    property_id: str = Field(examples=["HV-00231"])
    property: dict[str, Any] = Field(description=FIELDS, examples=[LISTING])
    affinity_score: float | None = Field(None, description=f"{AFFINITY}; null without user_id")
    confidence: float | None = Field(None, description="how sure the affinity is, 0..1; null without user_id")


class PropertyList(BaseModel):
    """In an order that stays while the same model is live, and says nothing of how good a match is."""

    model_version: str = Field(examples=["20261121T114449Z-0f3a9c21"])
    results: list[ListedProperty]
    next_cursor: str | None = Field(description=NEXT_CURSOR)


def find_properties(tenant: Tenant, request: PropertySearch) -> PropertyList:
    """Raises CursorExpired, and InvalidInput for a cursor of another question."""
    twin = tenant.twin()
    index = tenant.index(twin.version)
    start = read_cursor(request.cursor, twin.version, request, POINT) if request.cursor else None
    page = _page(index, request, start)
    scored = _scored(twin, index, request.user_id, page) if request.user_id is not None and page.items else None
    return PropertyList(
        model_version=twin.version,
        results=[_listed(hit, scored, i) for i, hit in enumerate(page.items)],
        next_cursor=write_cursor(twin.version, request, page.next) if page.next else None,
    )


def _page(index: "TenantIndex", request: PropertySearch, start: str | None) -> Page[PropertyHit]:
    narrowing = Narrowing(request.filters)
    if request.text is None:
        return index.list_properties(limit=request.top_k, after=start, narrowing=narrowing)
    named = index.list_properties(limit=1, narrowing=narrowing._replace(only=[request.text]))
    if named.items:
        return named
    filters = request.filters or Filters()
    if filters.zipcode is not None and request.text not in filters.zipcode:
        return NOTHING
    within = Narrowing(filters.model_copy(update={"zipcode": (request.text,)}))
    return index.list_properties(limit=request.top_k, after=start, narrowing=within)


def _scored(twin: Twin, index: "TenantIndex", user_id: int, page: Page[PropertyHit]) -> Scored:
    investor = know_investor(index, twin, user_id)
    history = dealings(investor, index.get_properties([each.property_id for each in investor.history]))
    scores = score_stored(twin, investor, history, page.items).scores
    return twin.judge(scores.log_odds, investor.taste.evidence, twin.familiarity(scores.features))


def _listed(hit: PropertyHit, scored: Scored | None, row: int) -> ListedProperty:
    return ListedProperty(
        property_id=hit.property_id,
        property=listing_of(hit),
        affinity_score=None if scored is None else float(scored.affinity[row]),
        confidence=None if scored is None else float(scored.confidence[row]),
    )
