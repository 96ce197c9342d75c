"""Two columns counted in the same bins: those of the first, the reference."""

import numpy as np
import numpy.typing as npt

from portfolio_twin.domain.properties import Column

BINS = 10
BIN_SUPPORT = 5  # observations that a bin needs before its share says something

Counts = npt.NDArray[np.float64]


def histograms(reference: Column, current: Column) -> tuple[Counts, Counts]:
    """Counts (b,) in the bins of the reference (n,), current (m,); what is missing is a bin of its own."""
    bins = max(2, min(BINS, min(len(reference), len(current)) // (2 * BIN_SUPPORT)))
    if reference.dtype == object or current.dtype == object:
        before, after = _categories(reference, current, bins)
    else:
        before, after = _quantiles(reference, current, bins)
    missing = [float(np.sum(column != column) + np.sum(column == None)) for column in (reference, current)]  # noqa: E711  # elementwise
    return without_empty(np.r_[before, missing[0]], np.r_[after, missing[1]])


def _quantiles(reference: Column, current: Column, bins: int) -> tuple[Counts, Counts]:
    finite = reference[np.isfinite(reference)]
    values = np.unique(finite)
    if len(values) < 2:
        edges = values
    elif len(values) <= bins:
        edges = values[:-1]
    else:  # never the highest value itself, or all would fall below the edge
        edges = np.unique(np.minimum(np.quantile(finite, np.arange(1, bins) / bins), values[-2]))
    before, after = (
        np.bincount(np.searchsorted(edges, column[np.isfinite(column)]), minlength=len(edges) + 1).astype(float)
        for column in (reference, current)
    )
    return before, after


def _categories(reference: Column, current: Column, bins: int) -> tuple[Counts, Counts]:
    before, after = (
        np.array([str(value) for value in column if value is not None and value == value])
        for column in (reference, current)
    )
    names, counts = np.unique(before, return_counts=True)
    kept = names[np.argsort(-counts, kind="stable")[: bins - 1]]
    tables = [np.array([*((text == name).sum() for name in kept), 0.0]) for text in (before, after)]
    for table, text in zip(tables, (before, after), strict=True):
        table[-1] = len(text) - table.sum()
    return tables[0], tables[1]


def without_empty(before: Counts, after: Counts) -> tuple[Counts, Counts]:
    """Both (b,) without the bins that are empty in both."""
    filled = (before > 0) | (after > 0)
    return before[filled], after[filled]
