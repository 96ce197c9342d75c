"""All models by name, each fitted to the same data."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from portfolio_twin.adapters.s3.snapshots import Snapshot
from portfolio_twin.domain.arrays import Floats
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.evaluation.scoring import Answer
from portfolio_twin.model.twin import Twin
from tests.benchmarks.quality import product
from tests.benchmarks.quality.rivals.settings import RIVALS
from tests.benchmarks.quality.rivals.training_matrix import Known, Setting

PRODUCT = ("baseline", "tower", "twin")
DISCOVER = "twin_discover"  # the twin without popularity, activity and co-occurrence: for what is new
NAMES = (*RIVALS, *PRODUCT)

Say = Callable[[str], None]
Chosen = Mapping[str, Setting]


@dataclass(frozen=True)
class Model:
    answer: Answer
    seconds: float  # from the data to a model that can be asked; choosing its settings apart
    affinities: Callable[[Queries], Floats] | None = None  # of the product's models: it answers with probabilities too
    twin: Twin | None = None  # what it is, if it is one


def available(names: Iterable[str], properties: int, say: Say) -> list[str]:
    """Those that can run here; what is left out is said."""
    kept = []
    for name in names:
        rival = RIVALS.get(name)
        if rival and rival.missing:
            say(f"LEFT OUT: {name}, for the package {rival.package} is not installed (dependency group peers)")
        elif rival and rival.properties_limit and properties > rival.properties_limit:
            say(f"LEFT OUT: {name}, which takes at most {rival.properties_limit} properties")
        else:
            kept.append(name)
    return kept


def seeded(name: str) -> bool:
    """Whether another seed gives another model."""
    return name not in RIVALS or RIVALS[name].seeded


def prefixed(say: Say, before: str) -> Say:
    return lambda text: say(before + text)


def fit_all(
    names: Sequence[str], snapshot: Snapshot, known: Known, *, chosen: Chosen, seed: int, say: Say
) -> dict[str, Model]:
    """Rivals learn from `known`; the product's models from the snapshot, by the product's own job."""
    fitted: dict[str, Model] = {}
    for name in names:
        if name in RIVALS:
            say(f"fitting {name}")
            started = time.perf_counter()
            answer = RIVALS[name].fit(known, chosen.get(name, {}), seed)
            fitted[name] = Model(answer, time.perf_counter() - started)
    ours = [name for name in names if name not in RIVALS]
    return fitted | _fit_product(ours, snapshot, known.facts, seed=seed, say=say)


def _fit_product(names: Sequence[str], snapshot: Snapshot, facts: Dataset, *, seed: int, say: Say) -> dict[str, Model]:
    """The first step alone, both, and both without what others do, come out of one training."""
    trained: dict[str, product.Trained] = {}
    fitted: dict[str, Model] = {}
    for name in names:
        if name == "baseline":
            plain = product.train_plain(snapshot, seed, prefixed(say, "baseline: "))
            fitted[name] = Model(plain.model.answer, plain.seconds, plain.model.affinities)
            continue
        key = _trained_as(name, names)
        if key not in trained:
            trained[key] = product.train(snapshot, product.config_of(key, seed), prefixed(say, f"{key}: "))
        ours = trained[key]
        if name == "tower":
            probabilities = product.affinities(ours.twin, facts, layered=False)
            fitted[name] = Model(product.first_step(ours.twin, facts), ours.first_step_seconds, probabilities)
        else:
            answer = product.whole(ours.twin, facts, discover=name == DISCOVER)
            fitted[name] = Model(answer, ours.seconds, product.affinities(ours.twin, facts), ours.twin)
    return fitted


def _trained_as(name: str, names: Sequence[str]) -> str:
    if name == "tower" and "twin" not in names:
        return "twin:ranking=false"
    return "twin" if name in ("tower", DISCOVER) else name
