"""The pictures of the report. Each takes numbers and gives a PNG."""

import io
from collections.abc import Callable, Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from functions.train.progress import Epoch
from portfolio_twin.domain.arrays import Floats
from portfolio_twin.evaluation import metrics
from portfolio_twin.evaluation.results import Evaluation
from portfolio_twin.evaluation.slices import GROUPS, label_of

INK, QUIET, GRID = "#1f2933", "#7b8794", "#e4e7eb"
BLUE, ORANGE, GREEN, RED = "#2563eb", "#ea7317", "#16a34a", "#dc2626"
CYCLE = (BLUE, ORANGE, GREEN, "#9333ea", "#0891b2", "#ca8a04", "#db2777", "#64748b")
DPI = 110
RIVAL_MARKS = {"popularity": ("popularity", "d", ORANGE), "content_knn": ("content kNN", "x", GREEN)}
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans", "font.size": 10, "text.color": INK,
    "axes.edgecolor": QUIET, "axes.labelcolor": INK, "axes.titlesize": 11, "axes.titleweight": "bold",
    "axes.titlelocation": "left", "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True,
    "axes.axisbelow": True, "grid.color": GRID, "xtick.color": QUIET, "ytick.color": QUIET,
    "legend.frameon": False, "legend.fontsize": 9, "lines.linewidth": 2,
}  # fmt: skip

Labels = npt.NDArray[Any]
Figures = Mapping[str, Any]  # of one slice, as metrics.json has them


def training_curves(history: list[Epoch], best_epoch: int) -> bytes:
    """Loss, ranking and what was measured of the validation pairs after each epoch; the one that was kept is marked."""
    epochs = [figures["epoch"] for figures in history]
    judged = [("val_auc", "AUC", BLUE), ("val_f1", "F1", ORANGE), ("val_accuracy", "accuracy", GREEN)]

    def draw(axes: list[Axes]) -> None:
        panels = (
            ("Loss", (("train_loss", "training", BLUE), ("val_loss", "validation", ORANGE))),
            ("Ranking on validation", (("val_hr_at_10", "HR@10", BLUE), ("val_ndcg_at_10", "NDCG@10", GREEN))),
            ("Validation pairs", tuple(line for line in judged if line[0] in history[0])),
        )
        for ax, (title, lines) in zip(axes, panels, strict=True):
            for name, label, colour in lines:
                ax.plot(epochs, [figures[name] for figures in history], color=colour, label=label)
            ax.axvline(best_epoch, color=QUIET, linestyle=":", linewidth=1.2, label=f"kept: epoch {best_epoch}")
            ax.set(title=title, xlabel="epoch")
            ax.legend()

    return figure(draw, columns=3)


def of_pairs(labels: Labels, affinities: Floats, model: str) -> dict[str, bytes]:
    """The pictures of how `model` classified the held-out pairs, by name. labels, affinities (p,)"""
    return {
        "roc.png": roc(labels, affinities, model),
        "confusion.png": confusion(labels, affinities, model),
        "reliability.png": reliability(labels, affinities, model),
    }


def roc(labels: Labels, affinities: Floats, model: str) -> bytes:
    """True against false positive rate on the held-out pairs. labels, affinities (p,)"""

    def draw(axes: list[Axes]) -> None:
        false_rates, true_rates = metrics.roc_curve(labels, affinities)
        area = metrics.auc(labels, affinities)
        axes[0].fill_between(false_rates, true_rates, alpha=0.12, color=BLUE, linewidth=0)
        axes[0].plot(false_rates, true_rates, color=BLUE, label=f"{model}, AUC {area:.3f}")
        axes[0].plot([0, 1], [0, 1], color=QUIET, linestyle="--", linewidth=1.2, label="a coin")
        axes[0].set(title="ROC", xlabel="false positive rate", ylabel="true positive rate", xlim=(0, 1), ylim=(0, 1.01))
        axes[0].legend(loc="lower right")

    return figure(draw)


def confusion(labels: Labels, affinities: Floats, model: str) -> bytes:
    """The answers against what happened, at affinity 0.5. labels, affinities (p,)"""

    def draw(axes: list[Axes]) -> None:
        ax, counts = axes[0], metrics.confusion(labels, affinities >= 0.5)
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        ax.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        for (row, column), share in np.ndenumerate(shares):
            text = f"{counts[row, column]:,}\n{share:.0%}"
            ax.text(column, row, text, ha="center", va="center", fontsize=13, color="white" if share > 0.5 else INK)
        ax.set(title="Confusion at affinity 0.5", xlabel=f"{model} said", ylabel="what happened")
        ax.set_xticks([0, 1], ["would not act", "would act"])
        ax.set_yticks([0, 1], ["drawn at\nrandom", "acted on"])
        ax.grid(visible=False)

    return figure(draw)


