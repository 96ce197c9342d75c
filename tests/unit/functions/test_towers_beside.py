import multiprocessing
import os
import signal
from dataclasses import replace

import numpy as np
import pytest

from functions.train.offline import freeze
from functions.train.progress import Interrupted, Progress
from functions.train.tower import beside
from functions.train.tower.beside import WORTH_A_PROCESS, Lesson, trained_beside
from functions.train.training_data import TrainingData
from portfolio_twin.errors import InvalidInput
from portfolio_twin.model.config import TwinConfig
from tests.unit.functions.test_training import QUICK, two_tastes

CONFIG = replace(QUICK, epochs=30)
HIDDEN = [np.zeros(0, dtype=np.int64), np.arange(0, 20), np.arange(20, 60)]


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "cpu_count", lambda: 2)


def lesson(config: TwinConfig = CONFIG) -> Lesson:
    return Lesson(TrainingData.of(freeze(two_tastes(), seed=0), config), config, "cpu")


def test_towers_trained_beside_each_other_are_those_trained_one_after_another_in_their_order() -> None:
    assert lesson().steps >= WORTH_A_PROCESS
    with trained_beside(lesson(), HIDDEN, Progress()) as towers:
        those = towers()
    for tower, unseen in zip(those, HIDDEN, strict=True):
        alone = lesson().tower(unseen, Progress())
        assert np.array_equal(tower.market_taste, alone.market_taste)
        for (weight, bias), (other, other_bias) in zip(tower.encoder.layers, alone.encoder.layers, strict=True):
            assert np.array_equal(weight, other)
            assert np.array_equal(bias, other_bias)


def test_a_machine_that_is_wanted_back_leaves_no_process() -> None:
    with trained_beside(lesson(replace(CONFIG, epochs=10_000)), HIDDEN, Progress(stop=lambda: True)) as towers:
        assert len(multiprocessing.active_children()) >= 2
        with pytest.raises(Interrupted):
            towers()
    assert multiprocessing.active_children() == []


def test_a_process_that_is_killed_fails_the_training_by_name() -> None:
    with trained_beside(lesson(replace(CONFIG, epochs=10_000)), HIDDEN, Progress()) as towers:
        for process in multiprocessing.active_children():
            os.kill(process.pid or 0, signal.SIGKILL)
        with pytest.raises(ChildProcessError, match="memory"):
            towers()


def test_what_one_tower_cannot_learn_from_is_told_as_if_it_were_trained_here() -> None:
    nothing_wanted = lesson(replace(CONFIG, target_kinds=("outreach",)))
    with trained_beside(nothing_wanted, HIDDEN, Progress()) as towers, pytest.raises(InvalidInput, match="nothing"):
        towers()


def test_what_is_learnt_in_no_time_is_learnt_in_this_process() -> None:
    with trained_beside(lesson(replace(CONFIG, epochs=1)), HIDDEN, Progress()) as towers:
        assert multiprocessing.active_children() == []
        assert len(towers()) == len(HIDDEN)


def test_on_one_core_towers_are_trained_one_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "cpu_count", lambda: 1)
    with trained_beside(lesson(), HIDDEN, Progress()) as towers:
        assert multiprocessing.active_children() == []
        assert len(towers()) == len(HIDDEN)
