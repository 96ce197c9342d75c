"""From what one tenant takes to what many take: events, bytes, hours, gigabytes, dollars a month."""

import json
from collections.abc import Mapping
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

from infra.deploy.expand import read_template
from portfolio_twin.services.pipeline.plan_index import SIZES
from tests.benchmarks.scale.machines import run_of, tenant_of

TABLE = json.loads(Path(__file__).with_name("prices.json").read_text())["prices"]
PRICES = {name: one["price"] for name, one in TABLE.items()}
DAYS_A_MONTH, DAYS_A_WEEK, HOUR, GB, MIB_OF_A_GB = 365.25 / 12, 7, 3600, 1e9, 1024
VERSIONS, SWITCHING = 2, 1  # live and the one before; the next while it is being indexed
FUNCTIONS = {"IndexProperties": "IndexShard", "IndexUsers": "IndexShard", "CheckIndex": "PlanIndex"}  # called otherwise
INDEXING = ("CheckIndex", "PlanIndex", "IndexProperties", "IndexUsers", "VerifyIndex")
READING = ("CheckData", "PrepareData")  # what a job does for a large tenant
BY_PROPERTIES = ("IndexProperties", "VerifyIndex", "PlanIndex")  # the other steps grow with the interactions


class Size(NamedTuple):
    """So many tenants of so many rows."""

    tenants: int
    properties: int
    interactions: int


class Template:
    """What the deployment says of itself."""

    def __init__(self) -> None:
        template = read_template()
        self._parameters, self._resources = template["Parameters"], template["Resources"]
        self._shared = template["Globals"]["Function"]
        self.vcpus, self.training_mib = int(self.default("TrainingVcpus")), int(self.default("TrainingMemoryMib"))
        self.most_vcpus, self.large = int(self.default("TrainingMaxVcpus")), int(self.default("LargeTenantRows"))
        training = self._resources["TrainingJob"]["Properties"]["Timeout"]["AttemptDurationSeconds"]
        self.training_hours = int(training) / HOUR
        self.step_hours = int(self._resources["CheckData"]["Properties"]["Timeout"]) / HOUR
        self.keep_days = float(self.default("KeepVersionsDays"))
        self.retrainings, self.reindexes = (self._a_month(*of) for of in (("Retrain", "Weekly"), ("Reindex", "Daily")))

    def default(self, parameter: str) -> Any:
        return self._parameters[parameter]["Default"]

    def gb_of(self, state: str) -> float:
        properties = self._shared | self._resources[FUNCTIONS.get(state, state)]["Properties"]
        return float(properties["MemorySize"]) / MIB_OF_A_GB

    def _a_month(self, machine: str, event: str) -> float:
        """Of a schedule that names a day of the week, or none."""
        cron = self._resources[machine]["Properties"]["Events"][event]["Properties"]["Schedule"].strip("cron()").split()
        return DAYS_A_MONTH if cron[4] in "?*" else DAYS_A_MONTH / DAYS_A_WEEK


def reckon(size: Size, measured: Mapping[str, Any], vcpus: int, share: float) -> dict[str, float]:
    """`share` of the tenants has news each week; all are reindexed each day."""
    template = Template()
    by_properties, by_log = (size.properties / measured["properties"], size.interactions / measured["interactions"])
    seconds = {
        state: taken * (by_properties if state in BY_PROPERTIES else by_log)
        for state, taken in measured["seconds"].items()
    }
    investors = measured["points"]["users"] * by_log
    points = measured["points"]["properties"] * by_properties + investors
    shards = {"PropertyShards": ceil(size.properties / SIZES.properties), "UserShards": ceil(investors / SIZES.users)}
    nested = run_of("reindex") + tenant_of("reindex", shards)
    retrain, learning = tenant_of("retrain", {}), size.tenants * share
    at_once = min(size.tenants, max(1, vcpus // template.vcpus))
    kept = VERSIONS + template.keep_days / DAYS_A_WEEK
    gigabytes = sum(measured["bytes"].values()) * max(by_properties, by_log) * kept * size.tenants / GB
    qdrant = points * measured["bytes_of_a_point"] * size.tenants / GB
    in_a_job = READING if size.properties + size.interactions > template.large else ()
    jobs = {"Train": seconds["Train"], "PrepareLarge": sum(seconds[state] for state in in_a_job)}
    calls = {state: took for state, took in seconds.items() if _is_a_function(state) and state not in in_a_job}
    steps = {s: took * template.gb_of(s) for s, took in calls.items()}
    daily = sum(gb for s, gb in steps.items() if s in INDEXING)
    transitions = template.retrainings * learning * (retrain + nested).transitions
    transitions += template.reindexes * size.tenants * tenant_of("reindex", shards).transitions
    training = template.vcpus * PRICES["fargate_spot_vcpu_hour"]
    training += template.training_mib / MIB_OF_A_GB * PRICES["fargate_spot_gb_hour"]
    gb_seconds = template.retrainings * learning * sum(steps.values()) + template.reindexes * size.tenants * daily
    dollars = {
        "Step Functions": transitions * PRICES["states_transition_standard"],
        "Lambda, pipelines": gb_seconds * PRICES["lambda_gb_second_arm64"],
        "Batch, Spot": template.retrainings * learning * sum(jobs.values()) / HOUR * training,
        "S3": gigabytes * PRICES["s3_standard_gb_month"],
        "Qdrant": qdrant * VERSIONS * PRICES["qdrant_gb_node_month"],
    }
    return {
        "events of the run": run_of("retrain").events,
        "events of a tenant": retrain.events,
        "events of its reindex": tenant_of("reindex", shards).events,
        "MB of the list in S3": measured["bytes_of_a_line"] * learning / 1e6,
        "hours a retraining": learning * sum(s for n, s in seconds.items() if _is_work(n)) / at_once / HOUR,
        f"hours of one job, {template.training_hours:.1f} allowed": max(jobs.values()) / HOUR,
        f"hours of one step, {template.step_hours:.2f} allowed": max(s for n, s in calls.items() if _is_call(n)) / HOUR,
        "GB in S3": gigabytes,
        "GB in Qdrant": qdrant * VERSIONS,
        "GB in Qdrant while switching": qdrant * (VERSIONS + SWITCHING),
        **{f"$ {name}": price for name, price in dollars.items()},
        "$ a month": sum(dollars.values()),
    }


def _is_work(state: str) -> bool:
    """A state that takes its own time; Reindex and the Maps take that of the states in them."""
    return state == "Train" or _is_a_function(state)


def _is_call(state: str) -> bool:
    """One call of a function for the whole tenant: indexing is in shards."""
    return state not in ("IndexProperties", "IndexUsers")


def _is_a_function(state: str) -> bool:
    return state in (*INDEXING, "CheckData", "PrepareData", "EvaluateGates", "DeployModel", "PromoteModel")
