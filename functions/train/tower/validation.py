"""What each epoch is worth: loss, AUC and full ranking on the validation targets, in numpy as serving computes it."""

from dataclasses import dataclass

import numpy as np
import torch

from functions.train.progress import Epoch
from functions.train.tower.network import TwinNetwork
from functions.train.tower.objective import Batch, Objective
from portfolio_twin.domain.arrays import Matrix
from portfolio_twin.evaluation import metrics
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.evaluation.results import ranking
from portfolio_twin.evaluation.scoring import rank_targets

UNMEASURED = float("nan")


@dataclass(frozen=True)
class Validation:
    """What a network is tried on: the held-out targets as a batch for the loss, as queries for the ranking."""

    objective: Objective
    batch: Batch
    queries: Queries
    X: Matrix  # (n, w) the whole catalogue

    @torch.no_grad()
    def __call__(self, network: TwinNetwork) -> Epoch:
        """Leaves the network in evaluation mode."""
        network.eval()
        loss = float(self.objective(network, self.batch)) if len(self.batch) else UNMEASURED
        vectors, queries = network.tower.export()(self.X), self.queries
        users = queries.histories.recent().pool(vectors, network.market_taste.detach().cpu().numpy())  # (q, d)
        figures = ranking(rank_targets(lambda chunk: users[chunk] @ vectors.T, queries, len(vectors)))
        cosines = np.einsum("pd,pd->p", users[queries.pair_owners], vectors[queries.pair_properties])
        return {
            "val_loss": loss,
            "val_auc": metrics.auc(queries.labels, cosines),
            "val_hr_at_10": figures["hr_at_10"],
            "val_ndcg_at_10": figures["ndcg_at_10"],
        }
