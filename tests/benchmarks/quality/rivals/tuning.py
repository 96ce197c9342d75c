"""The settings of a rival, chosen on validation: one option at a time, twice round."""

from collections.abc import Callable, Mapping

from portfolio_twin.domain.arrays import Mask
from portfolio_twin.evaluation.queries import Queries
from tests.benchmarks.quality.ranks import per_user, place
from tests.benchmarks.quality.rivals.settings import Rival
from tests.benchmarks.quality.rivals.training_matrix import Known, Setting

ROUNDS = 2


def choose(
    rival: Rival, known: Known, validation: Queries, candidates: Mask | None = None, *, say: Callable[[str], None]
) -> Setting:
    """The setting with the best NDCG@10 on validation, by coordinate search from the first option of each."""
    tried: dict[tuple[float, ...], float] = {}

    def worth(setting: Mapping[str, float]) -> float:
        key = tuple(setting.values())
        if key not in tried:
            ranks = place(rival.fit(known, setting, 0), validation, len(known.catalogue), candidates)
            tried[key] = float(per_user(ranks)["ndcg_at_10"].mean())
            say(f"{dict(setting)}: {tried[key]:.4f} on validation")
        return tried[key]

    best = {name: options[0] for name, options in rival.options.items()}
    if len(validation.users) == 0:
        return best
    for _ in range(ROUNDS if len(best) > 1 else 1):
        for name, options in rival.options.items():
            best = max(({**best, name: option} for option in options), key=worth)
    return best
