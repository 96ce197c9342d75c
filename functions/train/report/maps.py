"""The two maps of the report: the market as one investor wants it, and the embedding space."""

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from functions.train.report.plots import CYCLE, RED, figure
from portfolio_twin.adapters.s3.snapshots import Snapshot
from portfolio_twin.domain.arrays import Texts
from portfolio_twin.domain.interactions import KIND_WEIGHTS
from portfolio_twin.domain.split import TEST
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.evaluation.scoring import investors
from portfolio_twin.model.browse.atlas import Places
from portfolio_twin.model.scoring.confidence import sigmoid
from portfolio_twin.model.twin import Twin

POINTS_SHOWN = 2_000
SHOWN_QUANTILES = (0.005, 0.995)  # a property in another county must not shrink the rest to a dot


def affinity_map(snapshot: Snapshot, twin: Twin) -> bytes | None:
    """The catalogue on the map, by the affinity of the test investor with the longest history, as of the test.

    None where nobody is tested, or fewer than two properties have a location.
    """
    catalogue = snapshot.catalogue
    queries = Queries.of(snapshot.dataset, snapshot.holdout, TEST)
    nowhere = np.full(len(catalogue), np.nan)
    lon, lat = (np.asarray(catalogue.columns.get(name, nowhere), dtype=np.float64) for name in ("lon", "lat"))
    located = np.isfinite(lon) & np.isfinite(lat)
    if not len(queries.users) or located.sum() < 2:
        return None
    asked = queries.take(np.arange(len(queries.users)) == queries.histories.lengths.argmax())
    past, next_ = asked.histories, asked.targets
    (user,) = investors(twin, twin.property_vectors, asked)
    affinity = sigmoid(twin.log_odds(twin.taste(user, left_out=past.properties), twin.property_vectors))
    wanted = past.properties[past.weights >= KIND_WEIGHTS["deal"]]

    def draw(axes: list[Axes]) -> None:
        ax, order = axes[0], np.flatnonzero(located)[np.argsort(affinity[located], kind="stable")]
        seen = ax.scatter(lon[order], lat[order], c=affinity[order], s=14, cmap="viridis", vmin=0, vmax=1, linewidths=0)
        ax.scatter(lon[wanted], lat[wanted], marker="*", s=150, color=RED, edgecolors="white", label="deals and likes")
        ax.scatter(lon[next_], lat[next_], s=130, facecolors="none", edgecolors=RED, linewidths=2, label="chosen next")
        own = np.append(wanted, next_)
        ax.set(xlim=_limits(lon[located], lon[own]), ylim=_limits(lat[located], lat[own]))
        ax.set_aspect(1 / np.cos(np.radians(lat[located].mean())))  # a kilometre is as long north as east
        ax.set(title="What one investor would want, and where", xlabel="longitude", ylabel="latitude")
        ax.figure.colorbar(seen, ax=ax, label="affinity", shrink=0.8)
        ax.legend(loc="upper left", bbox_to_anchor=(0, -0.08), ncols=2)

    return figure(draw, width=8.4, height=6.0)


def _limits(degrees: npt.NDArray[np.float64], own: npt.NDArray[np.float64]) -> tuple[float, float]:
    """What to show of all degrees (n,): nearly everything, and all of the investor's own."""
    low, high = np.quantile(degrees, SHOWN_QUANTILES)
    low, high = np.nanmin([low, *own]), np.nanmax([high, *own])
    margin = 0.04 * max(high - low, 1e-3)
    return low - margin, high + margin


def embedding_map(places: Places, groups: Texts, what: str) -> bytes:
    """The atlas (n, 2), coloured by group (n,); of many properties the first in an order that has no meaning."""
    rows = np.random.default_rng(0).permutation(len(places))[:POINTS_SHOWN]
    points, shown = places[rows].astype(np.float64), groups[rows]

    def draw(axes: list[Axes]) -> None:
        for group, colour in zip(dict.fromkeys(sorted(shown.tolist())), CYCLE * 4, strict=False):
            mine = shown == group
            axes[0].scatter(points[mine, 0], points[mine, 1], s=12, color=colour, alpha=0.75, linewidths=0, label=group)
        axes[0].set(title=f"Embedding space (t-SNE), by {what}", xticks=[], yticks=[])
        axes[0].grid(visible=False)
        axes[0].legend(loc="center left", bbox_to_anchor=(1.0, 0.5), markerscale=1.6)

    return figure(draw, width=8.4, height=5.2)
