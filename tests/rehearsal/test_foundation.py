"""The foundation in the emulated account: made, found again, asked for tokens, built on, and all of it taken away."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.deploy.expand import read_template
from infra.deploy.up import down, product, tokens
from infra.deploy.up.foundation import TEMPLATE, lay_foundation
from infra.deploy.up.site import Site
from infra.deploy.up.steps import Unfinished, walk
from tests.rehearsal.conftest import PARAMETERS, Rehearsal
from tests.rehearsal.ministack import COPY, STACK
from tests.rehearsal.stand_ins import replace_in_foundation

TENANT = "b1d0a9f6-57a5-4c7e-8f2b-93f6f0f0c3aa"
SECRETS = ("QdrantSecretArn", "DatabaseSecretArn", "PipelineDatabaseSecretArn")


@pytest.fixture(scope="module")
def file(rehearsal: Rehearsal) -> Path:
    """The foundation with stand-ins put in."""
    template = read_template(TEMPLATE)
    replaced = replace_in_foundation(template)
    print("\nMiniStack lacks, so these were replaced in the foundation:", *replaced, sep="\n  ")
    (COPY / "foundation.json").write_text(json.dumps(template))
    return COPY / "foundation.json"


@pytest.fixture
def site(rehearsal: Rehearsal, file: Path) -> Iterator[Site]:
    """Where the foundation stands: made where it is missing, and otherwise left as it is."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_ENDPOINT_URL"):
            patch.setenv(name, rehearsal.cloud.environment[name])
        there = Site(environment=rehearsal.cloud.environment)
        lay_foundation(there, file)
        yield there
        there.http.close()


@pytest.fixture
def outputs(site: Site) -> dict[str, str]:
    """The foundation's, with the emulator's own address for tokens."""
    return site.outputs(site.foundation) | {"TokenUrl": f"{site.environment['AWS_ENDPOINT_URL']}/oauth2/token"}


def claims(token: str) -> dict[str, str]:
    return dict(json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "===")))


def test_the_trigger_puts_the_tenant_of_the_table_into_the_token(site: Site, outputs: dict[str, str]) -> None:
    client = tokens.add_client(site, outputs, "acme", TENANT)
    told = claims(tokens.token(site, outputs, client, "twin/read twin/write"))
    assert (told["tenant_id"], told["client_id"], told["token_use"]) == (TENANT, client, "access")
    assert "aud" not in told  # so API Gateway looks at client_id, and JwtAudience lists the clients
    assert client in tokens.client_ids(site, outputs)


def test_a_client_that_is_not_in_the_table_gets_no_token(site: Site, outputs: dict[str, str]) -> None:
    with pytest.raises(Unfinished, match=r"answered (400|500)"):  # AWS says 400
        tokens.token(site, outputs, outputs["FirstClientId"], "twin/read")


def test_the_admin_s_token_has_no_tenant_and_nobody_else_gets_its_scope(site: Site, outputs: dict[str, str]) -> None:
    assert "tenant_id" not in claims(tokens.token(site, outputs, outputs["AdminClientId"], "twin/admin"))
    for client, scope in ((outputs["AdminClientId"], "twin/read"), (outputs["FirstClientId"], "twin/admin")):
        with pytest.raises(Unfinished, match="answered 400"):
            tokens.token(site, outputs, client, scope)


def test_the_product_stands_on_the_outputs_and_make_down_leaves_nothing(
    rehearsal: Rehearsal, site: Site, outputs: dict[str, str]
) -> None:
    """Bucket, key and queue outlive their stack: they are the last to go."""
    vault = site.client("secretsmanager")  # whose Ref is a name there, and an ARN at AWS
    arns = {name: vault.describe_secret(SecretId=outputs[name])["ARN"] for name in SECRETS}
    given = PARAMETERS | product.parameters(site, outputs) | arns | {"Architecture": PARAMETERS["Architecture"]}
    through = ["--no-resolve-s3", "--s3-bucket", outputs["SourceBucket"]]
    done = rehearsal.cloud.deploy(rehearsal.release(), given, None, through)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    predict = site.client("lambda").get_function_configuration(FunctionName=f"{STACK}-Predict", Qualifier="live")
    assert predict["Environment"]["Variables"]["QDRANT_URL"] == outputs["QdrantUrl"]
    bucket = rehearsal.cloud.physical_id("Bucket")
    site.client("s3").put_object(Bucket=bucket, Key="one", Body=b"1")
    for _ in range(2):
        walk(down.steps(site, print), print, "make down")
    assert rehearsal.cloud.everything() == set()
    assert not site.describe(STACK)
    assert not site.describe(site.foundation)
