"""A training without the service: canonical data in, the bundle's files in a folder."""

from collections.abc import Mapping
from pathlib import Path

from functions.train.job import Job, run
from functions.train.progress import Progress
from functions.train.stores import FolderStore
from portfolio_twin.adapters.s3.snapshots import Snapshot, digests, pack_snapshot
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.split import draw_holdout


def freeze(dataset: Dataset, seed: int) -> Snapshot:
    """The same snapshot as the pipeline's, in memory."""
    dataset = dataset.in_time_order()
    log, holdout = dataset.log, draw_holdout(dataset, seed=seed)
    ends = (log.times[[0, -1]] if len(log) else log.times).astype("datetime64[s]").astype(str).tolist()
    files = digests(pack_snapshot(dataset, holdout))
    return Snapshot(dataset, holdout, {"snapshot_id": "folder", "files": files, "data_window": ends or None})


def train_into(folder: Path, job: Job, dataset: Dataset, progress: Progress) -> Mapping[str, bytes]:
    """Trains on this data and writes the bundle into `folder`; a training cut short there is gone on with."""
    store = FolderStore(folder)
    files = run(job, freeze(dataset, job.config.seed), store, progress)
    for name, data in files.items():
        store.write(name, data)
    return files
