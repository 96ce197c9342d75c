"""The model without the service: load a bundle from a folder or from S3, and ask it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np

from portfolio_twin.adapters.s3.bucket import BUNDLE_LIMIT_BYTES
from portfolio_twin.adapters.s3.model_registry import fetch_files
from portfolio_twin.adapters.s3.objects import Objects, connect
from portfolio_twin.domain.arrays import Matrix
from portfolio_twin.domain.interactions import KIND_WEIGHTS
from portfolio_twin.domain.properties import Catalogue, PropertyFeatures
from portfolio_twin.errors import BundleRejected
from portfolio_twin.model.bundle.files import MANIFEST, SERVING_FILES, TESTED_FILES, unpack, unpack_tested
from portfolio_twin.model.twin import Taste, Twin


class Affinity(NamedTuple):
    score: float  # score / (1 − score) is how many times likelier to be chosen than the average property
    confidence: float  # how sure this answer is, 0..1


@dataclass(frozen=True)
class PortfolioTwin:
    """One tenant's trained model. Thread-safe: nothing in it changes."""

    twin: Twin

    @classmethod
    def load(cls, source: str | Path, *, tested: bool = False) -> "PortfolioTwin":
        """From a bundle's folder or its `s3://BUCKET/prefix/`; raises BundleRejected for one that fails a check.

        `tested` loads the model before it learnt the test targets, as the report measures it.
        """
        names = (MANIFEST, *SERVING_FILES, *(TESTED_FILES if tested else ()))
        read = _read_s3 if str(source).startswith("s3://") else _read_folder
        files = read(str(source), names)
        try:
            manifest = json.loads(files[MANIFEST])
            tenant_id, version = UUID(manifest["tenant_id"]), str(manifest["version"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BundleRejected(f"{source} holds no readable {MANIFEST}") from error
        return cls((unpack_tested if tested else unpack)(files, tenant_id, version))

    def predict_affinity(self, user_id: int, property_features: PropertyFeatures | dict[str, Any]) -> Affinity:
        """For an investor as of the training; one who is new has the market's taste and a low confidence."""
        return self._affinity(self.twin.known_taste(user_id), property_features)

    def predict_for_history(
        self, liked: list[PropertyFeatures | dict[str, Any]], property_features: PropertyFeatures | dict[str, Any]
    ) -> Affinity:
        """For anybody of whom you know a few properties that they liked."""
        vectors = self.twin.embed(_catalogue(liked))
        weights = np.full(len(vectors), KIND_WEIGHTS["like"], dtype=np.float32)
        return self._affinity(
            self.twin.taste(self.twin.user_vector(vectors, weights), float(weights.sum())), property_features
        )

    def embed(self, property_features: PropertyFeatures | dict[str, Any]) -> Matrix:
        """The property's vector (d,), of L2 norm 1."""
        vector: Matrix = self.twin.embed(_catalogue([property_features]))[0]
        return vector

    def _affinity(self, taste: Taste, features: PropertyFeatures | dict[str, Any]) -> Affinity:
        affinity, confidence = self.twin.score(taste, self.twin.schema.read(_catalogue([features])))
        return Affinity(float(affinity[0]), float(confidence[0]))


def _catalogue(properties: list[PropertyFeatures | dict[str, Any]]) -> Catalogue:
    return Catalogue.of([""] * len(properties), [PropertyFeatures.model_validate(p) for p in properties])


def _read_folder(folder: str, names: Iterable[str]) -> dict[str, bytes]:
    return {name: (Path(folder) / name).read_bytes() for name in names if (Path(folder) / name).exists()}


def _read_s3(uri: str, names: Iterable[str]) -> dict[str, bytes]:
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    root = prefix.rstrip("/") + "/"
    return fetch_files(Objects(bucket, [root], connect()), root, names, BUNDLE_LIMIT_BYTES)
