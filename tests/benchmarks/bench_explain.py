"""Are the reasons faithful? The area under the deletion curve, the strongest reason first and by chance.

On an invented market, or with `--data FOLDER` on canonical CSVs; the figures are named after either.
"""

import argparse
from pathlib import Path

from functions.train.offline import freeze
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.evaluation.scoring import TwinAnswers
from portfolio_twin.evaluation.studies.deletion import deletion
from portfolio_twin.model.config import TwinConfig
from tests.benchmarks.measure.figures import publish
from tests.benchmarks.measure.markets import SEED, simulated
from tests.benchmarks.quality.frozen_data import read_dataset
from tests.benchmarks.quality.product import train

INVENTED = "harborview"


def faithfulness(name: str, dataset: Dataset) -> dict[str, float]:
    snapshot = freeze(dataset, SEED)
    trained = train(snapshot, TwinConfig(), lambda text: print(f"{name}: {text}", flush=True))
    found = deletion(TwinAnswers(trained.twin, snapshot.dataset))
    figures = {f"strongest_{gone}": found["strongest"][gone] for gone in (1, 3, 5)}
    figures |= {f"random_{gone}": found["random"][gone] for gone in (1, 3, 5)}
    figures |= {"strongest_area": found["strongest_area"], "random_area": found["random_area"], "pairs": found["pairs"]}
    return {f"{name}_deletion_{key}": value for key, value in figures.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with properties.csv[.gz] and interactions.csv[.gz]")
    folder: Path | None = parser.parse_args().data
    if folder is None:
        publish("explain", faithfulness(INVENTED, simulated(INVENTED)))
    else:
        publish("explain", faithfulness(folder.resolve().name, read_dataset(folder)))


if __name__ == "__main__":
    main()
