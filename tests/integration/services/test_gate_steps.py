"""EvaluateGates on frozen data in S3: good bundles pass, each kind of bad one is rejected with its reason."""

import gzip
import json
from dataclasses import replace
from uuid import UUID

import numpy as np
import pytest

from portfolio_twin.adapters.s3.registry import Registry
from portfolio_twin.adapters.s3.snapshots import digests, pack_snapshot, store_snapshot
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.interactions import InteractionLog
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.domain.split import draw_holdout
from portfolio_twin.errors import UnreadableInput
from portfolio_twin.model.encoder import PropertyEncoder
from tests.fakes.twins import TENANT_A
from tests.integration.fixtures.gates import (
    NEW,
    OLD,
    WORLD,
    failed,
    freeze,
    judge,
    judged,
    make_live,
    put,
    registry,
    s3,
)
from tests.integration.fixtures.taste_world import as_bundle, knowing_twin

__all__ = ["registry", "s3"]  # pytest finds the fixtures by their names here


def test_a_good_twin_passes_every_gate_and_the_table_is_kept_beside_the_bundle(registry: Registry) -> None:
    answer = judged(registry, knowing_twin(WORLD, NEW))
    assert (answer["decision"], answer["reasons"], answer["kind"]) == ("passed", [], "twin")
    assert answer["gates"].keys() == {
        "finite", "f1", "accuracy", "loss_decreased", "ece", "better_than_popularity", "better_than_content_knn",
        "unit_norm", "embedding_rank", "no_slice_worse",
    }  # fmt: skip
    assert all(gate.keys() == {"value", "limit", "passed", "note"} for gate in answer["gates"].values())
    kept = json.loads(registry.read(f"{TENANT_A}/training/{NEW}/gates.json"))
    assert kept["gates"] == answer["gates"]
    assert kept["measured"]["test_users"] == 120
    assert kept["measured"]["ranking"].keys() == {"twin", "tower", "popularity", "content_knn"}
    assert kept["measured"]["slices"]["history"]["3-5"]["users"] == 120  # six deals each, the last one asked for
    rank = answer["gates"]["embedding_rank"]
    told = f"effective rank {rank['value']:.1f} of 16 dimensions, 12 collapsed"  # three attributes, and a constant
    assert (rank["passed"], rank["note"]) == (True, told)
    assert answer["gates"]["no_slice_worse"]["note"] == "no other live model to compare with"


def test_the_bundle_is_measured_anew_and_its_own_figures_are_not_believed(registry: Registry) -> None:
    bundle = as_bundle(knowing_twin(WORLD, NEW, looks_at=("noise_0", "noise_1", "noise_2")), WORLD, TENANT_A, NEW)
    assert json.loads(bundle["manifest.json"])["metrics"] == {"f1": 1.0}
    freeze(registry, WORLD, NEW)
    answer = judge(registry, put(registry, bundle))
    assert answer["decision"] == "rejected"
    assert {"accuracy", "better_than_content_knn"} <= failed(answer)
    assert all("look at" in reason for reason in answer["reasons"])


def test_a_loss_that_rose_is_rejected_whatever_the_model_can_do(registry: Registry) -> None:
    answer = judged(registry, knowing_twin(WORLD, NEW), losses=(1.0, 1.5))
    assert (answer["decision"], failed(answer)) == ("rejected", {"loss_decreased"})


def test_a_history_that_the_manifest_does_not_vouch_for_counts_as_missing(registry: Registry) -> None:
    freeze(registry, WORLD, NEW)
    files = as_bundle(knowing_twin(WORLD, NEW), WORLD, TENANT_A, NEW, losses=(1.0, 2.0))
    files["training_history.json"] = json.dumps({"epochs": [{"train_loss": 2.0}, {"train_loss": 1.0}]}).encode()
    answer = judge(registry, put(registry, files))
    assert (answer["decision"], failed(answer)) == ("rejected", {"loss_decreased"})
    assert answer["gates"]["loss_decreased"]["value"] is None


