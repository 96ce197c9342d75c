"""What `make deploy` says before it goes to an account: each error names its cure."""

import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
from moto.server import ThreadedMotoServer

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
    return run(sys.executable, "infra/deploy/account.py", **environment)


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
    scripts = tmp_path / "infra" / "deploy"
    scripts.mkdir(parents=True)
    scripts.joinpath("deploy.sh").write_text((ROOT / "infra/deploy/deploy.sh").read_text())
    done = run("bash", scripts / "deploy.sh")
    assert (done.returncode, done.stderr) == (1, "nothing is built: run make build\n")
