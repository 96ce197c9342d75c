"""A simulated market as a tenant of the product: its files where an import hears them, then a retraining."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

from infra.deploy.up.site import Site
from infra.deploy.up.steps import Say, Unfinished, wait_until
from portfolio_twin.adapters.s3 import keys

FILES = ("properties.csv.gz", "interactions.csv.gz")  # in this order: the second names what the first brings
IMPORT_SECONDS, RETRAIN_SECONDS = 1800.0, 5400.0
SEED = 7  # the same market every time


def make_market(market: str, folder: Path) -> str:
    """The market's two files in a folder; raises Unfinished for one that there is not."""
    from infra.simulator import MARKETS, simulate, write_canonical  # takes a second, which `--help` need not

    if market not in MARKETS:
        raise Unfinished(f"no market {market}: SEED is one of {', '.join(MARKETS)}")
    simulation = simulate(MARKETS[market], SEED)
    write_canonical(simulation, folder)
    return f"{len(simulation.catalogue)} properties, {len(simulation.log)} interactions"


def put_file(site: Site, tenant_id: str, file: Path) -> str:
    """Where the import machine hears it; the object's address."""
    bucket, key = site.outputs(site.stack)["BucketName"], f"{keys.imports(UUID(tenant_id))}{file.name}"
    site.client("s3").put_object(Bucket=bucket, Key=key, Body=file.read_bytes())
    return f"s3://{bucket}/{key}"


class Machine:
    """One of the product's state machines."""

    def __init__(self, site: Site, name: str, every: float = 10.0) -> None:
        account, region, _ = site.caller()
        self._steps, self._every, self.name = site.client("stepfunctions"), every, name
        partition = site.session.get_partition_for_region(region)
        self._arn = f"arn:{partition}:states:{region}:{account}:stateMachine:{site.stack}-{name}"

    def run(self, given: dict[str, Any], seconds: float, say: Say) -> str:
        """Starts it and waits; raises Unfinished with the cause."""
        return self.wait(self.start(given, say), seconds)

    def start(self, given: dict[str, Any], say: Say) -> str:
        arn = str(self._steps.start_execution(stateMachineArn=self._arn, input=json.dumps(given))["executionArn"])
        say(f"      {arn}")
        return arn

    def hear(self, since: set[str], seconds: float, say: Say) -> str:
        """Waits for the executions that something else starts, at least one, and for their ends."""
        wait_until(lambda: bool(self.executions() - since), seconds, self._every)
        self.idle(seconds)
        for arn in sorted(self.executions() - since):
            say(f"      {arn}")
            self.wait(arn, seconds)
        return f"{self.name} has ended"

    def executions(self) -> set[str]:
        return {one["executionArn"] for one in self._steps.list_executions(stateMachineArn=self._arn)["executions"]}

    def idle(self, seconds: float) -> None:
        """Waits for what runs, whoever started it."""
        running = {"stateMachineArn": self._arn, "statusFilter": "RUNNING"}
        wait_until(lambda: not self._steps.list_executions(**running)["executions"], seconds, self._every)

    def ended(self, arn: str) -> bool:
        return bool(self._steps.describe_execution(executionArn=arn)["status"] != "RUNNING")

    def wait(self, arn: str, seconds: float) -> str:
        wait_until(lambda: self.ended(arn), seconds, self._every)
        ended = self._steps.describe_execution(executionArn=arn)
        if ended["status"] != "SUCCEEDED":
            cause = ended.get("cause") or "see its history"
            raise Unfinished(f"{self.name} {ended['status'].lower()}: {cause} ({arn})")
        return f"{self.name} succeeded"