@pytest.mark.parametrize("harm", ["portfolio_twin.safetensors", "manifest.json", "property_ids.json"])
@pytest.mark.parametrize("how", ["missing", "changed"])
def test_a_bundle_that_fails_a_check_is_rejected_with_the_check_not_an_error(
    registry: Registry, harm: str, how: str
) -> None:
    freeze(registry, WORLD, NEW)
    files = as_bundle(knowing_twin(WORLD, NEW), WORLD, TENANT_A, NEW)
    data = files.pop(harm)
    if how == "changed":
        files[harm] = data[:-1] + b"!"
    answer = judge(registry, put(registry, files))
    assert (answer["decision"], failed(answer), answer["kind"]) == ("rejected", {"bundle"}, None)
    assert harm in answer["reasons"][0] or how == "changed"


def test_a_bundle_with_nan_weights_is_rejected(registry: Registry) -> None:
    twin = knowing_twin(WORLD, NEW)
    files = as_bundle(replace(twin, market_taste=np.full(16, np.nan, dtype=np.float32)), WORLD, TENANT_A, NEW)
    freeze(registry, WORLD, NEW)
    answer = judge(registry, put(registry, files))
    assert answer["decision"] == "rejected"
    assert "NaN" in answer["reasons"][0]


def test_weights_that_overflow_on_the_catalogue_are_rejected_as_not_finite(registry: Registry) -> None:
    twin = knowing_twin(WORLD, NEW)
    first = WORLD.catalogue.columns["attributes.light"]
    harmless = int(np.argmin(np.abs(first)))  # the golden property, whose vector still comes out
    ((weight, bias),) = twin.encoder.layers
    huge = weight.copy()
    huge[list(twin.schema.groups["attributes.light"]), 0] = 3e38
    broken = replace(twin, encoder=PropertyEncoder([(huge, bias)]))
    with np.errstate(all="ignore"):
        files = as_bundle(broken, Dataset(WORLD.catalogue.take(np.array([harmless])), WORLD.log), TENANT_A, NEW)
        freeze(registry, WORLD, NEW)
        answer = judge(registry, put(registry, files))
    assert answer["decision"] == "rejected"
    assert failed(answer) == {"finite"}


def test_a_model_clearly_worse_than_the_live_one_is_rejected_and_an_equal_one_is_not(registry: Registry) -> None:
    make_live(registry, knowing_twin(WORLD, OLD), WORLD)
    equal = judged(registry, knowing_twin(WORLD, NEW))
    assert equal["decision"] == "passed"
    assert equal["gates"]["not_worse_than_live"]["value"] == 0
    worse = judged(registry, knowing_twin(WORLD, NEW, looks_at=("light", "quiet", "noise_0")))
    assert "not_worse_than_live" in failed(worse)
    assert registry.live(TENANT_A).version == OLD  # type: ignore[union-attr]  # it was made live above


def with_condos(world: Dataset) -> Dataset:
    """One property in four is a condo, which decides nothing."""
    types = np.array(["Single Family", "Single Family", "Single Family", "Condo"] * 75, dtype=object)
    columns = {**world.catalogue.columns, "property_type": types}
    return Dataset(Catalogue(world.catalogue.ids, columns), world.log)


def test_a_model_that_no_longer_finds_condos_is_rejected_by_name_of_the_slice(registry: Registry) -> None:
    world = with_condos(WORLD)
    live = knowing_twin(world, OLD)
    make_live(registry, live, world)
    ((weight, bias),) = live.encoder.layers
    apart = weight.copy()
    apart[live.schema.groups["property_type"][live.schema.categorical[0].categories.index("Condo")], 5] = 9.0
    freeze(registry, world, NEW)
    encoder = PropertyEncoder([(apart, bias)])
    new = replace(live, version=NEW, encoder=encoder, property_vectors=encoder(live.schema.vectorise(world.catalogue)))
    found = judge(registry, put(registry, as_bundle(new, world, TENANT_A, NEW)))["gates"]["no_slice_worse"]
    assert not found["passed"]
    assert found["value"] < found["limit"] == -0.05
    assert "look at type of the target: Condo" in found["note"]
    same = judge(registry, put(registry, as_bundle(replace(live, version=NEW), world, TENANT_A, NEW)))
    assert same["gates"]["no_slice_worse"]["passed"]


