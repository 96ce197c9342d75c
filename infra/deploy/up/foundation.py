"""The foundation's stack, and the authorities that sign PostgreSQL's certificates."""

from pathlib import Path

import httpx

from infra.deploy.release.leftover import remove_failed_create
from infra.deploy.up.site import ROOT, SILENT, Site
from infra.deploy.up.steps import Unfinished

TEMPLATE = ROOT / "infra/foundation.yaml"
# AWS's own address for them, of all regions.
AUTHORITIES_URL = "https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem"
AUTHORITIES = ROOT / "build/rds-ca.pem"
# Its own parameters: the others are the product's.
OWN = ("PostgresVersion", "PostgresMaxCapacity", "QdrantImage")


def lay_foundation(site: Site, template: Path = TEMPLATE) -> str:
    """A stack that is as it should be stays as it is."""
    remove_failed_create(site.client("cloudformation"), site.foundation)
    chosen = {name: value for name, value in site.parameters.items() if name in OWN} | {"ProductStack": site.stack}
    site.script(
        "sam.sh", "deploy", "--template-file", str(template),
        "--config-file", str(ROOT / "samconfig.toml"), "--config-env", site.config, "--stack-name", site.foundation,
        "--no-resolve-s3", *SILENT, "--parameter-overrides", *(f"{name}={value}" for name, value in chosen.items()),
    )  # fmt: skip
    return f"{site.foundation} stands"


def fetch_authorities(site: Site, file: Path = AUTHORITIES) -> str:
    """Aurora's certificates are signed by Amazon's own authorities, which no system knows."""
    if not file.exists():
        try:
            text = site.http.get(AUTHORITIES_URL, timeout=30).raise_for_status().text
        except httpx.HTTPError as error:
            raise Unfinished(f"{AUTHORITIES_URL}: {error}") from error
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    return f"{file.read_text().count('BEGIN CERTIFICATE')} authorities in {file.name}"
