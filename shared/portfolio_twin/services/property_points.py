"""Properties as the index keeps them: vector, fields, and how much goes on around each of late."""

from collections.abc import Sequence

from portfolio_twin.adapters.postgres.activity_counts import activity_counts
from portfolio_twin.adapters.postgres.database import TenantSession
from portfolio_twin.adapters.qdrant.points import catalogue_of
from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.domain.arrays import Matrix
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.model.activity import window_starts
from portfolio_twin.model.twin import Twin


def index_properties(tenant: Tenant, twin: Twin, session: TenantSession, catalogue: Catalogue) -> None:
    """As of now; what is there already is replaced."""
    ids = catalogue.ids.tolist()
    X = twin.schema.vectorise(catalogue)
    rows = [catalogue.row(i) for i in range(len(catalogue))]
    activity = activity_of(twin, session, catalogue, X)
    tenant.index(twin.version).upsert_properties(ids, twin.encoder(X), rows, activity)


def refresh_activity(tenant: Tenant, twin: Twin, session: TenantSession, property_ids: Sequence[str]) -> None:
    """What goes on around these properties by now; raises Unavailable."""
    if twin.ranking is None:
        return
    index = tenant.index(twin.version)
    catalogue = catalogue_of(list(index.get_properties(property_ids).values()))
    activity = activity_of(twin, session, catalogue, twin.schema.vectorise(catalogue))
    if activity is not None:
        index.set_activity(catalogue.ids.tolist(), activity)


def activity_of(twin: Twin, session: TenantSession, catalogue: Catalogue, X: Matrix) -> Matrix | None:
    """(n, windows) of properties X (n, w) as of now; None without a ranking layer, and no query then."""
    if twin.ranking is None or len(catalogue) == 0:
        return None
    counts = activity_counts(session, catalogue.ids.tolist(), window_starts(twin.learnt_until))
    return twin.activity(catalogue, X, counts)