def reliability(labels: Labels, affinities: Floats, model: str) -> bytes:
    """Claimed against true probability, and how often each was claimed. labels, affinities (p,)"""

    def draw(axes: list[Axes]) -> None:
        ax = axes[0]
        claimed, happened, share = metrics.reliability(labels, affinities)
        ax.bar(claimed, share, width=0.07, color=GRID, label="share of the answers")
        ax.plot([0, 1], [0, 1], color=QUIET, linestyle="--", linewidth=1.2, label="as claimed")
        ax.plot(claimed, happened, color=BLUE, marker="o", label=f"{model}, ECE {metrics.ece(labels, affinities):.3f}")
        ax.set(title="Reliability", xlabel="affinity", ylabel="share that acted", xlim=(0, 1), ylim=(0, 1.01))
        ax.legend(loc="upper left")

    return figure(draw)


def risk_coverage(evaluation: Evaluation) -> bytes:
    """Accuracy among the most confident answers: it has to fall from left to right for confidence to mean something."""

    def draw(axes: list[Axes]) -> None:
        new = evaluation.slices.get("as_new", {}).values()
        for parts, colour, who in (([evaluation], BLUE, "as they are"), (list(new), ORANGE, "asked as if new")):
            if not parts:
                continue
            labels, affinities, confidences = (
                np.concatenate([getattr(part, name) for part in parts])
                for name in ("labels", "affinities", "confidences")
            )
            correct = ((affinities >= 0.5) == (labels > 0))[np.argsort(-confidences, kind="stable")]
            first = max(len(correct) // 20, 1)  # of fewer answers than this an accuracy is noise
            counts = np.arange(1, len(correct) + 1)
            accuracy = np.cumsum(correct) / counts
            axes[0].plot(counts[first:] / len(correct), accuracy[first:], color=colour, label=f"investors {who}")
            axes[0].axhline(correct.mean(), color=colour, linestyle="--", linewidth=1)
        title = "Risk–coverage: the most confident answers first"
        axes[0].set(title=title, xlabel="share of the answers kept", ylabel="accuracy", xlim=(0, 1))
        axes[0].legend(loc="best")

    return figure(draw)


def slices(everybody: Figures, groups: Mapping[str, Mapping[str, Figures]]) -> bytes:
    """NDCG@10 of each slice of metrics.json with its 95 % interval, beside the rivals'; too small ones are left out."""
    large = {group: {n: part for n, part in parts.items() if part["ndcg_at_10"]} for group, parts in groups.items()}
    rows = [row for group in GROUPS if large.get(group) for row in ((GROUPS[group], None), *large[group].items())]

    def draw(axes: list[Axes]) -> None:
        ax, names = axes[0], []
        for position, (name, part) in enumerate(rows):
            names.append(name if part is None else f"{label_of(name)}  ({part['users']:,})")
            if part is not None:
                _one_slice(ax, position, part)
        mean = everybody["ndcg_at_10"]["value"]
        ax.axvline(mean, color=QUIET, linestyle=":", linewidth=1.2, label="the twin, all investors")
        ax.set_yticks(range(len(rows)), names)
        for tick, (_, part) in zip(ax.get_yticklabels(), rows, strict=True):
            tick.set(color=INK, fontweight="bold" if part is None else "normal")
        ax.set(title="NDCG@10 by slice (investors)", xlim=(-0.01, None), ylim=(len(rows) - 0.5, -0.5))
        ax.grid(visible=False, axis="y")
        ax.tick_params(axis="y", length=0)
        handles, labels = ax.get_legend_handles_labels()
        unique = dict(zip(labels, handles, strict=True))
        ax.legend(unique.values(), unique.keys(), loc="upper center", bbox_to_anchor=(0.3, -0.06), ncols=len(unique))

    return figure(draw, width=9.4, height=1.2 + 0.27 * len(rows))


def _one_slice(ax: Axes, position: int, part: Figures) -> None:
    ndcg, rivals = part["ndcg_at_10"], part["others_ndcg_at_10"]
    reach = [[ndcg["value"] - ndcg["low"]], [ndcg["high"] - ndcg["value"]]]
    ax.errorbar(ndcg["value"], position, xerr=reach, color=BLUE, fmt="o", capsize=3, label="the twin, 95 % interval")
    for model, (label, marker, colour) in RIVAL_MARKS.items():
        if model in rivals:
            ax.scatter(rivals[model], position, marker=marker, color=colour, s=34, label=label, zorder=3)


def figure(draw: Callable[[list[Axes]], None], columns: int = 1, width: float = 5.2, height: float = 4.0) -> bytes:
    """Without pyplot: no state outlives the picture."""
    with mpl.rc_context(STYLE):
        drawn = Figure(figsize=(width if columns == 1 else 4.4 * columns, height), layout="constrained", dpi=DPI)
        draw([drawn.add_subplot(1, columns, i + 1) for i in range(columns)])
        buffer = io.BytesIO()
        drawn.savefig(buffer, format="png")
    return buffer.getvalue()
