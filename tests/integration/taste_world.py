"""A market where three attributes decide and the rest is noise: a twin that knows which wins, content-kNN does not."""

import json
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt

from portfolio_twin.domain.interactions import KIND_CODE, InteractionLog
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.domain.split import VALIDATION, draw_holdout
from portfolio_twin.model.bundle import Provenance, pack
from portfolio_twin.model.calibration import Confidence, Platt
from portfolio_twin.model.config import TwinConfig
from portfolio_twin.model.encoder import PropertyEncoder
from portfolio_twin.model.evaluation import Queries, classify
from portfolio_twin.model.features import FeatureSchema
from portfolio_twin.model.histories import histories_before
from portfolio_twin.model.twin import Twin, choose_landmarks

DECIDING = ("light", "quiet", "view")
NOISE = tuple(f"noise_{i}" for i in range(15))
DAY = 86_400
START = 1_760_000_000  # October 2025


@dataclass(frozen=True)
class World:
    catalogue: Catalogue
    log: InteractionLog


def make_world(properties: int = 300, investors: int = 120, deals: int = 6, seed: int = 0) -> World:
    """Each investor closes deals, one a day, among the twelve properties nearest to a taste of their own."""
    rng = np.random.default_rng(seed)
    traits = rng.normal(size=(properties, len(DECIDING)))
    columns: dict[str, npt.NDArray[Any]] = {f"attributes.{name}": traits[:, i] for i, name in enumerate(DECIDING)}
    columns |= {f"attributes.{name}": rng.normal(size=properties) for name in NOISE}
    ids = np.array([f"p{i}" for i in range(properties)], dtype=object)
    points = traits / np.linalg.norm(traits, axis=1, keepdims=True)
    tastes = rng.normal(size=(investors, len(DECIDING)))
    liked = np.argsort(-(tastes @ points.T), axis=1)[:, :12]
    chosen = np.concatenate([rng.permutation(row)[:deals] for row in liked])
    log = InteractionLog(
        np.repeat(np.arange(1, investors + 1), deals),
        ids[chosen],
        np.full(len(chosen), KIND_CODE["deal"], dtype=np.int8),
        START + np.tile(np.arange(deals), investors) * DAY + np.repeat(np.arange(investors), deals),
    )
    rows = Catalogue.from_rows(ids.tolist(), [{} for _ in ids])
    return World(Catalogue(ids, {**rows.columns, **columns}), log.in_time_order())


def knowing_twin(world: World, version: str, *, looks_at: tuple[str, ...] = DECIDING) -> Twin:
    """A tower that looks at these attributes alone, calibrated on the validation targets."""
    schema = FeatureSchema.learn(world.catalogue)
    X = schema.vectorise(world.catalogue)
    weight = np.zeros((schema.width, 16), dtype=np.float32)
    for i, name in enumerate(looks_at):
        weight[list(schema.groups[f"attributes.{name}"]), i] = 1.0
    encoder = PropertyEncoder([(weight, np.full(16, 1e-3, dtype=np.float32))])
    vectors = encoder(X)
    landmarks, distance = choose_landmarks(X, 0)
    users = np.unique(world.log.users)
    histories = histories_before(world.log, world.catalogue.ids, users)
    global_vector = np.full(16, 1e-3, dtype=np.float32)
    twin = Twin(
        version=version, kind="twin", config=TwinConfig(hidden=()), schema=schema, encoder=encoder,
        global_vector=global_vector, calibration=Platt(1.0, 0.0), confidence=Confidence((0.0, 0.6, 0.3, -0.5)),
        base_rate=0.01, landmarks=landmarks, landmark_distance=distance, property_ids=world.catalogue.ids,
        property_vectors=vectors, user_ids=users, user_vectors=histories.pool(vectors, global_vector),
        user_evidence=histories.evidence,
    )  # fmt: skip
    holdout = draw_holdout(world.log, world.catalogue.ids, seed=0)
    queries = Queries.of(world.log, holdout, world.catalogue.ids, VALIDATION)
    raw, _ = classify(twin, world.catalogue, queries)
    scores = np.log(raw / (1 - raw))
    return replace(twin, calibration=Platt.fit(scores, queries.labels.astype(float)))


def as_bundle(
    twin: Twin, world: World, tenant: UUID, snapshot_id: str, losses: tuple[float, ...] = (3.0, 2.0, 1.5)
) -> dict[str, bytes]:
    """The files that a trainer would leave."""
    history = {"epochs": [{"epoch": i + 1, "train_loss": loss} for i, loss in enumerate(losses)]}
    provenance = Provenance(tenant, {"id": snapshot_id, "sha256": ""}, None, {"f1": 1.0}, "test")
    extra = {"training_history.json": json.dumps(history).encode()}
    return pack(twin, provenance, world.catalogue.take(np.array([0])), extra)
