"""What must hold under load, whatever the speed: each check gives the sentences of what does not."""

from collections.abc import Mapping, Sequence

from sqlalchemy import text

from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.model.twin import Twin
from tests.benchmarks.load.clients import Answered

ROUNDING = 1e-4  # of a cosine in single precision
KEYS = text("select idempotency_key, count(*) as times from interactions where idempotency_key is not null group by 1")
MOST_GROWTH_MB = 40
MOST_DESCRIPTORS = 8
NEEDS_INDEX = ("recommend", "search")  # they answer 503 while Qdrant stalls; nothing else does


def statuses(answers: Sequence[Answered], stalled: tuple[float, float]) -> list[str]:
    """No failure but a 503 of what needs the index, sent while it stalled."""
    begin, end = stalled
    return [
        f"{each.route} answered {each.status} after {each.ms:.0f} ms"
        for each in answers
        if each.status >= 400
        and not (each.status == 503 and each.route in NEEDS_INDEX and begin - each.ms / 1000 <= each.at <= end)
    ]


def stored_once(tenant: Tenant, answers: Sequence[Answered]) -> list[str]:
    """Every feedback that got a 201 is one row."""
    with tenant.session() as session:
        rows = {str(row.idempotency_key): int(row.times) for row in session.execute(KEYS).all()}
    acknowledged = [each.key for each in answers if each.status == 201]
    return [
        f"the feedback {key} is there {rows.get(str(key), 0)} times" for key in acknowledged if rows.get(str(key)) != 1
    ]


def unmixed(twins: Mapping[str, Twin], embedding: Sequence[float], answers: Sequence[Answered]) -> list[str]:
    """The similarities of a search are those of the vectors of the very version that the answer names."""
    tables = {
        version: dict(zip(twin.property_ids.tolist(), (twin.property_vectors @ list(embedding)).tolist(), strict=True))
        for version, twin in twins.items()
    }
    return [
        f"{each.version} told {score} for {name}, whose cosine is {tables[str(each.version)][name]}"
        for each in answers
        for name, score in each.hits
        if abs(tables[str(each.version)][name] - score) > ROUNDING
    ]


def flat(before: Mapping[str, float], after: Mapping[str, float]) -> list[str]:
    """Memory and descriptors after thousands of requests more."""
    grown = {name: after[name] - before[name] for name in before}
    faults = [f"memory grew by {grown['rss_mb']:.0f} MB"] if grown["rss_mb"] > MOST_GROWTH_MB else []
    more = f"{grown['descriptors']:.0f} more descriptors"
    return faults + ([more] if grown["descriptors"] > MOST_DESCRIPTORS else [])
