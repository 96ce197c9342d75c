"""Small twins whose right answers are visible, for tests that need a model but no training."""

from itertools import pairwise
from typing import Any
from uuid import UUID

import numpy as np

from portfolio_twin.domain.properties import Catalogue, PropertyFeatures
from portfolio_twin.model.activity import WINDOWS_DAYS
from portfolio_twin.model.config import TwinConfig
from portfolio_twin.model.cooccurrence import Neighbours
from portfolio_twin.model.encoder import PropertyEncoder
from portfolio_twin.model.extent import Extent
from portfolio_twin.model.features import FeatureSchema
from portfolio_twin.model.ranking import TERMS, WEIGHT_ROWS, RankingLayer
from portfolio_twin.model.scoring.confidence import Confidence
from portfolio_twin.model.scoring.offer import Offer
from portfolio_twin.model.twin import Twin

TENANT_A = UUID("aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa")
TENANT_B = UUID("bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb")


def small_catalogue(n: int = 60, seed: int = 0, prefix: str = "p") -> Catalogue:
    """Condos near the centre, houses far out; prices follow the size; every seventh year is not known."""
    rng = np.random.default_rng(seed)
    size = rng.uniform(500, 4000, n)
    properties = [
        PropertyFeatures(
            listing_price=float(round(size[i] * rng.uniform(180, 260))),
            square_footage=float(size[i]),
            bedrooms=float(1 + size[i] // 700),
            year_built=None if i % 7 == 0 else int(rng.integers(1920, 2020)),
            lat=float(42.6 + size[i] / 1e5 + rng.normal(0, 0.01)),
            lon=float(-73.7 + rng.normal(0, 0.02)),
            zipcode=f"122{i % 4:02d}",
            listing_status="Active" if i % 3 else "Pending",
            property_type="Condo" if size[i] < 1500 else "Single Family",
            condition_score=float(rng.uniform(0.2, 0.9)),
            renovation_needed=bool(i % 5 == 0),
            attributes={"school_rating": float(rng.integers(1, 10)), "zoning": "R1" if i % 2 else "R2"},
        )
        for i in range(n)
    ]
    return Catalogue.of([f"{prefix}{i}" for i in range(n)], properties)


def small_twin(catalogue: Catalogue | None = None, seed: int = 0, version: str = "20260101T000000Z-00000000") -> Twin:
    """Random weights, real shapes; users 1..5 like the first five properties, one each."""
    catalogue = catalogue if catalogue is not None else small_catalogue()
    rng = np.random.default_rng(seed)
    schema = FeatureSchema.learn(catalogue)
    widths = (schema.width, 64, 16)
    drawn = [
        (rng.normal(0, w**-0.5, (w, following)), rng.normal(0, 0.1, following)) for w, following in pairwise(widths)
    ]
    encoder = PropertyEncoder([(weight.astype(np.float32), bias.astype(np.float32)) for weight, bias in drawn])
    vectors = encoder(schema.vectorise(catalogue))
    return twin_of(
        catalogue,
        encoder,
        version=version,
        config=TwinConfig(change_of_taste=None),  # random weights: no two properties of a history are alike
        market_taste=rng.normal(0, 0.05, 16).astype(np.float32),
        slope=5.0,
        user_ids=np.arange(1, 6),
        user_vectors=vectors[:5],
        user_evidence=np.ones(5, dtype=np.float32),
    )


def twin_of(catalogue: Catalogue, encoder: PropertyEncoder, **given: Any) -> Twin:
    """A twin with this tower, that nobody has taught anything: no investors, a market without a taste."""
    schema = FeatureSchema.learn(catalogue)
    features = schema.read(catalogue)
    vectors = encoder(features.X)
    d = vectors.shape[1]
    untaught: dict[str, Any] = {
        "version": "v", "kind": "twin", "config": TwinConfig(embedding_dim=d), "schema": schema, "encoder": encoder,
        "market_taste": np.zeros(d, dtype=np.float32), "slope": 5.0,
        "confidence": Confidence((0.0, 0.6, 0.3)), "learnt_until": 0, "base_rate": 0.01,
        "offer": Offer.draw(features.X, seed=0),
        "extent": Extent.learn(schema, features), "property_ids": catalogue.ids, "property_vectors": vectors,
        "user_ids": np.zeros(0, dtype=np.int64), "user_vectors": np.zeros((0, d), dtype=np.float32),
        "user_evidence": np.zeros(0, dtype=np.float32),
    }  # fmt: skip
    return Twin(**untaught | given)


def narrow_twin(catalogue: Catalogue, version: str) -> Twin:
    """A sound twin whose vectors have eight numbers: it cannot go live."""
    weight = np.eye(FeatureSchema.learn(catalogue).width, 8, dtype=np.float32)
    encoder, config = PropertyEncoder([(weight, np.ones(8, dtype=np.float32))]), TwinConfig(hidden=(), embedding_dim=8)
    return twin_of(catalogue, encoder, version=version, config=config)


def plain_layer(n: int, width: int) -> RankingLayer:
    """A ranking layer that goes by every term alike; property i belongs together with the next one."""
    following = ((np.arange(n) + 1) % n).astype(np.int32)
    first = np.full((width, 64), 0.1, dtype=np.float32), np.zeros(64, dtype=np.float32)
    second = np.eye(64, 16, dtype=np.float32), np.full(16, 0.1, dtype=np.float32)
    return RankingLayer(
        weights=np.ones((WEIGHT_ROWS, len(TERMS)), dtype=np.float32),
        encoder=PropertyEncoder([first, second]),
        market_taste=np.zeros(16, dtype=np.float32),
        scales=np.ones(width, dtype=np.float32),
        neighbours=Neighbours(np.arange(n + 1), following, np.full(n, 0.5, dtype=np.float32)),
        activity=np.zeros((n, len(WINDOWS_DAYS)), dtype=np.float32),
    )
