"""EvaluateGates on frozen data in S3: good bundles pass, each kind of bad one is rejected with its reason."""

import gzip
import json
from dataclasses import replace
from uuid import UUID

import numpy as np
import pytest

from portfolio_twin.adapters.s3.snapshots import digests, pack_snapshot
from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.interactions import InteractionLog
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.domain.split import draw_holdout
from portfolio_twin.errors import UnreadableInput
from portfolio_twin.model.bundle.files import TESTED
from portfolio_twin.model.encoder import PropertyEncoder
from tests.fakes.twins import narrow_twin
from tests.integration.fixtures import gates
from tests.integration.fixtures.gates import NEW, OLD, WORLD, bundle_of, failed, judged
from tests.integration.fixtures.taste_world import as_bundle, knowing_twin

LONELY = Dataset(WORLD.catalogue, WORLD.log.take(WORLD.log.users <= 0))  # nobody to test on


def test_a_good_twin_passes_every_gate_and_the_table_is_kept_beside_the_bundle(tenant: Tenant) -> None:
    answer = judged(tenant, knowing_twin(WORLD, NEW))
    assert (answer["decision"], answer["reasons"], answer["kind"]) == ("passed", [], "twin")
    assert answer["gates"].keys() == {
        "finite", "f1", "accuracy", "loss_decreased", "ece", "better_than_popularity", "better_than_content_knn",
        "unit_norm", "embedding_rank", "no_slice_worse", "live_like_tested",
    }  # fmt: skip
    assert all(gate.keys() == {"value", "limit", "passed", "note"} for gate in answer["gates"].values())
    kept = json.loads(tenant.bucket.objects.read(f"{tenant.tenant_id}/training/{NEW}/gates.json"))
    assert kept["gates"] == answer["gates"]
    assert kept["measured"]["test_users"] == 120
    assert kept["measured"]["ranking"].keys() == {"twin", "tower", "popularity", "content_knn"}
    assert kept["measured"]["slices"]["history"]["3-5"]["users"] == 120  # six deals each, the last one asked for
    rank = answer["gates"]["embedding_rank"]
    note = f"effective rank {rank['value']:.1f} of 16 dimensions, 12 collapsed"  # three attributes, and a constant
    assert (rank["passed"], rank["note"]) == (True, note)
    assert answer["gates"]["no_slice_worse"]["note"] == "no other live model to compare with"


def test_the_bundle_is_measured_anew_and_its_own_figures_are_not_believed(tenant: Tenant) -> None:
    bundle = bundle_of(tenant, knowing_twin(WORLD, NEW, looks_at=("noise_0", "noise_1", "noise_2")))
    assert json.loads(bundle["manifest.json"])["metrics"] == {"f1": 1.0}
    gates.freeze(tenant, WORLD, NEW)
    answer = gates.judge_files(tenant, bundle)
    assert answer["decision"] == "rejected"
    assert {"accuracy", "better_than_content_knn"} <= failed(answer)
    assert all("look at" in reason for reason in answer["reasons"])


def test_a_live_model_that_answers_unlike_the_tested_one_is_rejected(tenant: Tenant) -> None:
    other = knowing_twin(WORLD, NEW, looks_at=("noise_0", "noise_1", "noise_2"))
    answer = judged(tenant, other, tested=knowing_twin(WORLD, NEW))
    assert (answer["decision"], failed(answer)) == ("rejected", {"live_like_tested"})
    assert answer["gates"]["live_like_tested"]["value"] < 0.3
    assert "learnt again" in answer["gates"]["live_like_tested"]["note"]


def test_a_bundle_without_the_model_that_was_tested_cannot_be_judged(tenant: Tenant) -> None:
    files = bundle_of(tenant, knowing_twin(WORLD, NEW))
    gates.freeze(tenant, WORLD, NEW)
    answer = gates.judge_files(tenant, {name: data for name, data in files.items() if not name.startswith(TESTED)})
    assert failed(answer) == {"bundle"}
    assert "tested-manifest.json is missing" in answer["reasons"][0]


def test_a_loss_that_rose_is_rejected_whatever_the_model_can_do(tenant: Tenant) -> None:
    answer = judged(tenant, knowing_twin(WORLD, NEW), losses=(1.0, 1.5))
    assert (answer["decision"], failed(answer)) == ("rejected", {"loss_decreased"})


def test_a_history_that_the_manifest_does_not_vouch_for_counts_as_missing(tenant: Tenant) -> None:
    gates.freeze(tenant, WORLD, NEW)
    files = bundle_of(tenant, knowing_twin(WORLD, NEW), losses=(1.0, 2.0))
    files["training_history.json"] = json.dumps({"epochs": [{"train_loss": 2.0}, {"train_loss": 1.0}]}).encode()
    answer = gates.judge_files(tenant, files)
    assert (answer["decision"], failed(answer)) == ("rejected", {"loss_decreased"})
    assert answer["gates"]["loss_decreased"]["value"] is None


