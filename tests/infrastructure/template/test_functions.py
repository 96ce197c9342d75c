"""The functions of the template, their layer and their events."""

import json
import tomllib
from typing import Any

import pytest
from packaging.requirements import Requirement

from infra.deploy.expand import expand
from portfolio_twin.adapters.s3.objects import QUICK
from portfolio_twin.adapters.time_left import longest_try
from portfolio_twin.entrypoints.http import ANSWER_SECONDS
from tests.infrastructure.resources import API, ROOT, Resources, functions, of_type

EVENTS = ROOT / "tests/events"


def test_the_functions_are_those_of_the_folders(resources: Resources) -> None:
    folders = {path.parent.relative_to(ROOT).as_posix() for path in ROOT.glob("functions/*/*/app.py")}
    assert {function["Properties"]["CodeUri"] for function in functions(resources).values()} == {
        f"{folder}/" for folder in folders
    }


def test_a_function_s_own_packages_are_those_that_are_tested_here() -> None:
    locked = (ROOT / "requirements.lock").read_text().splitlines()
    for requirements in ROOT.glob("functions/*/*/requirements.txt"):
        assert set(requirements.read_text().split()) <= set(locked), requirements


def test_all_functions_run_on_one_runtime_behind_an_alias_and_on_either_architecture(template: dict[str, Any]) -> None:
    shared, architecture = template["Globals"]["Function"], template["Parameters"]["Architecture"]
    assert (shared["Runtime"], shared["AutoPublishAlias"]) == ("python3.13", "live")
    assert shared["Architectures"] == [{"Ref": "Architecture"}]
    assert (architecture["Default"], architecture["AllowedValues"]) == ("arm64", ["arm64", "x86_64"])


def test_another_release_publishes_every_function_and_moves_its_alias(template: dict[str, Any]) -> None:
    """A change of `shared/`, of a layer or of a parameter's value is no change to SAM, nor to Lambda's own code."""
    names = functions(template["Resources"])
    first, second = (expand(template, Release=digit * 64)["Resources"] for digit in "ab")
    for name in names:
        before, after = (version_behind(resources, name) for resources in (first, second))
        assert before != after, name
        assert first[name]["Properties"]["Environment"]["Variables"]["CODE_VERSION"] == {"Ref": "Release"}


def version_behind(resources: Resources, function: str) -> str:
    attribute: list[str] = resources[f"{function}Aliaslive"]["Properties"]["FunctionVersion"]["Fn::GetAtt"]
    return attribute[0]


def test_two_stages_in_one_account_do_not_share_a_layer(expanded: Resources) -> None:
    for layer in of_type(expanded, "AWS::Lambda::LayerVersion").values():
        assert layer["Properties"]["LayerName"]["Fn::Sub"].startswith("${AWS::StackName}-")


def test_every_function_is_in_the_network_that_the_parameters_name(template: dict[str, Any]) -> None:
    network = {"SubnetIds": {"Ref": "VpcSubnetIds"}, "SecurityGroupIds": {"Ref": "VpcSecurityGroupIds"}}
    assert template["Globals"]["Function"]["VpcConfig"] == network
    assert not [name for name, one in functions(template["Resources"]).items() if "VpcConfig" in one["Properties"]]


def test_whoever_waits_for_an_answer_gets_it_from_a_snapshot(template: dict[str, Any]) -> None:
    for name in API:
        assert template["Resources"][name]["Properties"]["SnapStart"] == {"ApplyOn": "PublishedVersions"}
    assert "PublishedVersions" in template["Parameters"]["PipelineSnapStart"]["AllowedValues"]


def test_api_functions_are_deployed_behind_alarms_and_end_before_the_gateway_does(template: dict[str, Any]) -> None:
    for name in API:
        properties = template["Globals"]["Function"] | template["Resources"][name]["Properties"]
        assert properties["Timeout"] <= 28
        assert (properties["Timeout"] - ANSWER_SECONDS) / 2 > longest_try(QUICK)  # a new model is loaded in half of it
        alarms = [alarm["Ref"] for alarm in properties["DeploymentPreference"]["Alarms"]]
        assert alarms == [f"{name}Errors", f"{name}Faults", f"{name}Slow"]
        assert all(template["Resources"][alarm]["Type"] == "AWS::CloudWatch::Alarm" for alarm in alarms)


@pytest.mark.parametrize("event", sorted(path.relative_to(EVENTS).as_posix() for path in EVENTS.glob("*/*.json")))
def test_events_are_json(event: str) -> None:
    assert json.loads((EVENTS / event).read_text())


def test_every_function_has_an_event() -> None:
    events = {path.relative_to(EVENTS).with_suffix("") for path in EVENTS.glob("*/*.json")}
    folders = {path.parent.relative_to(ROOT / "functions") for path in ROOT.glob("functions/*/*/app.py")}
    assert folders <= events


def test_the_layer_is_locked_from_the_project_s_dependencies() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    locked = pins("layers/dependencies/requirements.txt")
    for wanted in map(Requirement, project["dependencies"]):
        assert wanted.specifier.contains(locked[wanted.name]), wanted


def test_the_training_image_gets_the_versions_that_the_tests_ran_on() -> None:
    tested, image = pins("requirements.lock"), pins("functions/train/requirements.txt")
    assert image.items() <= tested.items()


def pins(file: str) -> dict[str, str]:
    """Name and version of every line of a lock file."""
    lines = [line for line in (ROOT / file).read_text().splitlines() if line and not line.startswith(("#", " "))]
    specifiers = {requirement.name: requirement.specifier for requirement in map(Requirement, lines)}
    assert all([pin.operator for pin in specifier] == ["=="] for specifier in specifiers.values())
    return {name: next(iter(specifier)).version for name, specifier in specifiers.items()}
