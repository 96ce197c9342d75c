"""What answers, and a tenant, cost: measured seconds at the sizes that template.yaml gives, times list prices."""

from collections.abc import Mapping
from math import ceil

from tests.benchmarks.costs.prices import PRICES

FUNCTION_GB, STEP_GB = 1.0, 1769 / 1024  # MemorySize of the API's functions, and of IndexShard
TRAINING_VCPUS, TRAINING_GB = 4, 16  # TrainingVcpus, TrainingMemoryMib
QDRANT_VCPUS, QDRANT_GB = 1, 4  # the task of infra/foundation.yaml
LOG_GB = 1.5e-6  # of one request: its line of metrics, and Lambda's own two
HOURS_A_MONTH, WEEKS_A_MONTH, DAYS_A_MONTH = 730, 52 / 12, 365 / 12
STATES_A_RETRAINING, STATES_A_REINDEX = 30, 12
VERSIONS_KEPT = 10  # bundles and snapshots, of weekly trainings
BYTES_A_PROPERTY = 1_000  # of a bundle and a snapshot together

ROUTES = {  # the figures of `serving` that make one answer of each
    "predict": "predict", "recommend 10, with reasons": "recommend_10", "10 look-alikes": "similar_10",
    "batch_predict of 10 000": "batch_10000",
}  # fmt: skip
SIZES = {  # properties and interactions: answers a month, the figures of its training and of its indexing
    10_000: (100_000, "train.twin_10000_s", "index.index_10000_s"),
    20_000: (1_000_000, "train.train_20000_s", "index.index_10000_s"),
    1_000_000: (20_000_000, "train.train_1000000_s", "index.index_1000000_s"),
}
INDEXED = {"index.index_10000_s": 10_000, "index.index_1000000_s": 1_000_000}

Figures = Mapping[str, float]


def needed() -> list[str]:
    """The names of the figures, each after the benchmark's."""
    answers = [f"serving.{name}_{part}" for name in ROUTES.values() for part in ("p50_ms", "qdrant_ms")]
    return [*answers, *dict.fromkeys(name for _, *names in SIZES.values() for name in names)]


def million_answers(figures: Figures, route: str) -> float:
    """Dollars; each is billed by the millisecond, begun ones whole, with Qdrant waited for."""
    name = ROUTES[route]
    billed_s = ceil(figures[f"serving.{name}_p50_ms"] + figures[f"serving.{name}_qdrant_ms"]) / 1000
    each = PRICES["gateway_request"].usd + PRICES["lambda_request"].usd + LOG_GB * PRICES["log_gb"].usd
    return 1e6 * (each + billed_s * FUNCTION_GB * PRICES["lambda_gb_s"].usd)


def tenant_month(figures: Figures, size: int) -> dict[str, float]:
    """Dollars of one tenant of this many properties and interactions, learning weekly, indexed whole as often."""
    answers, training, indexing = SIZES[size]
    indexing_s = figures[indexing] * size / INDEXED[indexing]
    states = STATES_A_RETRAINING * WEEKS_A_MONTH + STATES_A_REINDEX * DAYS_A_MONTH
    parts = {
        "answers": answers / 1e6 * million_answers(figures, "recommend 10, with reasons"),
        "training": WEEKS_A_MONTH * container_usd(figures[training] / 3600, TRAINING_VCPUS, TRAINING_GB),
        "indexing": WEEKS_A_MONTH * indexing_s * STEP_GB * PRICES["lambda_gb_s"].usd,
        "states": states * PRICES["transition"].usd,
        "storage": VERSIONS_KEPT * size * BYTES_A_PROPERTY / 1e9 * PRICES["s3_gb_month"].usd,
    }
    return parts | {"together": sum(parts.values())}


def qdrant_month() -> float:
    return container_usd(HOURS_A_MONTH, QDRANT_VCPUS, QDRANT_GB)


def container_usd(hours: float, vcpus: float, gb: float) -> float:
    return hours * (vcpus * PRICES["fargate_vcpu_h"].usd + gb * PRICES["fargate_gb_h"].usd)
