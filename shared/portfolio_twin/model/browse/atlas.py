"""A market in two dimensions: where each property is drawn, and where whatever comes later is put."""

import json
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import safetensors.numpy
from safetensors import SafetensorError

from portfolio_twin.domain.arrays import Floats, Matrix
from portfolio_twin.domain.properties import LISTING_STATUSES, PROPERTY_TYPES, Catalogue
from portfolio_twin.errors import BundleRejected

NEIGHBOURS = 5
LARGEST = 65_535  # of a coordinate, and of the days on the market; of the days it stands for missing
MISSING = 255  # of a type or status
ROWS_AT_ONCE = 2_048
TINY = 1e-6
COLUMNS = {
    "x": "uint16", "y": "uint16", "lat": "float32", "lon": "float32", "price": "float32", "type": "uint8",
    "status": "uint8", "days": "uint16",
}  # fmt: skip

Places = npt.NDArray[np.uint16]


class Drawn(NamedTuple):
    """n properties in two dimensions, and how they came there."""

    places: Places  # (n, 2)
    method: str  # a sentence to show
    landmarks: int  # drawn together
    placed: int  # put beside their nearest landmarks
    trustworthiness_at_10: float | None  # 0 … 1: whether the ten nearest in the picture are near in truth

    def figures(self) -> dict[str, Any]:
        """What metrics.json has of it."""
        return {name: value for name, value in self._asdict().items() if name != "places"}


def place(vectors: Matrix, known: Matrix, places: npt.NDArray[Any]) -> Floats:
    """(m, 2) where to put vectors (m, d), among those with a place, known (n, d) and places (n, 2), n at least 1.

    The mean of the nearest, the nearer the more. All vectors are of length 1.
    """
    count = min(NEIGHBOURS, len(known))
    found = np.empty((len(vectors), 2))
    for begin in range(0, len(vectors), ROWS_AT_ONCE):
        rows = slice(begin, begin + ROWS_AT_ONCE)
        cosines = vectors[rows] @ known.T  # (rows, n)
        nearest = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
        distances = np.sqrt(np.maximum(2 - 2 * np.take_along_axis(cosines, nearest, axis=1), 0.0))
        weights = 1 / (distances + TINY)
        found[rows] = (places[nearest] * weights[:, :, None]).sum(axis=1) / weights.sum(axis=1, keepdims=True)
    return found


def on_grid(points: Floats) -> Places:
    """(n, 2) points on any scale, brought to whole numbers 0 … 65 535: one scale for both axes, in the middle."""
    low, high = points.min(axis=0), points.max(axis=0)
    span = max(float((high - low).max()), TINY)
    return np.asarray(np.round((points - (low + high) / 2) / span * LARGEST + LARGEST / 2), dtype=np.uint16)


def pack_atlas(version: str, catalogue: Catalogue, drawn: Drawn) -> bytes:
    """The file: what a map needs of each of n properties, in their order, 33 bytes each; the header says the rest.

    Its tensors: x, y (n,) uint16; lat, lon, price (n,) float32, NaN where missing; type, status (n,) uint8, numbers in
    the header's lists, 255 where missing; days (n,) uint16 on the market, 65 535 where missing; ids, all of them in
    UTF-8, of which the i-th is offsets[i] … offsets[i + 1], (n + 1,) uint32.
    """
    ids = [name.encode() for name in catalogue.ids.tolist()]
    tensors = {
        "x": drawn.places[:, 0],
        "y": drawn.places[:, 1],
        "lat": _numbers(catalogue, "lat"),
        "lon": _numbers(catalogue, "lon"),
        "price": _numbers(catalogue, "listing_price"),
        "type": _codes(catalogue, "property_type", PROPERTY_TYPES),
        "status": _codes(catalogue, "listing_status", LISTING_STATUSES),
        "days": _days(catalogue),
        "ids": np.frombuffer(b"".join(ids), dtype=np.uint8),
        "offsets": np.cumsum([0, *map(len, ids)]).astype(np.uint32),
    }
    trust = drawn.trustworthiness_at_10
    header = {
        "model_version": version, "types": json.dumps(PROPERTY_TYPES), "statuses": json.dumps(LISTING_STATUSES),
        "method": drawn.method, "landmarks": str(drawn.landmarks), "placed": str(drawn.placed),
        "trustworthiness_at_10": "" if trust is None else f"{trust:.4f}",
    }  # fmt: skip
    return safetensors.numpy.save({name: np.ascontiguousarray(t) for name, t in tensors.items()}, header)


def unpack_places(data: bytes, n: int) -> Places:
    """(n, 2) of an atlas of n properties; raises BundleRejected where it is none."""
    try:
        tensors = safetensors.numpy.load(data)
        for name, dtype in COLUMNS.items():
            if tensors[name].dtype != dtype or tensors[name].shape != (n,):
                raise ValueError(f"{name} is {tensors[name].dtype}{tensors[name].shape}, not {dtype}({n},)")
        offsets = tensors["offsets"].astype(np.int64)
        if offsets.shape != (n + 1,) or (np.diff(offsets) < 0).any() or offsets[-1] != len(tensors["ids"]):
            raise ValueError("the offsets do not fit the ids")
    except (SafetensorError, KeyError, ValueError) as error:
        raise BundleRejected(f"the atlas does not hold what it should: {error}") from error
    return np.stack([tensors["x"], tensors["y"]], axis=1)


def _numbers(catalogue: Catalogue, field: str) -> Matrix:
    return np.asarray(catalogue.columns[field], dtype=np.float32)


def _codes(catalogue: Catalogue, field: str, values: tuple[str, ...]) -> npt.NDArray[np.uint8]:
    code = {value: i for i, value in enumerate(values)}
    return np.array([code.get(value, MISSING) for value in catalogue.columns[field]], dtype=np.uint8)


def _days(catalogue: Catalogue) -> npt.NDArray[np.uint16]:
    days = np.round(catalogue.columns["days_on_market"].astype(np.float64))
    return np.nan_to_num(days, nan=LARGEST).astype(np.uint16)
