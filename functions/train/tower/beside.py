"""Towers that are trained beside each other: each in a process of its own."""

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import NamedTuple

from joblib import cpu_count  # type: ignore[import-untyped]  # ships no types; it heeds affinity, cgroups and LOKY_MAX_CPU_COUNT

from functions.train.progress import Interrupted, Progress
from functions.train.tower.fitted import FittedTower
from functions.train.tower.train import train_tower
from functions.train.training_data import TrainingData
from portfolio_twin.domain.arrays import Numbers
from portfolio_twin.errors import InvalidInput
from portfolio_twin.model.config import TwinConfig

WORTH_A_PROCESS = 200  # steps of one tower; fewer are over before another process has begun
LOOK_SECONDS = 0.2  # between two looks whether the machine is wanted back


class Lesson(NamedTuple):
    """What towers learn from, and how: the same for each but for the investors that it is not shown."""

    data: TrainingData
    config: TwinConfig
    device: str

    def tower(self, unseen: Numbers, progress: Progress) -> FittedTower:
        """Raises as `train_tower`."""
        data = self.data.without(unseen)
        return train_tower(data, self.config, device=self.device, checkpoints=None, progress=progress)

    @property
    def steps(self) -> int:
        interactions = len(self.data.learnt_from.log)
        return interactions * self.config.epochs_for(interactions) // self.config.batch_size


Towers = Callable[[], Sequence[FittedTower]]


@contextmanager
def trained_beside(lesson: Lesson, hidden: Sequence[Numbers], progress: Progress) -> Iterator[Towers]:
    """Begins one tower for each group of investors (u,) that it is not shown; calling what is yielded awaits them all.

    On one core, on another device or where little is to be learnt they are trained one after another when called.
    The call raises as `train_tower`, and ChildProcessError where a process was killed.
    """
    processes = min(len(hidden), cpu_count())
    if processes < 2 or lesson.device != "cpu" or lesson.steps < WORTH_A_PROCESS:
        quiet = Progress(stop=progress.stop)
        yield lambda: [lesson.tower(unseen, quiet) for unseen in hidden]
        return
    context = multiprocessing.get_context("forkserver")  # forked where no thread runs
    context.set_forkserver_preload([__name__, "torch._dynamo"])  # which the first optimizer of a process imports
    shares = [hidden[first::processes] for first in range(processes)]
    workers = [_Worker.start(context, lesson, share) for share in shares]
    try:
        yield lambda: _in_order([worker.towers(progress.stop) for worker in workers])
    finally:
        for worker in workers:
            worker.process.terminate()
            worker.process.join()


class _Worker(NamedTuple):
    process: multiprocessing.process.BaseProcess
    results: Connection
    towers_due: int

    @classmethod
    def start(
        cls, context: multiprocessing.context.ForkServerContext, lesson: Lesson, share: Sequence[Numbers]
    ) -> "_Worker":
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_train_share, args=(lesson, share, theirs), daemon=True)
        process.start()
        theirs.close()  # so that the end of the process is the end of the pipe
        return cls(process, ours, len(share))

    def towers(self, stop: Callable[[], bool]) -> list[FittedTower]:
        return [self._next(stop) for _ in range(self.towers_due)]

    def _next(self, stop: Callable[[], bool]) -> FittedTower:
        while not self.results.poll(LOOK_SECONDS):
            if stop():
                raise Interrupted
        try:
            result = self.results.recv()
        except EOFError:
            self.process.join()
            message = f"a process that trained a tower ended with {self.process.exitcode}; is memory short?"
            raise ChildProcessError(message) from None
        if isinstance(result, InvalidInput):
            raise result
        assert isinstance(result, FittedTower)
        return result


def _train_share(lesson: Lesson, share: Sequence[Numbers], results: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one who waits for the results is told, and ends this process
    parent = multiprocessing.parent_process()
    alone = Progress(stop=lambda: parent is None or not parent.is_alive())
    for unseen in share:
        try:
            results.send(lesson.tower(unseen, alone))
        except InvalidInput as error:
            results.send(error)


def _in_order(shares: Sequence[Sequence[FittedTower]]) -> list[FittedTower]:
    """As they were dealt out: one to each process, then the next one."""
    rounds = max(len(share) for share in shares)
    return [share[i] for i in range(rounds) for share in shares if i < len(share)]
