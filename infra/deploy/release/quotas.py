"""Are the account's quotas large enough? New accounts start small, and what waits for a vCPU is timed out in the end.

`python infra/deploy/release/quotas.py PARAMETERS.json` exits 1 when one is too small, and says what to do.
"""

import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

import boto3
from botocore.exceptions import BotoCoreError, ClientError

FUNCTIONS_AT_ONCE = 100  # so that a reindex does not take the API's: 4 tenants × 4 shards, and the requests
DEFAULTS = {
    "TrainingVcpus": "4",
    "TrainingAtOnce": "10",
    "TrainingCapacity": "FARGATE_SPOT",
}  # the template's


class Need(NamedTuple):
    """One quota and how much of it this deployment takes."""

    service: str
    code: str
    name: str
    amount: float
    cure: str


def needs(parameters: dict[str, str]) -> list[Need]:
    chosen = DEFAULTS | parameters
    vcpus, at_once = float(chosen["TrainingVcpus"]), float(chosen["TrainingAtOnce"])
    spot = chosen["TrainingCapacity"] == "FARGATE_SPOT"
    training = ("L-36FBB829", "Fargate Spot vCPUs") if spot else ("L-3032A538", "Fargate On-Demand vCPUs")
    return [
        Need("lambda", "L-B99A9384", "concurrent executions of functions", FUNCTIONS_AT_ONCE, "Ask for more"),
        Need("fargate", *training, vcpus * at_once, "Ask for more, or lower TrainingAtOnce"),
    ]


def too_small(client: Any, wanted: list[Need]) -> list[str]:
    """A sentence for each quota that is smaller than what is needed of it; raises botocore's errors."""
    found = [(need, _value(client, need)) for need in wanted]
    return [
        f"{need.name}: {value:g}, needed are {need.amount:g}. {need.cure}: aws service-quotas "
        f"request-service-quota-increase --service-code {need.service} --quota-code {need.code} "
        f"--desired-value {need.amount:g}"
        for need, value in found
        if value < need.amount
    ]


def _value(client: Any, need: Need) -> float:
    return float(client.get_service_quota(ServiceCode=need.service, QuotaCode=need.code)["Quota"]["Value"])


def main() -> None:
    parameters = json.loads(Path(sys.argv[1]).read_text())
    try:
        faults = too_small(boto3.client("service-quotas"), needs(parameters))
    except (BotoCoreError, ClientError) as error:
        print(f"the account's quotas could not be read, so they are not checked: {error}", file=sys.stderr)
        return
    if faults:
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main()
