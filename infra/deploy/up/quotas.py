"""What `make up` needs of an account, in one table, before it makes anything."""

from collections.abc import Iterator
from typing import NamedTuple

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.table import Table

from infra.deploy.expand import read_template
from infra.deploy.release.quotas import Need, needs
from infra.deploy.up.site import ROOT, Site

BUILDS = "Concurrently running builds for Linux/Small environment"
ASK = "aws service-quotas request-service-quota-increase --service-code {} --quota-code {} --desired-value {:g}"


class Line(NamedTuple):
    """One thing that is needed; `enough` is None where nobody may look."""

    name: str
    have: str
    need: str
    enough: bool | None
    cure: str = ""


def look(site: Site) -> Iterator[Line]:
    """Raises Unfinished without credentials; what they may not read is a line that says so."""
    account, region, caller = site.caller()
    yield Line("credentials", caller, "any that may make these stacks", enough=True)
    yield Line("account and region", f"{account}, {region}", "", enough=True)
    for need in _needs(site):
        yield _quota(site, need)
    yield _builds(site)
    yield _postgres(site)


def show(lines: list[Line], console: Console) -> list[str]:
    """Prints the table; the cures of what is not enough."""
    table = Table("", "there is", "needed", "")
    for line in lines:
        table.add_row(
            line.name, line.have, line.need, {True: "ok", False: "too small", None: "not readable"}[line.enough]
        )
    console.print(table)
    return [f"{line.name}: {line.cure}" for line in lines if line.enough is False]


def _needs(site: Site) -> Iterator[Need]:
    yield from needs(site.parameters)
    if site.describe(site.foundation):  # its own network and task are there already
        return
    networks = len(site.client("ec2").describe_vpcs()["Vpcs"])
    yield Need("vpc", "L-F678F1CE", "networks (VPC), with those there are", networks + 1, "Ask for more, or delete one")
    yield Need("fargate", "L-3032A538", "Fargate On-Demand vCPUs, for Qdrant", 1, "Ask for more")


def _quota(site: Site, need: Need) -> Line:
    try:
        found = site.client("service-quotas").get_service_quota(ServiceCode=need.service, QuotaCode=need.code)
    except (BotoCoreError, ClientError) as error:
        return Line(need.name, str(error), f"{need.amount:g}", enough=None)
    value = float(found["Quota"]["Value"])
    cure = f"{need.cure}: {ASK.format(need.service, need.code, need.amount)}"
    return Line(need.name, f"{value:g}", f"{need.amount:g}", value >= need.amount, cure)


def _builds(site: Site) -> Line:
    """By its name: a new account may have none at all."""
    try:
        pages = site.client("service-quotas").get_paginator("list_service_quotas").paginate(ServiceCode="codebuild")
        quotas = {quota["QuotaName"]: quota for page in pages for quota in page["Quotas"]}
        value, code = quotas[BUILDS]["Value"], quotas[BUILDS]["QuotaCode"]
    except (BotoCoreError, ClientError, KeyError) as error:
        return Line("builds of images at once", str(error), "1", enough=None)
    return Line("builds of images at once", f"{value:g}", "1", value >= 1, ASK.format("codebuild", code, 1))


def _postgres(site: Site) -> Line:
    parameters = read_template(ROOT / "infra/foundation.yaml")["Parameters"]
    version = site.parameters.get("PostgresVersion", parameters["PostgresVersion"]["Default"])
    offered = {"Engine": "aurora-postgresql", "EngineVersion": version}
    try:
        there = bool(site.client("rds").describe_db_engine_versions(**offered)["DBEngineVersions"])
    except (BotoCoreError, ClientError) as error:
        return Line("Aurora PostgreSQL", str(error), version, enough=None)
    cure = "PARAMETERS=PostgresVersion=…, one of: aws rds describe-db-engine-versions --engine aurora-postgresql"
    return Line("Aurora PostgreSQL", version if there else "another version", version, there, cure)
