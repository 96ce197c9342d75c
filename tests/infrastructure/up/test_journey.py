"""`make up`: which steps in which order, what each hands to the next, and that they can be walked again."""

import json
import shlex
from pathlib import Path

import boto3
import pytest
from rich.console import Console

from infra.deploy.up import foundation, product
from infra.deploy.up.image import ImageBuild
from infra.deploy.up.journey import Up
from infra.deploy.up.steps import Step, Unfinished, walk
from tests.infrastructure.resources import ROOT
from tests.infrastructure.up.conftest import API, TENANT, Web, Written


def up(site: Written, market: str | None = None) -> Up:
    return Up(site, market or "first", market, Console(quiet=True))


def test_the_foundation_comes_first_and_the_image_is_built_while_the_others_go_on(site: Written) -> None:
    assert [step.name for step in up(site).steps()] == [
        "credentials and quotas", "foundation", "PostgreSQL's authorities", "training image: start", "PostgreSQL",
        "functions", "training image: ready", "product", "tenant first", "answer",
    ]  # fmt: skip
    seeded = [step.name for step in up(site, "mesa").steps()]
    assert seeded[-3:] == ["data of mesa", "model", "answer"]


def test_the_page_tells_each_step(site: Written) -> None:
    page = (ROOT / "docs/operations.md").read_text().partition("| step | what it does |")[2].partition("\n\n")[0]
    told = [name for line in page.splitlines()[2:] for name in line.split("|")[1].strip().split(", ")]
    names = [step.name.removesuffix(" mesa").removesuffix(" of") for step in up(site, "mesa").steps()]
    assert told == names


def test_each_step_names_itself_and_what_came_of_it() -> None:
    said: list[str] = []
    walk([Step("one", lambda: "done", ""), Step("two", lambda: "done too", "")], said.append, "make up")
    assert [line.rpartition(" (")[0] or line for line in said] == [
        "[1/2] one",
        "      done",
        "[2/2] two",
        "      done too",
    ]


def test_a_step_that_fails_says_what_to_do_and_the_next_ones_are_not_walked() -> None:
    def fail() -> str:
        raise Unfinished("no such thing")

    walked: list[str] = []
    later = Step("two", lambda: "never", "")
    with pytest.raises(
        SystemExit, match="one: no such thing\nLook there\\.\nThen make up: what is done is not done again"
    ):
        walk([Step("one", fail, "Look there."), later], walked.append, "make up")
    assert walked == ["[1/2] one"]


def test_the_foundation_is_told_whose_machine_reindexes_and_only_its_own_parameters(site: Written) -> None:
    site.environment["PARAMETERS"] = "PostgresVersion=17.9 Stage=qa"
    foundation.lay_foundation(site)
    ((script, *options),) = site.calls
    assert script == "sam.sh"
    assert options[options.index("--stack-name") + 1] == "portfolio-twin-dev-foundation"
    assert options[options.index("--parameter-overrides") + 1 :] == [
        "PostgresVersion=17.9",
        "ProductStack=portfolio-twin-dev",
    ]


def test_the_authorities_are_fetched_once(site: Written, web: Web, tmp_path: Path) -> None:
    for _ in range(2):
        assert foundation.fetch_authorities(site, tmp_path / "ca.pem") == "1 authorities in ca.pem"
    assert len(web.requests) == 1


def test_the_product_gets_the_outputs_every_client_and_the_image_and_what_is_given_goes_over_them(
    site: Written, laid: dict[str, str]
) -> None:
    site.environment["PARAMETERS"] = "AlarmEmail='a b@example.com' QdrantUrl=https://ours:6333"
    assert product.deploy(site, laid, "image@sha256:1") == API
    given = dict(word.split("=", 1) for word in shlex.split(site.given[0]["PARAMETERS"]))
    assert given["JwtAudience"] == ",".join(sorted([laid["FirstClientId"], laid["AdminClientId"]]))
    assert (given["TrainingImageUri"], given["DatabaseUrl"]) == ("image@sha256:1", laid["DatabaseUrl"])
    assert (given["AlarmEmail"], given["QdrantUrl"]) == ("a b@example.com", "https://ours:6333")
    assert site.calls[0][-3:] == ("--no-resolve-s3", "--s3-bucket", "sources")


def test_the_layer_gets_the_authorities_that_the_database_s_address_names(site: Written, tmp_path: Path) -> None:
    layer = tmp_path / "layer"
    layer.mkdir()
    fetched = tmp_path / foundation.AUTHORITIES.name
    foundation.fetch_authorities(site, fetched)
    product.build(site, "python", fetched, layer)
    named = site.outputs(site.foundation)["DatabaseUrl"].rpartition("sslrootcert=")[2]
    assert [f"/opt/{product.LAYER.name}/{path.name}" for path in layer.iterdir()] == [named]


def test_the_tenant_is_made_by_the_admin_s_token_and_its_client_is_written_down(
    site: Written, laid: dict[str, str], web: Web
) -> None:
    journey = up(site)
    journey.url = API
    for _ in range(2):  # again changes nothing
        journey.make_tenant()
    table = boto3.resource("dynamodb").Table("clients")
    assert table.scan()["Items"] == [{"client_id": laid["FirstClientId"], "tenant_id": TENANT}]
    asked = web.requests[0].content.decode()
    assert "twin%2Fadmin" in asked
    assert web.requests[1].headers["Authorization"] == "Bearer the token"


def test_without_data_health_is_asked_and_with_data_a_recommendation(site: Written, web: Web) -> None:
    for market, path in ((None, "/health"), ("mesa", "/recommend")):
        journey = up(site, market)
        journey.url = API
        journey.ask()
        assert web.requests[-1].url.path == path


def test_an_image_of_the_same_source_is_not_built_again(site: Written, laid: dict[str, str]) -> None:
    _project()
    first = ImageBuild(site, laid, b"source")
    assert first.start().endswith("is being built, while the next steps go on")
    _push(first.tag)
    image = first.finish(lambda _: None, every=0)
    again = ImageBuild(site, laid, b"source")
    assert again.start().endswith("has been built")
    assert again.finish(lambda _: None) == image
    assert image.startswith(f"{laid['ImageUri']}@sha256:")
    assert ImageBuild(site, laid, b"another source").tag != first.tag


def _project() -> None:
    boto3.client("codebuild").create_project(
        name="project", serviceRole="arn:aws:iam::123456789012:role/service-role/build",
        source={"type": "S3", "location": "sources/training.zip"}, artifacts={"type": "NO_ARTIFACTS"},
        environment={"type": "LINUX_CONTAINER", "image": "image", "computeType": "BUILD_GENERAL1_SMALL"},
    )  # fmt: skip


def _push(tag: str) -> None:
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    manifest = json.dumps({"schemaVersion": 2, "mediaType": kind, "config": {"digest": "sha256:1"}, "layers": []})
    boto3.client("ecr").put_image(repositoryName="images", imageTag=tag, imageManifest=manifest)
