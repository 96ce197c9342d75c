"""Where everything stands: an account, a region, the names of three stacks, and the scripts that deploy them."""

import os
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import httpx
from botocore.exceptions import BotoCoreError, ClientError

from infra.deploy.release.parameters import overrides, section
from infra.deploy.up.steps import Unfinished

ROOT = Path(__file__).parents[3]
SILENT = ("--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar")


@dataclass(frozen=True)
class Site:
    """One of samconfig.toml's sections, in the account that the environment names."""

    config: str = "default"
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)

    http: httpx.Client = field(default_factory=httpx.Client, repr=False)

    @cached_property
    def session(self) -> Any:
        return boto3.Session(region_name=self.environment.get("AWS_REGION"))

    @cached_property
    def stack(self) -> str:
        return str(section(self.config, "deploy")["stack_name"])

    @property
    def foundation(self) -> str:
        return f"{self.stack}-foundation"

    @property
    def migrations(self) -> str:
        return f"{self.stack}-migrate"

    @cached_property
    def parameters(self) -> dict[str, str]:
        """What samconfig.toml and $PARAMETERS say, the latter over the former."""
        kept = section(self.config, "deploy").get("parameter_overrides", "")
        return overrides(kept, self.environment.get("PARAMETERS", ""))

    def client(self, service: str) -> Any:
        return self.session.client(service)

    def caller(self) -> tuple[str, str, str]:
        """Account, region and who calls; raises Unfinished with what to set."""
        if not self.session.region_name:
            raise Unfinished("no region: set AWS_REGION, or choose a profile that has one with AWS_PROFILE")
        try:
            identity = self.client("sts").get_caller_identity()
        except (BotoCoreError, ClientError) as error:
            raise Unfinished(f"AWS does not let you in: {error}: set AWS_PROFILE, or keys") from error
        return identity["Account"], self.session.region_name, identity["Arn"]

    def outputs(self, stack: str) -> dict[str, str]:
        """Empty where there is no such stack."""
        found = self.describe(stack)
        return {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])}

    def describe(self, stack: str) -> dict[str, Any]:
        """A stack by its name or, also when it is gone, by its id; empty where there never was one."""
        try:
            stacks = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationError":
                return {}
            raise
        return dict(stacks[0]) if stacks else {}

    def script(self, name: str, *options: str, **given: str) -> None:
        """Runs one of infra/deploy's scripts, its output beside ours; raises CalledProcessError."""
        environment = {**self.environment, "CONFIG": self.config, "GUIDED": "", **given}
        environment["AWS_DEFAULT_REGION"] = self.session.region_name
        subprocess.run([ROOT / "infra/deploy" / name, *options], cwd=ROOT, env=environment, check=True)


def as_parameters(values: Mapping[str, str]) -> str:
    """NAME=VALUE …, as the scripts read it."""
    return " ".join(f"{name}={shlex.quote(value)}" for name, value in values.items())
