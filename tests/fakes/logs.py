"""Interactions written as a test reads them: who did what with which property, and when."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from portfolio_twin.domain.arrays import DAY_SECONDS
from portfolio_twin.domain.interactions import KIND_CODE, InteractionLog
from portfolio_twin.domain.split import TEST, Holdout

Row = tuple[int, int | str, str, float]  # user, property (3 is short for "p3"), kind, time


def log_of(*events: Row, unit: int = 1) -> InteractionLog:
    """In the order in which they are given; times are counted in so many seconds."""
    users, properties, kinds, times = zip(*events, strict=True) if events else ((), (), (), ())
    return InteractionLog(
        np.array(users, dtype=np.int64),
        ids_of(properties),
        np.array([KIND_CODE[kind] for kind in kinds], dtype=np.int8),
        (np.array(times) * unit).astype(np.int64),
    )


def random_deals(ids: npt.NDArray[np.object_], users: int, each: int, kind: str = "deal") -> InteractionLog:
    """Every user, from 0, closes so many deals with properties drawn by chance, one a day."""
    rng = np.random.default_rng(0)
    drawn = [ids[rng.permutation(len(ids))[:each]] for _ in range(users)]
    return log_of(
        *((user, name, kind, day) for user, names in enumerate(drawn) for day, name in enumerate(names)),
        unit=DAY_SECONDS,
    )


def holdout_of(*pairs: tuple[int, int | str, int, int]) -> Holdout:
    """(user, property, time, label), all of the test split."""
    users, properties, times, labels = zip(*pairs, strict=True)
    return Holdout(
        users=np.array(users, dtype=np.int64),
        properties=ids_of(properties),
        times=np.array(times, dtype=np.int64),
        splits=np.full(len(users), TEST, dtype=np.int8),
        labels=np.array(labels, dtype=np.int8),
    )


def ids_of(properties: Iterable[int | str]) -> npt.NDArray[np.object_]:
    return np.array([f"p{p}" if isinstance(p, int) else p for p in properties], dtype=object)
