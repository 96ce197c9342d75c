"""The simulation as files: canonical CSVs as a tenant would bring them, and the truth beside them."""

from pathlib import Path

import numpy as np

from infra.simulator.truth import Truth
from infra.simulator.world import Simulation
from portfolio_twin.adapters.s3.snapshots import INTERACTIONS, PROPERTIES, gzipped_csv
from portfolio_twin.domain.csv.canonical import write_catalogue, write_interactions

TRUTH_FILE = "truth.npz"


def write_canonical(simulation: Simulation, folder: Path) -> None:
    """The two CSVs that `twin import` reads, gzipped, and truth.npz, which only benchmarks read."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PROPERTIES).write_bytes(gzipped_csv(write_catalogue(simulation.catalogue)))
    (folder / INTERACTIONS).write_bytes(gzipped_csv(write_interactions(simulation.log)))
    # Ids as fixed-width text: an object array would be stored as a pickle.
    truth = vars(simulation.truth) | {"property_ids": simulation.truth.property_ids.astype(np.str_)}
    np.savez(folder / TRUTH_FILE, **truth)


def read_truth(folder: Path) -> Truth:
    """The truth that `write_canonical` left."""
    with np.load(folder / TRUTH_FILE) as stored:
        parts = {name: stored[name] for name in stored.files}
    parts["property_ids"] = parts["property_ids"].astype(object)
    return Truth(**parts | {"browsing": float(parts["browsing"])})
