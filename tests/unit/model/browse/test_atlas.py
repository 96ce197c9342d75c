"""The atlas: where what is new is put, and the file that a page reads."""

import json

import numpy as np
import pytest
import safetensors.numpy

from portfolio_twin.domain.properties import LISTING_STATUSES, PROPERTY_TYPES, Catalogue, PropertyFeatures
from portfolio_twin.errors import BundleRejected
from portfolio_twin.model.browse.atlas import Drawn, on_grid, pack_atlas, place, unpack_places
from tests.fakes.twins import small_catalogue, small_twin

HOUSE = PropertyFeatures(
    listing_price=3e5, lat=42.5, lon=-73.25, property_type="Land", listing_status="Sold", days_on_market=12.4
)
TWO = Catalogue.of(["é/1", "b"], [HOUSE, PropertyFeatures()])
PLACES = np.array([[0, 7], [65_535, 8]], dtype=np.uint16)
FILE = pack_atlas("v", TWO, Drawn(PLACES, "t-SNE of 2 properties", 2, 0, None))


def test_who_lies_where_a_known_one_does_is_put_there() -> None:
    twin = small_twin()
    places = np.random.default_rng(0).uniform(0, 65_535, (60, 2))
    found = place(twin.property_vectors[[3, 41]], twin.property_vectors, places)
    assert found == pytest.approx(places[[3, 41]], abs=65_535 * 5e-3)


def test_who_lies_between_two_is_put_between_them_nearer_to_the_nearer() -> None:
    def towards(degrees: float) -> list[float]:
        return [float(np.cos(np.radians(degrees))), float(np.sin(np.radians(degrees)))]

    known = np.array([towards(0), towards(60)], dtype=np.float32)
    asked = np.array([towards(30), towards(20)], dtype=np.float32)
    middle, nearer = place(known=known, vectors=asked, places=np.array([[0.0, 0.0], [100.0, 10.0]])).tolist()
    assert middle == pytest.approx([50, 5], abs=1e-3)
    near, far = (2 * np.sin(np.radians(angle / 2)) for angle in (20, 40))  # chords
    assert nearer[0] == pytest.approx(100 * near / (near + far), abs=1e-2)


def test_only_the_nearest_five_count() -> None:
    angles = np.radians([0, 1, 2, 3, 4, 90])
    known = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    places = np.array([[1.0, 1.0]] * 5 + [[1e6, 1e6]])
    assert place(known[[2]], known, places) == pytest.approx(np.ones((1, 2)))


def test_places_fill_the_grid_on_one_scale_and_in_the_middle() -> None:
    points = np.array([[-1.0, 0.0], [1.0, 0.5], [0.0, -0.5]])
    assert on_grid(points).tolist() == [[0, 32_768], [65_535, 49_151], [32_768, 16_384]]
    assert on_grid(np.zeros((3, 2))).tolist() == [[32_768, 32_768]] * 3


def test_the_file_says_of_each_property_what_a_map_needs() -> None:
    tensors = safetensors.numpy.load(FILE)
    assert (tensors["x"].tolist(), tensors["y"].tolist()) == ([0, 65_535], [7, 8])
    assert [tensors[name][0].item() for name in ("lat", "lon", "price")] == [42.5, -73.25, 3e5]
    assert all(np.isnan(tensors[name][1]) for name in ("lat", "lon", "price"))
    assert tensors["type"].tolist() == [PROPERTY_TYPES.index("Land"), 255]
    assert tensors["status"].tolist() == [LISTING_STATUSES.index("Sold"), 255]
    assert tensors["days"].tolist() == [12, 65_535]
    names, ends = tensors["ids"].tobytes(), tensors["offsets"]
    assert [names[ends[i] : ends[i + 1]].decode() for i in range(2)] == ["é/1", "b"]


def test_a_browser_finds_every_column_where_its_numbers_may_begin() -> None:
    size = int.from_bytes(FILE[:8], "little")
    header = json.loads(FILE[8 : 8 + size])
    about = header.pop("__metadata__")
    assert (about["model_version"], about["trustworthiness_at_10"]) == ("v", "")
    assert json.loads(about["types"]) == list(PROPERTY_TYPES)
    for column in header.values():
        width = int(column["dtype"].lstrip("UF")) // 8
        assert (8 + size + column["data_offsets"][0]) % width == 0


def test_a_property_takes_33_bytes_beside_its_id() -> None:
    sizes = [
        len(pack_atlas("v", small_catalogue(n), Drawn(np.zeros((n, 2), np.uint16), "", n, 0, None))) for n in (20, 60)
    ]
    ids = sum(len(name) for name in small_catalogue(60).ids[20:])
    assert (sizes[1] - sizes[0] - ids) / 40 <= 33


def test_unpacking_gives_the_places_back() -> None:
    assert unpack_places(FILE, 2).tolist() == PLACES.tolist()


@pytest.mark.parametrize("data", [b"", b"\x80", FILE[:-3], safetensors.numpy.save({"x": np.zeros(2, np.uint16)})])
def test_what_is_no_atlas_is_refused(data: bytes) -> None:
    with pytest.raises(BundleRejected, match="atlas"):
        unpack_places(data, 2)


def test_the_atlas_of_another_catalogue_is_refused() -> None:
    with pytest.raises(BundleRejected, match="atlas"):
        unpack_places(FILE, 3)
