"""The atlas of a model: the file as it is, and one investor's view of it."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import safetensors.numpy
from pydantic import BaseModel, Field

from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.domain.arrays import Floats
from portfolio_twin.domain.properties import Catalogue, PropertyFeatures
from portfolio_twin.errors import BundleRejected, NotFound
from portfolio_twin.model.browse.atlas import Places, place, unpack_places
from portfolio_twin.model.bundle.files import ATLAS
from portfolio_twin.model.twin import Twin
from portfolio_twin.services.answers.know_investor import Investor, dealings, know_investor
from portfolio_twin.services.browse.score_offer import score_offer

ANSWERED_BYTES = 4_000_000  # Lambda answers at most 6 MB, and bytes grow by a third on their way out
BYTE = 255
NO_ATLAS = "no such version, or it was trained before there were atlases: train the model anew"
KNOWN = 1.0  # how familiar training's own properties are


class Place(BaseModel):
    """In the units of the atlas, 0 … 65 535."""

    x: float = Field(examples=[20711.0])
    y: float = Field(examples=[48122.5])


class AtlasFile(NamedTuple):
    """One of the two."""

    body: bytes | None
    link: str | None  # where it is too large to be answered


def read_atlas(tenant: Tenant, version: str) -> AtlasFile:
    """Raises NotFound for a version without one."""
    models = tenant.bucket.models
    size = models.sizes(version).get(ATLAS)
    if size is None:
        raise NotFound(NO_ATLAS)
    if size > ANSWERED_BYTES:
        return AtlasFile(None, models.link(version, ATLAS, "application/octet-stream"))
    return AtlasFile(models.file(version, ATLAS), None)


def investor_atlas(tenant: Tenant, user_id: int) -> bytes:
    """The investor's affinity for each property of the live atlas, and their own place; raises NotFound as above."""
    twin = tenant.twin()
    places = _places(tenant, twin)
    index = tenant.index(twin.version)
    investor = know_investor(index, twin, user_id)
    scored = twin.judge(_log_odds(tenant, twin, investor), investor.taste.evidence, KNOWN)
    ((x, y),) = place(investor.taste.vector[None], twin.property_vectors, places).tolist()
    header = {
        "model_version": twin.version, "x": f"{x:.1f}", "y": f"{y:.1f}", "strategy": investor.strategy(twin),
        "degraded": str(investor.degraded).lower(),
    }  # fmt: skip
    shares = {"affinity": _bytes(scored.affinity), "confidence": _bytes(scored.confidence)}
    return safetensors.numpy.save(shares, header)


def _log_odds(tenant: Tenant, twin: Twin, investor: Investor) -> Floats:
    """(n,) by what ranks where the bundle has the features of all properties; by the tower of a larger catalogue."""
    if investor.normaliser is None or len(twin.offer.rows) < len(twin.property_ids):
        return twin.log_odds(investor.taste, twin.property_vectors)
    stored = tenant.index(twin.version).get_properties([each.property_id for each in investor.history])
    return score_offer(twin, investor, dealings(investor, stored)).log_odds


def _bytes(shares: Floats) -> npt.NDArray[np.uint8]:
    return np.round(shares * BYTE).astype(np.uint8)


def place_of(tenant: Tenant, twin: Twin, property_id: str, features: PropertyFeatures) -> Place | None:
    """Where the property is drawn, or would be; None where the model has no atlas."""
    try:
        places = _places(tenant, twin)
    except NotFound:
        return None
    row = twin.property_rows.get(property_id)
    if row is not None:
        x, y = places[row].tolist()
    else:
        vector = twin.embed(Catalogue.of([property_id], [features]))
        ((x, y),) = place(vector, twin.property_vectors, places).tolist()
    return Place(x=x, y=y)


@lru_cache(maxsize=16)  # a bundle never changes
def _read_places(tenant: Tenant, version: str, properties: int) -> Places | None:
    body = tenant.bucket.models.file(version, ATLAS)
    try:
        return unpack_places(body, properties) if body else None
    except BundleRejected:
        return None


def _places(tenant: Tenant, twin: Twin) -> Places:
    places = _read_places(tenant, twin.version, len(twin.property_ids))
    if places is None:
        raise NotFound(NO_ATLAS)
    return places