@pytest.mark.parametrize("harm", ["portfolio_twin.safetensors", "manifest.json", "property_ids.json"])
@pytest.mark.parametrize("how", ["missing", "changed"])
def test_a_bundle_that_fails_a_check_is_rejected_with_the_check_not_an_error(
    tenant: Tenant, harm: str, how: str
) -> None:
    gates.freeze(tenant, WORLD, NEW)
    files = bundle_of(tenant, knowing_twin(WORLD, NEW))
    data = files.pop(harm)
    if how == "changed":
        files[harm] = data[:-1] + b"!"
    answer = gates.judge_files(tenant, files)
    assert (answer["decision"], failed(answer), answer["kind"]) == ("rejected", {"bundle"}, None)
    assert harm in answer["reasons"][0] or how == "changed"


def test_a_bundle_with_nan_weights_is_rejected(tenant: Tenant) -> None:
    nowhere = np.full(16, np.nan, dtype=np.float32)
    answer = judged(tenant, replace(knowing_twin(WORLD, NEW), market_taste=nowhere))
    assert answer["decision"] == "rejected"
    assert "NaN" in answer["reasons"][0]


def test_weights_that_overflow_on_the_catalogue_are_rejected_as_not_finite(tenant: Tenant) -> None:
    twin = knowing_twin(WORLD, NEW)
    first = WORLD.catalogue.columns["attributes.light"]
    harmless = int(np.argmin(np.abs(first)))  # the golden property, whose vector still comes out
    ((weight, bias),) = twin.encoder.layers
    huge = weight.copy()
    huge[list(twin.schema.groups["attributes.light"]), 0] = 3e38
    broken = replace(twin, encoder=PropertyEncoder([(huge, bias)]))
    with np.errstate(all="ignore"):
        files = bundle_of(tenant, broken, Dataset(WORLD.catalogue.take(np.array([harmless])), WORLD.log))
        gates.freeze(tenant, WORLD, NEW)
        answer = gates.judge_files(tenant, files)
    assert answer["decision"] == "rejected"
    assert failed(answer) == {"finite"}


def test_a_model_clearly_worse_than_the_live_one_is_rejected_and_an_equal_one_is_not(tenant: Tenant) -> None:
    gates.make_live(tenant, knowing_twin(WORLD, OLD), WORLD)
    equal = judged(tenant, knowing_twin(WORLD, NEW))
    assert equal["decision"] == "passed"
    assert equal["gates"]["not_worse_than_live"]["value"] == 0
    worse = judged(tenant, knowing_twin(WORLD, NEW, looks_at=("light", "quiet", "noise_0")))
    assert "not_worse_than_live" in failed(worse)
    assert tenant.bucket.models.live().version == OLD  # type: ignore[union-attr]  # it was made live above


def with_condos(world: Dataset) -> Dataset:
    """One property in four is a condo, which decides nothing."""
    types = np.array(["Single Family", "Single Family", "Single Family", "Condo"] * 75, dtype=object)
    columns = {**world.catalogue.columns, "property_type": types}
    return Dataset(Catalogue(world.catalogue.ids, columns), world.log)


def test_a_model_that_no_longer_finds_condos_is_rejected_by_name_of_the_slice(tenant: Tenant) -> None:
    world = with_condos(WORLD)
    live = knowing_twin(world, OLD)
    gates.make_live(tenant, live, world)
    ((weight, bias),) = live.encoder.layers
    apart = weight.copy()
    apart[live.schema.groups["property_type"][live.schema.categorical[0].categories.index("Condo")], 5] = 9.0
    gates.freeze(tenant, world, NEW)
    encoder = PropertyEncoder([(apart, bias)])
    new = replace(live, version=NEW, encoder=encoder, property_vectors=encoder(live.schema.vectorise(world.catalogue)))
    gate = gates.judge_files(tenant, bundle_of(tenant, new, world))["gates"]["no_slice_worse"]
    assert not gate["passed"]
    assert gate["value"] < gate["limit"] == -0.05
    assert "look at type of the target: Condo" in gate["note"]
    same = gates.judge_files(tenant, bundle_of(tenant, replace(live, version=NEW), world))
    assert same["gates"]["no_slice_worse"]["passed"]


