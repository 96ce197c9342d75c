"""The pictures of the report. Each takes numbers and gives a PNG."""

import io
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from functions.train.progress import Epoch
from portfolio_twin.domain import metrics
from portfolio_twin.model.encoder import Matrix

INK, QUIET, GRID = "#1f2933", "#7b8794", "#e4e7eb"
BLUE, ORANGE, GREEN, RED = "#2563eb", "#ea7317", "#16a34a", "#dc2626"
CYCLE = (BLUE, ORANGE, GREEN, "#9333ea", "#0891b2", "#ca8a04", "#db2777", "#64748b")
DPI = 110
TSNE_POINTS = 1_000
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans", "font.size": 10, "text.color": INK,
    "axes.edgecolor": QUIET, "axes.labelcolor": INK, "axes.titlesize": 11, "axes.titleweight": "bold",
    "axes.titlelocation": "left", "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True,
    "axes.axisbelow": True, "grid.color": GRID, "xtick.color": QUIET, "ytick.color": QUIET,
    "legend.frameon": False, "legend.fontsize": 9, "lines.linewidth": 2,
}  # fmt: skip

Labels = npt.NDArray[Any]


def training_curves(history: list[Epoch], best_epoch: int) -> bytes:
    """Loss, ranking and AUC after each epoch; the epoch that was kept is marked."""
    epochs = [figures["epoch"] for figures in history]

    def draw(axes: list[Axes]) -> None:
        panels = (
            ("Loss", (("train_loss", "training", BLUE), ("val_loss", "validation", ORANGE))),
            ("Ranking on validation", (("val_hr_at_10", "HR@10", BLUE), ("val_ndcg_at_10", "NDCG@10", GREEN))),
            ("AUC on validation pairs", (("val_auc", "AUC", BLUE),)),
        )
        for ax, (title, lines) in zip(axes, panels, strict=True):
            for name, label, colour in lines:
                ax.plot(epochs, [figures[name] for figures in history], color=colour, label=label)
            ax.axvline(best_epoch, color=QUIET, linestyle=":", linewidth=1.2, label=f"kept: epoch {best_epoch}")
            ax.set(title=title, xlabel="epoch")
            ax.legend()

    return _figure(draw, columns=3)


def roc(labels: Labels, affinities: metrics.Floats) -> bytes:
    """True against false positive rate on the held-out pairs."""

    def draw(axes: list[Axes]) -> None:
        false_rates, true_rates = metrics.roc_curve(labels, affinities)
        area = metrics.auc(labels, affinities)
        axes[0].fill_between(false_rates, true_rates, alpha=0.12, color=BLUE, linewidth=0)
        axes[0].plot(false_rates, true_rates, color=BLUE, label=f"the twin, AUC {area:.3f}")
        axes[0].plot([0, 1], [0, 1], color=QUIET, linestyle="--", linewidth=1.2, label="a coin")
        axes[0].set(title="ROC", xlabel="false positive rate", ylabel="true positive rate", xlim=(0, 1), ylim=(0, 1.01))
        axes[0].legend(loc="lower right")

    return _figure(draw)


def confusion(labels: Labels, affinities: metrics.Floats) -> bytes:
    """What was said against what happened, at affinity 0.5."""

    def draw(axes: list[Axes]) -> None:
        ax, counts = axes[0], metrics.confusion(labels, affinities >= 0.5)
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        ax.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        for (row, column), share in np.ndenumerate(shares):
            text = f"{counts[row, column]:,}\n{share:.0%}"
            ax.text(column, row, text, ha="center", va="center", fontsize=13, color="white" if share > 0.5 else INK)
        ax.set(title="Confusion at affinity 0.5", xlabel="the twin said", ylabel="what happened")
        ax.set_xticks([0, 1], ["would not act", "would act"])
        ax.set_yticks([0, 1], ["drawn at\nrandom", "acted on"])
        ax.grid(visible=False)

    return _figure(draw)


def reliability(labels: Labels, affinities: metrics.Floats) -> bytes:
    """Claimed against true probability, and how often each was claimed."""

    def draw(axes: list[Axes]) -> None:
        ax = axes[0]
        claimed, happened, share = metrics.reliability(labels, affinities)
        ax.bar(claimed, share, width=0.07, color=GRID, label="share of the answers")
        ax.plot([0, 1], [0, 1], color=QUIET, linestyle="--", linewidth=1.2, label="as claimed")
        ax.plot(claimed, happened, color=BLUE, marker="o", label=f"the twin, ECE {metrics.ece(labels, affinities):.3f}")
        ax.set(title="Reliability", xlabel="affinity", ylabel="share that acted", xlim=(0, 1), ylim=(0, 1.01))
        ax.legend(loc="upper left")

    return _figure(draw)


def risk_coverage(labels: Labels, affinities: metrics.Floats, confidences: metrics.Floats) -> bytes:
    """Accuracy among the most confident answers: it has to fall from left to right for confidence to mean something."""

    def draw(axes: list[Axes]) -> None:
        correct = ((affinities >= 0.5) == (labels > 0))[np.argsort(-confidences, kind="stable")]
        first = max(len(correct) // 20, 1)  # of fewer answers than this an accuracy is noise
        counts = np.arange(1, len(correct) + 1)
        accuracy = np.cumsum(correct) / counts
        axes[0].plot(counts[first:] / len(correct), accuracy[first:], color=BLUE, label="most confident answers first")
        axes[0].axhline(correct.mean(), color=QUIET, linestyle="--", linewidth=1.2, label="all answers")
        axes[0].set(title="Risk–coverage", xlabel="share of the answers kept", ylabel="accuracy", xlim=(0, 1))
        axes[0].legend(loc="upper right")

    return _figure(draw)


def embedding_map(vectors: Matrix, groups: npt.NDArray[np.object_], what: str, seed: int) -> bytes:
    """t-SNE of at most 1 000 property vectors (n, d), coloured by group (n,). van der Maaten and Hinton (JMLR 2008)."""
    from sklearn.manifold import TSNE  # takes a second to import, and only this needs it
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

    rows = np.random.default_rng(seed).permutation(len(vectors))[:TSNE_POINTS]
    perplexity = min(30.0, (len(rows) - 1) / 3)
    with threadpool_limits(
        limits=1
    ):  # at this size threads that compete for a busy core cost many times what they save
        places = TSNE(perplexity=perplexity, init="pca", random_state=seed, max_iter=500).fit_transform(vectors[rows])

    def draw(axes: list[Axes]) -> None:
        shown = groups[rows]
        for group, colour in zip(dict.fromkeys(sorted(shown.tolist())), CYCLE * 4, strict=False):
            mine = shown == group
            axes[0].scatter(places[mine, 0], places[mine, 1], s=16, color=colour, alpha=0.75, linewidths=0, label=group)
        axes[0].set(title=f"Embedding space (t-SNE), by {what}", xticks=[], yticks=[])
        axes[0].grid(visible=False)
        axes[0].legend(loc="center left", bbox_to_anchor=(1.0, 0.5), markerscale=1.6)

    return _figure(draw, width=8.4, height=5.2)


def _figure(draw: Callable[[list[Axes]], None], columns: int = 1, width: float = 5.2, height: float = 4.0) -> bytes:
    """Without pyplot: no state outlives the picture."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(width if columns == 1 else 4.4 * columns, height), layout="constrained", dpi=DPI)
        draw([figure.add_subplot(1, columns, i + 1) for i in range(columns)])
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png")
    return buffer.getvalue()
