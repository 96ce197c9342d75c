"""The arrays that the code speaks of, each named once; the shape stands beside the variable."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]  # vectors, features, scores: what the model computes with
Floats = npt.NDArray[np.floating[Any]]  # figures of either precision
Numbers = npt.NDArray[np.int64]  # row numbers, ids of investors, seconds
Mask = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]  # str, or None for missing

DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Columns:
    """The base of a table: each field is an array of the same length."""

    def __len__(self) -> int:
        return len(next(iter(vars(self).values())))

    def take(self, rows: Numbers | Mask) -> Self:
        """The chosen rows, in their order."""
        return replace(self, **{name: column[rows] for name, column in vars(self).items()})

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """One below the other; at least one."""
        return replace(
            parts[0], **{name: np.concatenate([vars(part)[name] for part in parts]) for name in vars(parts[0])}
        )


def times_as_text(times: Numbers) -> list[str]:
    """Seconds since 1970 (k,) as 2026-01-31T12:00:00Z."""
    return [str(text) for text in np.datetime_as_string(times.astype("datetime64[s]"), timezone="UTC")]


def times_from_text(texts: Iterable[str]) -> Numbers:
    """(k,) the reverse."""
    return np.array([text.removesuffix("Z") for text in texts], dtype="datetime64[s]").astype(np.int64)
