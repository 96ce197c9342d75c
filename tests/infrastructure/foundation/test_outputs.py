"""What the foundation gives and what the two templates ask for, by name."""

import re
from typing import Any

import yaml  # type: ignore[import-untyped]  # ships no types

from infra.deploy.expand import read_template
from tests.infrastructure.resources import ROOT, Resources
from tests.infrastructure.service_models import PSEUDO

MIGRATIONS = ROOT / "infra/migrations/template.yaml"
FOR_UP = {
    "SourceBucket", "ImageProject", "ImageRepository", "ImageUri",
    "UserPool", "ClientTable", "FirstClientId", "AdminClientId", "TokenUrl",
}  # fmt: skip
GIVEN_BY_UP = {"Release", "TrainingImageUri"}
EXAMPLES = {"Postgres.Endpoint.Address": "host.example.com", "Users": "eu-west-1_abc"} | PSEUDO


def parameters(template: dict[str, Any]) -> dict[str, Any]:
    return dict(template["Parameters"] | read_template(MIGRATIONS)["Parameters"])


def test_every_output_is_a_parameter_or_make_up_s_own(template: dict[str, Any], foundation: dict[str, Any]) -> None:
    assert foundation["Outputs"].keys() - parameters(template).keys() == FOR_UP


def test_every_parameter_without_a_default_is_an_output_or_worked_out_by_make_up(
    template: dict[str, Any], foundation: dict[str, Any]
) -> None:
    asked = {name for name, parameter in parameters(template).items() if "Default" not in parameter}
    assert asked - foundation["Outputs"].keys() == GIVEN_BY_UP


def test_what_it_gives_is_what_the_parameters_take(template: dict[str, Any], foundation: dict[str, Any]) -> None:
    for name in ("JwtIssuer", "QdrantUrl", "DatabaseUrl", "PostgresUrl"):
        text = foundation["Outputs"][name]["Value"]["Fn::Sub"]
        value = re.sub(r"\$\{([\w:.]+)\}", lambda match: EXAMPLES[match[1]], text)
        assert re.fullmatch(parameters(template)[name]["AllowedPattern"], value), value


def test_only_a_name_of_the_network_s_own_may_be_asked_without_tls(template: dict[str, Any]) -> None:
    pattern = template["Parameters"]["QdrantUrl"]["AllowedPattern"]
    assert re.fullmatch(pattern, "http://qdrant.portfolio-twin-dev-foundation.internal:6333")
    assert re.fullmatch(pattern, "https://qdrant.example.com:6333")
    assert not re.fullmatch(pattern, "http://qdrant.example.com:6333")
    assert not re.fullmatch(pattern, "http://qdrant.example.com/.internal")


def test_codebuild_can_read_what_it_is_to_do(laid: Resources) -> None:
    phases = yaml.safe_load(laid["ImageBuild"]["Properties"]["Source"]["BuildSpec"])["phases"]
    commands = [command for phase in phases.values() for command in phase["commands"]]
    assert all(isinstance(command, str) for command in commands)  # a colon and a space would have made a mapping of it
    variables = {one["Name"] for one in laid["ImageBuild"]["Properties"]["Environment"]["EnvironmentVariables"]}
    assert set(re.findall(r"\$\{?([A-Z_]+)", " ".join(commands))) == variables


def test_the_training_has_the_architecture_that_the_image_is_built_for(
    template: dict[str, Any], laid: Resources
) -> None:
    assert template["Parameters"]["TrainingArchitecture"]["Default"] == "X86_64"
    assert "x86_64" in laid["ImageBuild"]["Properties"]["Environment"]["Image"]
