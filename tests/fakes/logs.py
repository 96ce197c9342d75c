"""Interactions written as a test reads them: who did what with which property, and when."""

import numpy as np

from portfolio_twin.domain.interactions import KIND_CODE, InteractionLog

Row = tuple[int, int | str, str, float]  # user, property (3 is short for "p3"), kind, time


def log_of(*events: Row, unit: int = 1) -> InteractionLog:
    """In the order in which they are given; times are counted in so many seconds."""
    users, properties, kinds, times = zip(*events, strict=True) if events else ((), (), (), ())
    return InteractionLog(
        np.array(users, dtype=np.int64),
        np.array([f"p{p}" if isinstance(p, int) else p for p in properties], dtype=object),
        np.array([KIND_CODE[kind] for kind in kinds], dtype=np.int8),
        (np.array(times) * unit).astype(np.int64),
    )
