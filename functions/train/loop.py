"""Training the tower, top to bottom: batches, steps, validation after each epoch, checkpoints, the best epoch kept."""

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn

from functions.train.checkpoints import Checkpoints
from functions.train.examples import TrainingSet, validation_examples
from functions.train.network import TwinNetwork
from functions.train.objective import Batch, Objective
from portfolio_twin.domain import metrics
from portfolio_twin.model.config import TwinConfig
from portfolio_twin.model.encoder import Matrix, normalise
from portfolio_twin.model.evaluation import Evaluation, Queries, rank_targets

WARM_UP_SHARE = 0.1
VALIDATION_USERS = 1000  # that the metrics after each epoch look at, so that they cost less than the epoch

Epoch = dict[str, float]


class Interrupted(Exception):
    """The machine wants its place back; what was done so far lies in a checkpoint."""


@dataclass
class Progress:
    """What is told of a training while it runs, and how it is told to stop."""

    tell: Callable[[Epoch, int], None] = lambda epoch, epochs: None
    stop: Callable[[], bool] = lambda: False


@dataclass
class Trained:
    network: TwinNetwork  # in evaluation mode, of the best epoch
    history: list[Epoch] = field(default_factory=list)
    best_epoch: int = 0


def train(
    training: TrainingSet,
    validation: Queries,
    X: Matrix,
    config: TwinConfig,
    *,
    device: str = "cpu",
    checkpoints: Checkpoints | None = None,
    progress: Progress | None = None,
) -> Trained:
    """Learns from the examples; X (n, w) is the whole catalogue, for the ranking on validation. Raises Interrupted."""
    run = _Run(training, validation, X, config, device)
    progress = progress or Progress()
    if checkpoints and (state := checkpoints.newest(run.fingerprint)):
        run.restore(state)
    while run.epoch < config.epochs:
        state = run.state() if checkpoints else None
        try:
            run.one_epoch(progress.stop)
        except Interrupted:
            if checkpoints and state:
                checkpoints.save(state, run.best_state)
            raise
        progress.tell(run.history[-1], config.epochs)
        if checkpoints and checkpoints.due(last=run.epoch == config.epochs):
            checkpoints.save(run.state(), run.best_state)
    return run.result()


class _Run:
    """One training in progress; all that a checkpoint must hold."""

    def __init__(self, training: TrainingSet, validation: Queries, X: Matrix, config: TwinConfig, device: str) -> None:
        torch.manual_seed(config.seed)
        self.config, self.validation, self.X, self.device = config, _few(validation), X, device
        self.network = TwinNetwork(training.X.shape[1], config, len(training.user_ids)).to(device)
        self.user_ids = training.user_ids
        self.batch = Batch.of(training.examples, device)
        self.validation_batch = Batch.of(validation_examples(validation, training, config.history_limit), device)
        self.objective = Objective(training, config, device)
        # A balanced batch is half positives, half negatives.
        size = config.batch_size // 2 if config.negatives == "uniform" else config.batch_size
        self.steps = max(-(-len(self.batch) // size), 1)
        self.optimizer = _optimizer(self.network, config)
        self.schedule = _schedule(self.optimizer, config, self.steps)
        self.epoch, self.history, self.best_state = 0, list[Epoch](), dict[str, Any]()
        self.fingerprint = f"{config} {training.X.shape} {len(self.batch)} {float(training.X.sum())}"

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
        self._close_epoch(float(total) / max(len(order), 1), started)

    def _close_epoch(self, loss: float, started: float) -> None:
        found = self._validate()
        self.history.append({
            "epoch": self.epoch, "train_loss": loss, **found,
            "temperature": float(self.network.temperature.detach()),
            "learning_rate": self.optimizer.param_groups[0]["lr"],
            "seconds": time.perf_counter() - started,
        })  # fmt: skip
        best = self.best_state.get("score", -np.inf)
        if not self.best_state or not found["val_ndcg_at_10"] < best:  # NaN, without validation, takes the last epoch
            self.best_state = {"epoch": self.epoch, "score": found["val_ndcg_at_10"], "network": self._weights()}

    @torch.no_grad()
    def _validate(self) -> Epoch:
        self.network.eval()
        loss = (
            float(self.objective(self.network, self.validation_batch)) if len(self.validation_batch) else float("nan")
        )
        queries, vectors = self.validation, self.network.tower.export()(self.X)
        users = investors_of(self.network, vectors, queries, self.user_ids)
        ranks = rank_targets(lambda chunk: users[chunk] @ vectors.T, queries, len(vectors))
        cosines = np.einsum("pd,pd->p", users[queries.pair_rows], vectors[queries.pair_properties])
        found = Evaluation(queries.users, len(vectors), {"twin": ranks}, queries.labels, cosines, cosines)
        ranking = found.ranking("twin")
        return {
            "val_loss": loss,
            "val_auc": metrics.auc(queries.labels, cosines),
            "val_hr_at_10": ranking["hr_at_10"],
            "val_ndcg_at_10": ranking["ndcg_at_10"],
        }

    def _weights(self) -> dict[str, Any]:
        return {name: tensor.detach().cpu().clone() for name, tensor in self.network.state_dict().items()}

    def state(self) -> dict[str, Any]:
        return {
            "fingerprint": self.fingerprint,
            "epoch": self.epoch,
            "network": self._weights(),
            "optimizer": copy.deepcopy(self.optimizer.state_dict()),
            "schedule": self.schedule.state_dict() if self.schedule else {},
            "history": list(self.history),
            "best": self.best_state,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.schedule:
            self.schedule.load_state_dict(state["schedule"])
        self.epoch, self.history, self.best_state = state["epoch"], list(state["history"]), state["best"]

    def result(self) -> Trained:
        self.network.load_state_dict(self.best_state["network"])
        return Trained(self.network.eval(), self.history, self.best_state["epoch"])


def investors_of(network: TwinNetwork, vectors: Matrix, queries: Queries, user_ids: "np.ndarray[Any, Any]") -> Matrix:
    """(q, d) the queries' investors, by the user tower or from the table (the market's mean for who is not in it)."""
    if network.users is None:
        return queries.histories.recent().pool(vectors, network.global_vector.detach().cpu().numpy())
    table = network.users.weight.detach().cpu().numpy()
    at = np.minimum(np.searchsorted(user_ids, queries.users), len(user_ids) - 1)
    known = user_ids[at] == queries.users
    return normalise(np.where(known[:, None], table[at], table.mean(axis=0)))


def _few(queries: Queries) -> Queries:
    return queries


def _optimizer(network: nn.Module, config: TwinConfig) -> torch.optim.Optimizer:
    kind = torch.optim.AdamW if config.optimizer == "adamw" else torch.optim.Adam
    return kind(network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay, fused=True)


def _schedule(
    optimizer: torch.optim.Optimizer, config: TwinConfig, steps: int
) -> torch.optim.lr_scheduler.OneCycleLR | None:
    """Smith and Topin, "Super-Convergence" (2018)."""
    if not config.one_cycle:
        return None
    return torch.optim.lr_scheduler.OneCycleLR(
        optimizer, config.learning_rate, total_steps=steps * config.epochs, pct_start=WARM_UP_SHARE
    )
