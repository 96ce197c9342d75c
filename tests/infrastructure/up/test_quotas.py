"""The table before anything is made."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from rich.console import Console

from infra.deploy.up.quotas import BUILDS, Line, look, show
from infra.deploy.up.site import Site
from infra.deploy.up.steps import Unfinished
from tests.infrastructure.up.conftest import REGION, Written

ANY = '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}'


def test_without_credentials_or_region_it_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    with pytest.raises(Unfinished, match="no region: set AWS_REGION"):
        list(look(Site(environment={})))


class Quotas:
    """The service's answers: values by code, and those of CodeBuild by name; the rest may not be read."""

    def __init__(self, values: dict[str, float], builds: float) -> None:
        self._values, self._builds = values, builds

    def get_service_quota(self, ServiceCode: str, QuotaCode: str) -> dict[str, Any]:
        if QuotaCode not in self._values:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetServiceQuota")
        return {"Quota": {"Value": self._values[QuotaCode]}}

    def get_paginator(self, _: str) -> "Quotas":
        return self

    def paginate(self, ServiceCode: str) -> list[dict[str, Any]]:
        assert ServiceCode == "codebuild"
        return [{"Quotas": [{"QuotaName": BUILDS, "QuotaCode": "L-BUILDS", "Value": self._builds}]}]


class Engines:
    def describe_db_engine_versions(self, Engine: str, EngineVersion: str) -> dict[str, Any]:
        assert Engine == "aurora-postgresql"
        return {"DBEngineVersions": [EngineVersion] if EngineVersion == "17.7" else []}


class WithQuotas(Written):
    quotas = Quotas({"L-B99A9384": 10.0, "L-36FBB829": 64.0}, builds=0.0)

    def client(self, service: str) -> Any:
        return {"service-quotas": self.quotas, "rds": Engines()}.get(service) or super().client(service)


def test_every_need_is_a_line_and_what_nobody_may_read_says_so(site: Written) -> None:
    lines = {line.name: line for line in look(WithQuotas(stacks=site.stacks))}
    assert lines["credentials"].have.startswith("arn:aws:sts::")
    assert REGION in lines["account and region"].have
    assert lines["Fargate Spot vCPUs"].enough is True
    assert lines["Fargate On-Demand vCPUs, for Qdrant"].enough is None
    assert lines["Aurora PostgreSQL"].enough is True
    functions, builds = lines["concurrent executions of functions"], lines["builds of images at once"]
    assert (functions.enough, builds.enough) == (False, False)
    assert functions.cure.endswith("--service-code lambda --quota-code L-B99A9384 --desired-value 100")
    assert builds.cure.endswith("--service-code codebuild --quota-code L-BUILDS --desired-value 1")


def test_a_version_of_postgresql_that_aurora_does_not_offer_is_told(site: Written) -> None:
    asked = WithQuotas(stacks=site.stacks, environment={"AWS_REGION": REGION, "PARAMETERS": "PostgresVersion=16.0"})
    (line,) = [line for line in look(asked) if line.name == "Aurora PostgreSQL"]
    assert (line.enough, line.need) == (False, "16.0")
    assert "aws rds describe-db-engine-versions" in line.cure


def test_what_stands_already_is_not_asked_for_again(site: Written) -> None:
    boto3.client("cloudformation").create_stack(StackName=site.foundation, TemplateBody=ANY)
    assert not [line.name for line in look(WithQuotas(stacks=site.stacks)) if "VPC" in line.name]


def test_what_is_too_small_is_told_with_its_cure() -> None:
    console = Console(record=True, width=120, quiet=False, file=None)
    with console.capture() as shown:
        faults = show(
            [
                Line("vCPUs", "6", "10", False, "Ask for more"),
                Line("builds", "1", "1", True),
                Line("key", "?", "1", None),
            ],
            console,
        )
    assert faults == ["vCPUs: Ask for more"]
    assert all(text in shown.get() for text in ("too small", "ok", "not readable"))
