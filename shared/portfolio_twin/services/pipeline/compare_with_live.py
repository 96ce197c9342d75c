"""A new model against the one that serves, both as they were tested: on investors whose target neither had learnt."""

from typing import NamedTuple

import numpy as np

from portfolio_twin.adapters.s3.snapshots import Snapshot
from portfolio_twin.domain.arrays import Floats, Mask, Numbers
from portfolio_twin.domain.split import TEST, Holdout, training_log
from portfolio_twin.errors import BundleRejected, ModelNotFound, NotFound, UnreadableInput
from portfolio_twin.evaluation.gating import comparison_gates as rivals
from portfolio_twin.evaluation.gating.gates import Gate
from portfolio_twin.evaluation.results import Evaluation
from portfolio_twin.evaluation.slices import slice_name
from portfolio_twin.model.bundle.files import unpack_tested
from portfolio_twin.model.twin import Twin
from portfolio_twin.services.pipeline.run import Run

LIVE = "live"
GATES = ("not_worse_than_live", "no_slice_worse")
NAME = "the live model"


class Rival(NamedTuple):
    """The live model; no twin when it cannot be loaded, no snapshot when its data is gone."""

    twin: Twin | None
    learnt: Snapshot | None


def live_rival(run: Run) -> Rival | None:
    """None for a tenant without a live model, or when this version itself is live already (a run that is repeated)."""
    bucket = run.tenant.bucket
    live = bucket.models.live()
    if live is None or live.version == run.version:
        return None
    try:
        files = bucket.models.fetch(live.version, tested=True)
        twin = unpack_tested(files, run.tenant.tenant_id, live.version)
    except (BundleRejected, ModelNotFound):
        return Rival(None, None)
    try:
        return Rival(twin, bucket.snapshots.load_that_of(bucket.models.manifest(live.version)))
    except (NotFound, BundleRejected, UnreadableInput):
        return Rival(twin, None)


def against_live(evaluation: Evaluation, snapshot: Snapshot, rival: Rival | None) -> dict[str, Gate]:
    """The gates, for the table: everybody together where something is live, and slice by slice."""
    if rival is None:
        return {"no_slice_worse": rivals.no_live_model()}
    if rival.twin is None:
        return dict.fromkeys(GATES, rivals.not_comparable("the live model cannot be loaded"))
    fair = evaluation.users
    if rival.twin.kind == "twin" and rival.learnt is not None:
        fair = evaluation.users[unseen(evaluation.users, snapshot.holdout, rival.learnt)]
    if not len(fair):
        return dict.fromkeys(GATES, rivals.not_comparable("the live model was trained on every test target"))
    slices = {
        slice_name(group, name): _both(part, fair)
        for group, parts in evaluation.slices.items()
        for name, part in parts.items()
    }
    overall = rivals.not_worse(*_both(evaluation, fair), NAME, rivals.WORSE_THAN_LIVE)
    return dict(zip(GATES, (overall, rivals.no_slice_worse(slices)), strict=True))


def _both(evaluation: Evaluation, fair: Numbers) -> tuple[Floats, Floats]:
    """NDCG@10 of the new and of the live model for each investor who is fair to ask about. Each (u,)"""
    asked = np.isin(evaluation.users, fair)
    return evaluation.ndcg("twin")[asked], evaluation.ndcg(LIVE)[asked]


def unseen(users: Numbers, holdout: Holdout, learnt: Snapshot) -> Mask:
    """(u,) whether the other model was not trained on this investor's test target."""
    trained_on = training_log(learnt.log, learnt.holdout.of(TEST))
    seen = set(zip(trained_on.users.tolist(), trained_on.properties.tolist(), strict=True))
    targets = holdout.targets(TEST)
    pairs = zip(targets.users.tolist(), targets.properties, strict=True)
    return np.isin(users, [user for user, target in pairs if (user, target) in seen], invert=True)
