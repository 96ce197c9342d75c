"""The plain design trained as one would write it first: every interaction an example, a DataLoader, batches of 32."""

import time
from dataclasses import replace

import numpy as np
import torch
from torch.utils.data import DataLoader

from functions.train.plain.config import PlainConfig
from functions.train.plain.examples import Batch, learn_from
from functions.train.plain.features import vectorise
from functions.train.plain.network import PlainNetwork
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.interactions import KIND_CODE


def seconds_per_epoch(dataset: Dataset, epochs: int) -> float:
    """Of the processor and of the clock alike, on one thread; each epoch costs as much as the one before."""
    config = PlainConfig()
    torch.set_num_threads(1)
    torch.manual_seed(config.seed)
    examples, X = learn_from(_all_wanted(dataset)), torch.as_tensor(vectorise(dataset.catalogue))
    seen = torch.as_tensor(examples.seen)
    network = PlainNetwork(len(examples.user_ids), config).train()
    optimizer = torch.optim.Adam(network.parameters(), lr=config.learning_rate)
    loader = DataLoader(examples.batches, batch_size=config.batch_size // 2, shuffle=True)
    started = time.process_time()
    for _ in range(epochs):
        for fields in loader:
            batch = Batch(*fields)
            drawn = seen[torch.randint(len(seen), (len(batch.targets),))]
            loss = network.loss(X, batch, drawn)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch ships it untyped
            optimizer.step()
    return (time.process_time() - started) / epochs


def _all_wanted(dataset: Dataset) -> Dataset:
    """Each interaction but a dislike as if it were a like: ten thousand of them are ten thousand examples."""
    log = dataset.log.take(dataset.log.kinds != KIND_CODE["dislike"])
    return dataset.with_log(replace(log, kinds=np.full_like(log.kinds, KIND_CODE["like"])))
