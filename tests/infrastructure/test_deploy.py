"""What `make deploy` says before it goes to an account: each error names its cure."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from botocore.session import Session
from botocore.stub import Stubber
from moto.server import ThreadedMotoServer

from infra.deploy.release.parameters import new_release, overrides, section
from infra.deploy.release.quotas import DEFAULTS, needs, too_small
from tests.infrastructure.resources import ROOT


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


def run(*command: object, **environment: str) -> "subprocess.CompletedProcess[str]":
    ours = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    ours |= {"AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nonexistent"}  # no profile of whoever runs the tests
    called = [str(part) for part in command]
    return subprocess.run(called, cwd=ROOT, env=ours | environment, capture_output=True, text=True, check=False)


def account(**environment: str) -> "subprocess.CompletedProcess[str]":
    return run(sys.executable, "infra/deploy/release/account.py", **environment)


def test_the_region_is_told_to_the_script_and_the_caller_to_the_person(aws: str) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    done = account(AWS_ENDPOINT_URL=aws, AWS_REGION="eu-west-1", **keys)
    assert (done.returncode, done.stdout) == (0, "eu-west-1\n")
    assert "deploying to eu-west-1 as arn:aws:sts::" in done.stderr


@pytest.mark.parametrize(
    ("environment", "cure"),
    [
        ({}, "no region: set AWS_REGION"),
        ({"AWS_REGION": "eu-west-1"}, "set AWS_PROFILE"),
        ({"AWS_REGION": "eu-west-1", "AWS_PROFILE": "nobody"}, "set AWS_PROFILE"),
    ],
    ids=["no region", "no credentials", "no such profile"],
)
def test_without_an_account_it_says_what_to_set(environment: dict[str, str], cure: str) -> None:
    done = account(**environment)
    assert (done.returncode, done.stdout) == (1, "")
    assert cure in done.stderr
    assert "Traceback" not in done.stderr


def test_every_parameter_is_explained_with_its_default(template: dict[str, Any]) -> None:
    page = (ROOT / "docs/operations.md").read_text()
    table = page.partition("### Parameters")[2].partition("\n\n###")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:3]] for line in table.splitlines() if line.startswith("|")]
    explained = {
        name: default
        for names, defaults in rows
        for name, default in zip_longest(names.split(", "), defaults.split(", "), fillvalue=defaults)
    }
    for name, parameter in template["Parameters"].items():
        default = {"": "empty", None: ""}.get(parameter.get("Default"), str(parameter.get("Default")))
        assert explained[name].replace("–", "") == default, name


def test_without_a_build_it_says_so(tmp_path: Path) -> None:
    scripts = tmp_path / "infra" / "deploy" / "release"
    scripts.mkdir(parents=True)
    scripts.joinpath("deploy.sh").write_text((ROOT / "infra/deploy/release/deploy.sh").read_text())
    done = run("bash", scripts / "deploy.sh")
    assert (done.returncode, done.stderr) == (1, "nothing is built: run make build\n")


def test_parameters_given_go_over_those_that_are_kept_and_may_have_spaces() -> None:
    kept = 'Stage="dev" DeploymentType="AllAtOnce"'
    assert overrides(kept, "Stage=qa AlarmEmail='a b'") == {
        "Stage": "qa",
        "DeploymentType": "AllAtOnce",
        "AlarmEmail": "a b",
    }


def test_the_stack_is_the_one_that_guided_saved_with_the_deployment(tmp_path: Path) -> None:
    file = tmp_path / "samconfig.toml"
    file.write_text('[qa.global.parameters]\nstack_name = "ours"\n')
    assert section("qa", "deploy", tmp_path)["stack_name"] == "ours"
    file.write_text(file.read_text() + '[qa.deploy.parameters]\nstack_name = "saved"\n')
    assert section("qa", "deploy", tmp_path)["stack_name"] == "saved"


def test_a_release_differs_where_sam_looks_and_names_the_commit(template: dict[str, Any]) -> None:
    commit = "7a6e78b9d444aa553ce46b6ef14a95fe23ca7cb6"
    first, second = new_release(commit, 1_795_282_254), new_release(commit, 1_795_282_255)
    assert first[:10] != second[:10]  # an alias moves by these alone
    assert first.endswith(commit)
    assert re.fullmatch(template["Parameters"]["Release"]["AllowedPattern"], first)


def test_a_quota_that_is_too_small_is_told_with_its_cure(template: dict[str, Any]) -> None:
    assert {name: str(template["Parameters"][name]["Default"]) for name in DEFAULTS} == DEFAULTS
    client = Session().create_client(
        "service-quotas", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    wanted = needs({"TrainingVcpus": "2", "TrainingAtOnce": "5"})
    with Stubber(client) as quotas:
        for value in (1000.0, 6.0):
            quotas.add_response("get_service_quota", {"Quota": {"Value": value}})
        (fault,) = too_small(client, wanted)
    assert fault.startswith(
        "Fargate Spot vCPUs: 6, needed are 10. Ask for more, or lower TrainingAtOnce: aws service-q"
    )


def test_the_training_image_is_built_for_fargate_whatever_this_machine_is(tmp_path: Path) -> None:
    docker, called = tmp_path / "docker", tmp_path / "called"
    docker.write_text(f'#!/bin/sh\necho "$@" >>{called}\n')
    docker.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = run("infra/deploy/release/image.sh", "ours:1", PATH=path, TORCH_INDEX="https://wheels")
    assert done.returncode == 0, done.stderr
    build, push = called.read_text().splitlines()
    assert build.startswith("build --platform linux/amd64 ")
    assert "--build-arg TORCH_INDEX=https://wheels " in build
    assert push == "push ours:1"
