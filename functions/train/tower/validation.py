"""What each epoch is worth: loss, AUC and full ranking on the validation targets, in numpy as serving computes it."""

import numpy as np
import torch

from functions.train.progress import Epoch
from functions.train.tower.network import TwinNetwork
from functions.train.tower.objective import Batch, Objective
from portfolio_twin.domain.arrays import Matrix
from portfolio_twin.evaluation import metrics
from portfolio_twin.evaluation.queries import Queries, rank_targets
from portfolio_twin.evaluation.results import ranking

UNMEASURED = float("nan")


@torch.no_grad()
def validate(network: TwinNetwork, objective: Objective, batch: Batch, queries: Queries, X: Matrix) -> Epoch:
    """Leaves the network in evaluation mode."""
    network.eval()
    loss = float(objective(network, batch)) if len(batch) else UNMEASURED
    vectors = network.tower.export()(X)
    users = queries.histories.recent().pool(vectors, network.global_vector.detach().cpu().numpy())
    ranks = rank_targets(lambda chunk: users[chunk] @ vectors.T, queries, len(vectors))
    cosines = np.einsum("pd,pd->p", users[queries.pair_rows], vectors[queries.pair_properties])
    found = ranking(ranks)
    return {
        "val_loss": loss,
        "val_auc": metrics.auc(queries.labels, cosines),
        "val_hr_at_10": found["hr_at_10"],
        "val_ndcg_at_10": found["ndcg_at_10"],
    }
