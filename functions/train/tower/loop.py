"""Training the tower, top to bottom: batches, steps, validation after each epoch, checkpoints, the best epoch kept."""

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import nn

from functions.train.progress import Epoch, Interrupted, Progress
from functions.train.tower.checkpoints import Checkpoints
from functions.train.tower.examples import TrainingSet, validation_examples
from functions.train.tower.network import TwinNetwork
from functions.train.tower.objective import Batch, Objective
from functions.train.tower.validation import Validation
from functions.train.training_data import TrainingData
from portfolio_twin.model.config import TwinConfig

WARM_UP_SHARE = 0.1
SHORTEST_CYCLE = 4  # steps: two up, two down; fewer have no cycle
# One cycle ends with the learning rate at 0. Before it has come down the weights jump about, and the best of many noisy
# validations is a lucky one: only the last quarter of the epochs may win.
SETTLED_SHARE = 0.25


class Trained(NamedTuple):
    """The network in evaluation mode, with the weights of the best epoch."""

    network: TwinNetwork
    history: list[Epoch]
    best_epoch: int


def train(
    training: TrainingSet,
    data: TrainingData,
    config: TwinConfig,
    *,
    device: str = "cpu",
    checkpoints: Checkpoints | None = None,
    progress: Progress | None = None,
) -> Trained:
    """Learns from the examples; `data` is for the ranking on validation. Raises Interrupted."""
    run = _Run(training=training, data=data, config=config, device=device)
    progress = progress or Progress()
    if checkpoints and (state := checkpoints.newest(run.fingerprint)):
        run.restore(state)
    while run.epoch < run.epochs:
        before = run.state() if checkpoints else {}
        try:
            run.one_epoch(progress.stop)
        except Interrupted:
            if checkpoints:  # the epoch that was begun is begun again: a resumed run equals an uninterrupted one
                checkpoints.save(before, run.best)
            raise
        progress.epoch(run.history[-1], run.epochs)
        if checkpoints and checkpoints.due(last=run.epoch == run.epochs):
            checkpoints.save(run.state(), run.best)
    run.network.load_state_dict(run.best["network"])
    return Trained(run.network.eval(), run.history, run.best["epoch"])


@dataclass
class _Run:
    """One training in progress; `state` is all that a checkpoint must hold."""

    training: TrainingSet
    data: TrainingData
    config: TwinConfig
    device: str
    epoch: int = 0
    history: list[Epoch] = field(default_factory=list)
    best: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        config, training = self.config, self.training
        torch.manual_seed(config.seed)
        self.network = TwinNetwork(training.X.shape[1], config).to(self.device)
        self.batch = Batch.of(training.examples, self.device)
        held_out = validation_examples(self.data.validation, training, config.history_limit)
        self.objective = Objective(training, config, self.device)
        self.validate = Validation(
            objective=self.objective, batch=Batch.of(held_out, self.device), queries=self.data.validation, X=self.data.X
        )
        self.epochs = config.epochs_for(len(self.batch))
        self.steps = -(-len(self.batch) // config.batch_size)  # of an epoch
        self.optimizer = _optimizer(self.network, config)
        self.schedule = _schedule(self.optimizer, config, self.steps * self.epochs)
        parts = " ".join(self.network.state_dict())  # the weights of a network with other parts fit nowhere
        self.fingerprint = f"{config} {parts} {training.X.shape} {len(self.batch)} {float(training.X.sum()):.6g}"

    def one_epoch(self, stop: Callable[[], bool]) -> None:
        started = time.perf_counter()
        torch.manual_seed(self.config.seed * 100_003 + self.epoch)  # so that a resumed run draws the same
        order = torch.randperm(len(self.batch)).to(self.device)
        self.network.train()
        total = torch.zeros((), device=self.device)
        for rows in torch.tensor_split(order, self.steps):
            if stop():
                raise Interrupted
            loss = self.objective(self.network, self.batch.take(rows))
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]  # torch ships it untyped
            self.optimizer.step()
            if self.schedule:
                self.schedule.step()
            total += loss.detach() * len(rows)
        self.epoch += 1
        self._close_epoch(float(total) / len(order), started)

    def _close_epoch(self, loss: float, started: float) -> None:
        figures = self.validate(self.network)
        self.history.append({
            "epoch": self.epoch, "train_loss": loss, **figures,
            "temperature": float(self.network.temperature.detach()),
            "learning_rate": self.optimizer.param_groups[0]["lr"],
            "seconds": time.perf_counter() - started,
        })  # fmt: skip
        settled = not self.config.one_cycle or self.epoch > (1 - SETTLED_SHARE) * self.epochs
        better = not self.best or not figures["val_ndcg_at_10"] < self.best["score"]  # NaN, unmeasured: the last epoch
        if better or (settled and not self.best["settled"]):
            self.best = {
                "epoch": self.epoch, "score": figures["val_ndcg_at_10"], "settled": settled, "network": self._weights()
            }  # fmt: skip

    def _weights(self) -> dict[str, Any]:
        return {name: tensor.detach().cpu().clone() for name, tensor in self.network.state_dict().items()}

    def state(self) -> dict[str, Any]:
        return {
            "fingerprint": self.fingerprint,
            "epoch": self.epoch,
            "network": self._weights(),
            "optimizer": copy.deepcopy(self.optimizer.state_dict()),
            "schedule": dict(self.schedule.state_dict()) if self.schedule else {},
            "history": list(self.history),
            "best": self.best,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.schedule:
            self.schedule.load_state_dict(state["schedule"])
        self.epoch, self.history, self.best = state["epoch"], list(state["history"]), state["best"]


def _optimizer(network: nn.Module, config: TwinConfig) -> torch.optim.Optimizer:
    kind = torch.optim.AdamW if config.optimizer == "adamw" else torch.optim.Adam
    return kind(network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay, fused=True)


def _schedule(
    optimizer: torch.optim.Optimizer, config: TwinConfig, total: int
) -> torch.optim.lr_scheduler.OneCycleLR | None:
    """Over so many steps in all.

    Smith and Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates" (2018).
    """
    if not config.one_cycle or total < SHORTEST_CYCLE:
        return None
    return torch.optim.lr_scheduler.OneCycleLR(
        optimizer, config.learning_rate, total_steps=total, pct_start=max(WARM_UP_SHARE, 2 / total)
    )
