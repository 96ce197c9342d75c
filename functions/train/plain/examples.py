"""What the plain design learns from: each wanted property of an investor, and what must not pass for a wrong answer."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import TensorDataset

from portfolio_twin.domain.arrays import Numbers
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.interactions import KIND_CODE, POSITIVE_KINDS
from portfolio_twin.evaluation.queries import Queries

OWN_LIMIT = 12  # properties of the investor beside the target that no draw may turn into a wrong answer
NO_PROPERTY = -1


class Batch(NamedTuple):
    """b examples; properties are rows of the catalogue."""

    users: Tensor  # (b,) rows of the user table
    targets: Tensor  # (b,)
    own: Tensor  # (b, h) properties of the investor, the target among them


@dataclass(frozen=True)
class Examples:
    """All examples, the investors of the user table and the properties that negatives are drawn from."""

    batches: TensorDataset  # its items are the fields of a Batch
    user_ids: Numbers  # (m,) ascending
    seen: Numbers  # (s,) ascending: what nobody touched can be no wrong answer


def learn_from(dataset: Dataset) -> Examples:
    """Every deal and like is a target."""
    evidence = dataset.evidence
    user_ids, users = np.unique(evidence.users, return_inverse=True)
    targets = np.flatnonzero(np.isin(evidence.kinds, [KIND_CODE[kind] for kind in POSITIVE_KINDS]))
    begin, end = (np.searchsorted(users, users[targets], side) for side in ("left", "right"))
    first = np.maximum(np.minimum(targets - OWN_LIMIT, end - OWN_LIMIT - 1), begin)
    own = np.minimum(first[:, None] + np.arange(OWN_LIMIT + 1), end[:, None] - 1)  # (e, 13) in the order of time
    fields = (users[targets], evidence.properties[targets], evidence.properties[own])
    batches = TensorDataset(*map(torch.as_tensor, fields))
    return Examples(batches, user_ids, np.unique(evidence.properties))


def held_out(queries: Queries, examples: Examples) -> Batch:
    """The targets of `queries` in the same form: those whose investor and property training has seen."""
    history = queries.histories.recent(OWN_LIMIT)
    targets = torch.as_tensor(queries.targets)
    own = torch.split(torch.as_tensor(history.properties), history.lengths.tolist())
    padded = pad_sequence([*own, targets[:0]], batch_first=True, padding_value=NO_PROPERTY)[:-1]  # (q, h)
    trained = np.isin(queries.targets, examples.seen) & np.isin(queries.users, examples.user_ids)
    kept = torch.as_tensor(np.flatnonzero(trained))
    return Batch(
        torch.as_tensor(np.searchsorted(examples.user_ids, queries.users))[kept],
        targets[kept],
        torch.cat([padded, targets[:, None]], dim=1)[kept],
    )
