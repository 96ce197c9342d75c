"""The simulation as files: canonical CSVs as a tenant would bring them, and the truth beside them."""

import csv
import gzip
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from infra.local.simulator.truth import Truth
from infra.local.simulator.world import Simulation
from portfolio_twin.domain.interactions import KINDS
from portfolio_twin.domain.properties import ATTRIBUTE_PREFIX

TRUTH_FILE = "truth.npz"


def write_canonical(simulation: Simulation, folder: Path) -> None:
    """properties.csv.gz and interactions.csv.gz, which `twin import` reads, and truth.npz, which only benchmarks read."""
    folder.mkdir(parents=True, exist_ok=True)
    catalogue, log = simulation.catalogue, simulation.log
    names = [name.removeprefix(ATTRIBUTE_PREFIX) for name in catalogue.columns]
    columns = [
        [_text(name, value) for value in column] for name, column in zip(names, catalogue.columns.values(), strict=True)
    ]
    _write_csv(folder / "properties.csv.gz", ["property_id", *names], zip(catalogue.ids, *columns, strict=True))
    kinds = np.array(KINDS, dtype=object)[log.kinds]
    times = np.datetime_as_string(log.times.astype("datetime64[s]"), timezone="UTC")
    rows = zip(log.users.tolist(), log.properties, kinds, times.tolist(), strict=True)
    _write_csv(folder / "interactions.csv.gz", ["user_id", "property_id", "kind", "occurred_at"], rows)
    truth = vars(simulation.truth) | {"property_ids": simulation.truth.property_ids.astype(np.str_)}
    np.savez(folder / TRUTH_FILE, **truth)


def read_truth(folder: Path) -> Truth:
    """The truth that `write_canonical` left."""
    with np.load(folder / TRUTH_FILE) as stored:
        parts = {name: stored[name] for name in stored.files}
    parts["property_ids"] = parts["property_ids"].astype(object)
    return Truth(**parts | {"browsing": float(parts["browsing"])})


def _text(name: str, value: Any) -> str:
    if value is None or value != value:
        return ""
    if name == "renovation_needed":
        return str(bool(value))
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _write_csv(path: Path, header: list[str], rows: Iterable[Iterable[Any]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    # mtime=0: the same simulation gives the same bytes.
    path.write_bytes(gzip.compress(text.getvalue().encode(), compresslevel=6, mtime=0))
