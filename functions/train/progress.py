"""What a training reports while it runs, and how it is stopped."""

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass

Epoch = dict[str, float]


class Interrupted(Exception):
    """The machine is wanted back; what was done so far lies in a checkpoint."""


@dataclass(frozen=True)
class Progress:
    """Silent by default."""

    epoch: Callable[[Epoch, int], None] = lambda _epoch, _epochs: None
    say: Callable[[str], None] = lambda _text: None
    stop: Callable[[], bool] = lambda: False


def on_stderr(stop: Callable[[], bool] = lambda: False) -> Progress:
    """A line per epoch: a job's log is its standard error."""

    def epoch(figures: Epoch, epochs: int) -> None:
        line = f"epoch {figures['epoch']:3.0f}/{epochs}  loss {figures['train_loss']:.4f}"
        if not math.isnan(figures["val_ndcg_at_10"]):  # what is learnt again has learnt the validation targets too
            line += (
                f"  validation: loss {figures['val_loss']:.4f}  AUC {figures['val_auc']:.3f}"
                f"  HR@10 {figures['val_hr_at_10']:.3f}  NDCG@10 {figures['val_ndcg_at_10']:.3f}"
            )
        say(f"{line}  {figures['seconds']:.2f} s")

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)  # noqa: T201  # as above

    return Progress(epoch, say, stop)
