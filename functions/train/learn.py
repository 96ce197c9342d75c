"""Learning a twin: once to settle what the validation targets can say, then again with them, then with everything."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from functions.train.assemble import Design, assemble
from functions.train.content import content_tower
from functions.train.decide import VALIDATIONS_NEEDED, Decisions, measure_confidence, measure_slope
from functions.train.progress import Epoch, Progress
from functions.train.stores import Store
from functions.train.tower.fitted import FittedTower
from functions.train.training_data import TrainingData
from portfolio_twin.domain.split import TEST, Holdout
from portfolio_twin.model.twin import Twin

if TYPE_CHECKING:
    from functions.train.ranking.towers import Tower


@dataclass(frozen=True)
class Learner:
    """How to learn, whatever from."""

    design: Design
    device: str = "cpu"
    progress: Progress = field(default_factory=Progress)
    store: Store | None = None  # where a training that is cut short leaves its checkpoints

    def settle(self, data: TrainingData) -> "Settled":
        """The first fit; raises InvalidInput where there is nothing to learn from, Interrupted when it is stopped."""
        with self._layer_towers(data, self._ranks and len(data.validation.users) >= VALIDATIONS_NEEDED) as layer_towers:
            tower = self._tower(data, "first")
            twin = assemble(data, tower, self.design, Decisions())
            decisions = Decisions(slope=measure_slope(twin, data.validation))
            twin = replace(twin, slope=decisions.slope)
            if layer_towers:
                from functions.train.ranking.fit import settle_layer  # torch is not even imported for a content model

                layer, form = settle_layer(twin, data, layer_towers(), self.progress)
                twin = replace(twin, ranking=layer)
                decisions = replace(decisions, ranking=layer is not None, **form._asdict())
        decisions = replace(decisions, confidence=measure_confidence(twin, data))
        return Settled(decisions, tower)

    def learn(self, data: TrainingData, decisions: Decisions, stage: str) -> "Learnt":
        """By what was settled, the last epoch kept; raises as `settle`."""
        with self._layer_towers(data, decisions.ranking) as layer_towers:
            tower = self._tower(data, stage)
            twin = assemble(data, tower, self.design, decisions)
            if layer_towers:
                from functions.train.ranking.fit import Form, learn_layer  # as above

                form = Form(learnt_scales=decisions.learnt_scales, compares=decisions.compares)
                layer = learn_layer(data, layer_towers(), self.design.config, form)
                twin = replace(twin, ranking=layer)
        return Learnt(twin, [epoch["train_loss"] for epoch in tower.history])

    @property
    def _ranks(self) -> bool:
        return self.design.kind == "twin" and self.design.config.ranking

    def _tower(self, data: TrainingData, stage: str) -> FittedTower:
        if self.design.kind == "content":
            return content_tower(data.X, self.design.config.embedding_dim)
        from functions.train.tower.checkpoints import Checkpoints  # as above
        from functions.train.tower.train import train_tower

        checkpoints = Checkpoints(self.store, stage) if self.store else None
        return train_tower(
            data, self.design.config, device=self.device, checkpoints=checkpoints, progress=self.progress
        )

    @contextmanager
    def _layer_towers(self, data: TrainingData, wanted: bool) -> "Iterator[Callable[[], Sequence[Tower]] | None]":
        """Begun at once, to be trained beside the model's own tower; None where the layer has no part."""
        if not wanted:
            yield None
            return
        from functions.train.ranking.towers import layer_towers  # as above

        with layer_towers(data, self.design.config, device=self.device, progress=self.progress) as towers:
            yield towers


class Settled(NamedTuple):
    decisions: Decisions
    tower: FittedTower  # with the validation of every epoch


class Learnt(NamedTuple):
    twin: Twin
    losses: list[float]  # of the tower, by epoch


class Fitted(NamedTuple):
    """A model as it is tested, and the record of how it came about."""

    twin: Twin  # has learnt all but the test targets
    decisions: Decisions
    history: list[Epoch]  # of the first fit, with its validation
    best_epoch: int
    losses: list[float]  # of the tower's second learning, by epoch
    seconds: float  # of both


def fit(learner: Learner, data: TrainingData, holdout: Holdout) -> Fitted:
    """Settles on the validation targets, then learns again with them: the model that is tested. Raises as `settle`."""
    started = time.perf_counter()
    decisions, first = learner.settle(data)
    learner.progress.say("learning again, with the validation targets")
    twin, losses = learner.learn(data.again(holdout.of(TEST)), decisions, "tested")
    return Fitted(twin, decisions, first.history, first.best_epoch, losses, time.perf_counter() - started)


def learn_everything(learner: Learner, data: TrainingData, fitted: Fitted) -> Learnt:
    """The same step with the test targets too: the model that goes live. Raises as `settle`."""
    learner.progress.say("learning everything, for the model that goes live")
    return learner.learn(data.again(Holdout.empty()), fitted.decisions, "live")
