"""From property ids to row numbers of a catalogue."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

UNKNOWN = -1


def property_numbers(ids: Iterable[str], wanted: Iterable[str]) -> npt.NDArray[np.int64]:
    """(m,) the place of each wanted id in `ids`, UNKNOWN where it is not there."""
    place = {property_id: number for number, property_id in enumerate(ids)}
    return np.fromiter((place.get(property_id, UNKNOWN) for property_id in wanted), dtype=np.int64)
