"""Training the plain design, top to bottom: batches, steps, validation after each epoch, the best by F1 kept."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from functions.train.plain.calibration import PAIRS_NEEDED, Platt
from functions.train.plain.config import PlainConfig
from functions.train.plain.examples import Batch, held_out, learn_from
from functions.train.plain.features import vectorise
from functions.train.plain.model import PlainModel
from functions.train.plain.network import PlainNetwork
from functions.train.progress import Epoch, Interrupted, Progress
from functions.train.training_data import TrainingData
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.errors import InvalidInput
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.evaluation.results import classification, ranking
from portfolio_twin.evaluation.scoring import rank_targets
from portfolio_twin.model.encoder import normalise

JUDGED = ("accuracy", "precision", "recall", "f1", "auc")  # of the validation pairs, after every epoch


class FittedPlain(NamedTuple):
    """The plain design as of its best epoch, and how the training went."""

    model: PlainModel
    history: list[Epoch]
    best_epoch: int
    seconds: float


def fit(data: TrainingData, config: PlainConfig, *, device: str, progress: Progress) -> FittedPlain:
    """Raises InvalidInput where there is nothing to learn from, Interrupted when it is stopped."""
    started, validation = time.perf_counter(), data.validation
    torch.set_num_threads(1)  # the steps are so short that threads would mostly wait for each other
    training = _Training(data.learnt_from, config, device)
    validation_batch = held_out(validation, training.examples)
    history: list[Epoch] = []
    best_epoch, best = 0, training.model()
    for epoch in range(1, config.epochs + 1):
        epoch_started = time.perf_counter()
        figures = {"epoch": epoch, "train_loss": training.one_epoch(progress.stop)}
        model = calibrated(training.model(), validation)
        figures |= {"val_loss": training.validation_loss(validation_batch), **measured(model, validation)}
        figures |= {"temperature": config.temperature, "learning_rate": config.learning_rate}
        history.append(figures | {"seconds": time.perf_counter() - epoch_started})
        progress.epoch(history[-1], config.epochs)
        if best_epoch == 0 or not figures["val_f1"] < history[best_epoch - 1]["val_f1"]:
            best_epoch, best = epoch, model  # NaN, unmeasured: the last epoch
    return FittedPlain(best, history, best_epoch, time.perf_counter() - started)


class _Training:
    """A network, what it learns from, and its optimizer."""

    def __init__(self, dataset: Dataset, config: PlainConfig, device: str) -> None:
        examples = learn_from(dataset)
        if len(examples.batches) == 0:
            raise InvalidInput("no investor has a deal or like: there is nothing to train on")
        torch.manual_seed(config.seed)
        self.examples, self.device = examples, device
        self.X = torch.as_tensor(vectorise(dataset.catalogue), device=device)
        self.seen = torch.as_tensor(examples.seen)
        self.network = PlainNetwork(len(examples.user_ids), config).to(device)
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=config.learning_rate, fused=True)
        self.steps = -(-len(examples.batches) // (config.batch_size // 2))  # a batch is half positives, half negatives

    def one_epoch(self, stop: Callable[[], bool]) -> float:
        """The mean loss of all examples."""
        self.network.train()
        total = 0.0
        for rows in torch.randperm(len(self.examples.batches)).tensor_split(self.steps):
            if stop():
                raise Interrupted
            loss = self._loss(Batch(*self.examples.batches[rows]))
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]  # torch ships it untyped
            self.optimizer.step()
            total += float(loss.detach()) * len(rows)
        return total / len(self.examples.batches)

    @torch.no_grad()
    def validation_loss(self, batch: Batch) -> float:
        self.network.eval()
        return float(self._loss(batch)) if len(batch.targets) else float("nan")

    def _loss(self, batch: Batch) -> Tensor:
        """Against as many negatives as there are targets, drawn uniformly for all of them."""
        drawn = self.seen[torch.randint(len(self.seen), (len(batch.targets),))].to(self.device)
        return self.network.loss(self.X, Batch(*(field.to(self.device) for field in batch)), drawn)

    @torch.no_grad()
    def model(self) -> PlainModel:
        self.network.eval()
        table = self.network.users.weight.cpu().numpy()
        vectors = self.network.embed(self.X).cpu().numpy()
        return PlainModel(vectors, self.examples.user_ids, normalise(table), normalise(table.mean(axis=0)), Platt(1, 0))


def measured(model: PlainModel, validation: Queries) -> Epoch:
    """What an epoch is worth, by full ranking of the validation targets and by the pairs, judged at affinity 0.5."""
    figures = ranking(rank_targets(model.answer(validation), validation, len(model.property_vectors)))
    figures |= classification(validation.labels, model.affinities(validation))
    return {f"val_{name}": figures[name] for name in ("hr_at_10", "ndcg_at_10", *JUDGED)}


def calibrated(model: PlainModel, validation: Queries) -> PlainModel:
    """With probabilities fitted on the validation pairs; the cosine as log-odds where those are too few."""
    if np.bincount(validation.labels, minlength=2).min() < PAIRS_NEEDED:
        return model
    return replace(model, calibration=Platt.fit(model.cosines(validation), validation.labels.astype(np.float64)))