def test_the_live_model_is_not_asked_what_it_was_trained_on(tenant: Tenant) -> None:
    early = InteractionLog(*(column[WORLD.log.users <= 100] for column in vars(WORLD.log).values()))
    held_out_less = Dataset(WORLD.catalogue, WORLD.log.take(np.arange(len(WORLD.log))))
    files = pack_snapshot(held_out_less, draw_holdout(Dataset(WORLD.catalogue, early), seed=0))
    tenant.bucket.snapshots.store(files, {"snapshot_id": OLD, "files": digests(files)})
    tenant.bucket.models.publish(OLD, bundle_of(tenant, knowing_twin(WORLD, OLD)))
    tenant.bucket.models.promote(OLD, "test", None)
    answer = judged(tenant, knowing_twin(WORLD, NEW))
    assert "on 100 investors" in answer["gates"]["not_worse_than_live"]["note"]  # 20 were trained on in full


def test_a_live_model_that_cannot_be_loaded_keeps_no_new_one_out(tenant: Tenant) -> None:
    gates.make_live(tenant, knowing_twin(WORLD, OLD), WORLD)
    tenant.bucket.objects.write(f"{tenant.tenant_id}/models/{OLD}/property_ids.json", b"[]")
    answer = judged(tenant, knowing_twin(WORLD, NEW))
    assert answer["decision"] == "passed"
    for gate in ("not_worse_than_live", "no_slice_worse"):
        assert answer["gates"][gate]["note"].startswith("undecided")


def test_a_tenant_with_no_investor_to_test_on_gets_no_twin(tenant: Tenant) -> None:
    gates.freeze(tenant, LONELY, NEW)
    answer = gates.judge_files(tenant, bundle_of(tenant, knowing_twin(WORLD, NEW)))
    assert {"f1", "accuracy", "better_than_popularity", "better_than_content_knn"} <= failed(answer)


def test_a_content_model_is_judged_by_its_vectors_alone(tenant: Tenant) -> None:
    gates.freeze(tenant, LONELY, NEW)
    content = replace(knowing_twin(WORLD, NEW, looks_at=("light", "quiet", "view", "noise_0")), kind="content")
    answer = gates.judge_files(tenant, bundle_of(tenant, content, LONELY))
    assert answer["decision"] == "passed"
    names = {"finite", "lookalike_sanity", "unit_norm", "embedding_rank", "no_slice_worse"}
    assert answer["gates"].keys() == names


def test_a_content_model_whose_vectors_lie_on_a_line_is_rejected(tenant: Tenant) -> None:
    flat = replace(knowing_twin(WORLD, NEW, looks_at=("light",)), kind="content")
    assert "embedding_rank" in failed(judged(tenant, flat))


def test_another_tenants_bundle_is_rejected(tenant: Tenant) -> None:
    gates.freeze(tenant, WORLD, NEW)
    other = UUID("bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb")
    answer = gates.judge_files(tenant, as_bundle(knowing_twin(WORLD, NEW), WORLD, other, NEW))
    assert (answer["decision"], failed(answer)) == ("rejected", {"bundle"})
    assert "another tenant" in answer["reasons"][0]


def test_a_bundle_of_other_dimensions_than_the_indexs_is_rejected(tenant: Tenant) -> None:
    answer = judged(tenant, narrow_twin(WORLD.catalogue, NEW))
    assert (answer["decision"], failed(answer)) == ("rejected", {"bundle"})
    assert "embedding_dim is 8: what goes live must have 16" in answer["reasons"][0]


def test_a_snapshot_that_was_changed_after_it_was_frozen_is_not_judged_on(tenant: Tenant) -> None:
    gates.freeze(tenant, WORLD, NEW)
    gates.put(tenant, bundle_of(tenant, knowing_twin(WORLD, NEW)))
    tenant.bucket.objects.write(f"{tenant.tenant_id}/snapshots/{NEW}/interactions.csv.gz", gzip.compress(b"user_id\n"))
    with pytest.raises(UnreadableInput, match="changed after it was frozen"):
        gates.judge(tenant)


def test_a_first_model_that_is_rejected_leaves_the_way_to_the_content_model_open_once(tenant: Tenant) -> None:
    gates.freeze(tenant, WORLD, NEW)
    first = gates.judge(tenant)  # there is no bundle at all
    assert (first["decision"], first["instead"]) == ("rejected", "content")
    second = gates.judge(tenant, model_kind="content")
    assert (second["decision"], second["instead"]) == ("rejected", None)
    kept = json.loads(tenant.bucket.objects.read(f"{tenant.tenant_id}/training/{NEW}/gates.json"))
    assert kept["instead_of"] == first["reasons"]


@pytest.mark.parametrize("asked", ["a live model", "an upload"])
def test_nothing_is_made_instead_where_a_model_is_live_or_one_was_put(tenant: Tenant, asked: str) -> None:
    if asked == "a live model":
        gates.make_live(tenant, knowing_twin(WORLD, OLD), WORLD)
    gates.freeze(tenant, WORLD, NEW)
    answer = gates.judge(tenant, entry="upload" if asked == "an upload" else "retrain")
    assert (answer["decision"], answer["instead"]) == ("rejected", None)
