"""How many interactions there were with some properties, by window: what the ranking layer reads of today."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import text

from portfolio_twin.adapters.postgres.database import TenantSession
from portfolio_twin.domain.arrays import Floats

COUNTS = text("""
select i.property_id, w.place, count(*)
from interactions i
join unnest(cast(:starts as bigint[])) with ordinality as w (start, place)
  on i.occurred_at >= to_timestamp(w.start)
where i.kind in ('view', 'outreach', 'deal', 'like') and i.property_id = any(:ids)
  and not (i.kind = 'like' and exists (
    select from interactions c
    where (c.user_id, c.property_id, c.kind) = (i.user_id, i.property_id, 'clear') and c.occurred_at >= i.occurred_at
  ))
group by i.property_id, w.place
""")


def activity_counts(session: TenantSession, property_ids: Sequence[str], starts: Sequence[int]) -> Floats:
    """(n, windows) since each start, in seconds; dislikes are no activity, nor are likes that were taken back."""
    counts = np.zeros((len(property_ids), len(starts)))
    row = {property_id: i for i, property_id in enumerate(property_ids)}
    found: Any = session.execute(COUNTS, {"starts": list(starts), "ids": list(property_ids)})
    for property_id, place, count in found:
        counts[row[property_id], place - 1] = count
    return counts
