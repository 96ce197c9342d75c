"""The product's own stacks: the migrations', and the product, with the foundation's outputs as their parameters."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from infra.deploy.up.foundation import AUTHORITIES
from infra.deploy.up.site import ROOT, SILENT, Site, as_parameters
from infra.deploy.up.tokens import client_ids

LAYER = ROOT / ".aws-sam/build/Model/python"  # /opt/python in Lambda


def parameters(site: Site, outputs: Mapping[str, str]) -> dict[str, str]:
    """The foundation's outputs, under them every client of its pool, over them what $PARAMETERS says."""
    return {**outputs, "JwtAudience": ",".join(client_ids(site, outputs)), **site.parameters}


def migrate(site: Site, outputs: Mapping[str, str]) -> str:
    options = ("--no-resolve-s3", "--s3-bucket", outputs["SourceBucket"])
    site.script("release/migrate.sh", *options, PARAMETERS=as_parameters(parameters(site, outputs)))
    return "roles, tables and passwords are up to date"


def build(site: Site, python: str, authorities: Path = AUTHORITIES, layer: Path = LAYER) -> str:
    architecture = site.parameters.get("Architecture", "arm64")
    site.script("build.sh", python, "--architecture", architecture)
    shutil.copy(authorities, layer)
    return f"functions and layers for {architecture}, PostgreSQL's authorities among them"


def deploy(site: Site, outputs: Mapping[str, str], image: str) -> str:
    """The API's address."""
    given = parameters(site, outputs) | {"TrainingImageUri": image}
    options = (*SILENT, "--no-resolve-s3", "--s3-bucket", outputs["SourceBucket"])
    site.script("release/deploy.sh", *options, PARAMETERS=as_parameters(given))
    return site.outputs(site.stack)["ApiUrl"]
