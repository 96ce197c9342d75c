"""What each epoch is worth: loss, AUC and full ranking on the validation targets, in numpy as serving computes it."""

import numpy as np
import numpy.typing as npt
import torch

from functions.train.progress import Epoch
from functions.train.tower.examples import TrainingSet
from functions.train.tower.network import TwinNetwork
from functions.train.tower.objective import Batch, Objective
from portfolio_twin.domain.arrays import Matrix
from portfolio_twin.evaluation import metrics
from portfolio_twin.evaluation.queries import Queries, rank_targets
from portfolio_twin.evaluation.results import ranking
from portfolio_twin.model.encoder import normalise

UNMEASURED = float("nan")


@torch.no_grad()
def validate(
    network: TwinNetwork, objective: Objective, batch: Batch, queries: Queries, X: Matrix, training: TrainingSet
) -> Epoch:
    """Leaves the network in evaluation mode."""
    network.eval()
    loss = float(objective(network, batch)) if len(batch) else UNMEASURED
    vectors = network.tower.export()(X)
    users = investors_of(network, vectors, queries, training.user_ids)
    ranks = rank_targets(lambda chunk: users[chunk] @ vectors.T, queries, len(vectors))
    cosines = np.einsum("pd,pd->p", users[queries.pair_rows], vectors[queries.pair_properties])
    found = ranking(ranks)
    return {
        "val_loss": loss,
        "val_auc": metrics.auc(queries.labels, cosines),
        "val_hr_at_10": found["hr_at_10"],
        "val_ndcg_at_10": found["ndcg_at_10"],
    }


def investors_of(network: TwinNetwork, vectors: Matrix, queries: Queries, user_ids: npt.NDArray[np.int64]) -> Matrix:
    """(q, d) by the user tower, or from the table (the mean of all for who is not in it)."""
    if network.users is None:
        return queries.histories.recent().pool(vectors, network.global_vector.detach().cpu().numpy())
    table = network.users.weight.detach().cpu().numpy()
    at = np.minimum(np.searchsorted(user_ids, queries.users), len(user_ids) - 1)
    known = user_ids[at] == queries.users
    return normalise(np.where(known[:, None], table[at], table.mean(axis=0)))