def test_the_live_model_is_not_asked_what_it_was_trained_on(registry: Registry) -> None:
    early = InteractionLog(*(column[WORLD.log.users <= 100] for column in vars(WORLD.log).values()))
    held_out_less = Dataset(WORLD.catalogue, WORLD.log.take(np.arange(len(WORLD.log))))
    files = pack_snapshot(
        held_out_less.catalogue, held_out_less.log, draw_holdout(Dataset(WORLD.catalogue, early), seed=0)
    )
    store_snapshot(registry, TENANT_A, files, {"snapshot_id": OLD, "files": digests(files)})
    registry.publish(TENANT_A, OLD, as_bundle(knowing_twin(WORLD, OLD), WORLD, TENANT_A, OLD))
    registry.promote(TENANT_A, OLD, "test", None)
    answer = judged(registry, knowing_twin(WORLD, NEW))
    assert "on 100 investors" in answer["gates"]["not_worse_than_live"]["note"]  # 20 were trained on in full


def test_a_live_model_that_cannot_be_loaded_keeps_no_new_one_out(registry: Registry) -> None:
    make_live(registry, knowing_twin(WORLD, OLD), WORLD)
    registry.write(f"{TENANT_A}/models/{OLD}/property_ids.json", b"[]")
    answer = judged(registry, knowing_twin(WORLD, NEW))
    assert answer["decision"] == "passed"
    for gate in ("not_worse_than_live", "no_slice_worse"):
        assert answer["gates"][gate]["note"].startswith("undecided")


def test_a_tenant_with_no_investor_to_test_on_gets_no_twin(registry: Registry) -> None:
    lonely = Dataset(WORLD.catalogue, WORLD.log.take(WORLD.log.users <= 0))
    freeze(registry, lonely, NEW)
    answer = judge(registry, put(registry, as_bundle(knowing_twin(WORLD, NEW), WORLD, TENANT_A, NEW)))
    assert {"f1", "accuracy", "better_than_popularity", "better_than_content_knn"} <= failed(answer)


def test_a_content_model_is_judged_by_its_vectors_alone(registry: Registry) -> None:
    lonely = Dataset(WORLD.catalogue, WORLD.log.take(WORLD.log.users <= 0))
    freeze(registry, lonely, NEW)
    content = replace(knowing_twin(WORLD, NEW, looks_at=("light", "quiet", "view", "noise_0")), kind="content")
    answer = judge(registry, put(registry, as_bundle(content, lonely, TENANT_A, NEW)))
    assert answer["decision"] == "passed"
    assert answer["gates"].keys() == {
        "finite", "lookalike_sanity", "unit_norm", "embedding_rank", "no_slice_worse",
    }  # fmt: skip


def test_a_content_model_whose_vectors_lie_on_a_line_is_rejected(registry: Registry) -> None:
    freeze(registry, WORLD, NEW)
    flat = replace(knowing_twin(WORLD, NEW, looks_at=("light",)), kind="content")
    answer = judge(registry, put(registry, as_bundle(flat, WORLD, TENANT_A, NEW)))
    assert "embedding_rank" in failed(answer)


def test_another_tenants_bundle_is_rejected(registry: Registry) -> None:
    freeze(registry, WORLD, NEW)
    other = UUID("bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb")
    answer = judge(registry, put(registry, as_bundle(knowing_twin(WORLD, NEW), WORLD, other, NEW)))
    assert (answer["decision"], failed(answer)) == ("rejected", {"bundle"})
    assert "another tenant" in answer["reasons"][0]


def test_a_snapshot_that_was_changed_after_it_was_frozen_is_not_judged_on(registry: Registry) -> None:
    freeze(registry, WORLD, NEW)
    source = put(registry, as_bundle(knowing_twin(WORLD, NEW), WORLD, TENANT_A, NEW))
    registry.write(f"{TENANT_A}/snapshots/{NEW}/interactions.csv.gz", gzip.compress(b"user_id\n"))
    with pytest.raises(UnreadableInput, match="changed after it was frozen"):
        judge(registry, source)
