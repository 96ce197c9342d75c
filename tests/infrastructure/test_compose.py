"""The real servers for this machine: pinned, closed to others, and the ones that the code speaks to."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # ships no types

from tests.infrastructure.resources import ROOT
from tests.infrastructure.template.test_functions import pins

FILE = ROOT / "infra/compose/compose.yaml"


@pytest.fixture
def services() -> dict[str, Any]:
    return dict(yaml.safe_load(FILE.read_text())["services"])


def test_qdrant_is_within_one_minor_version_of_the_client_as_the_client_demands(services: dict[str, Any]) -> None:
    server = re.fullmatch(r"qdrant/qdrant:v(\d+)\.(\d+)\.\d+", services["qdrant"]["image"])
    assert server is not None
    client = pins("layers/dependencies/requirements.txt")["qdrant-client"].split(".")
    assert server[1] == client[0]
    assert abs(int(server[2]) - int(client[1])) <= 1


def test_no_other_machine_reaches_the_servers_and_both_say_when_they_are_ready(services: dict[str, Any]) -> None:
    for service in services.values():
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
        assert service["healthcheck"]["test"]


def test_the_roles_and_addresses_that_the_file_tells_are_those_that_it_makes(services: dict[str, Any]) -> None:
    (script,) = [volume for volume in services["postgres"]["volumes"] if "initdb" in volume]
    made = (FILE.parent / Path(script.split(":")[0])).read_text()
    exported = re.findall(r"export (\w+)=postgresql\+pg8000://(\w+):(\w+)@127.0.0.1:5432/(\w+)", FILE.read_text())
    assert {name for name, *_ in exported} == {"OWNER_DATABASE_URL", "DATABASE_URL", "PIPELINE_DATABASE_URL"}
    for _, role, password, database in exported:
        assert re.search(rf"create role {role} login .*password '{password}'", made)
        assert f"create database {database} owner twin_owner" in made
