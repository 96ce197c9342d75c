"""The template, as it is written and as CloudFormation will see it."""

from typing import Any

import pytest

from infra.deploy.expand import expand, read_template
from tests.infrastructure.resources import Resources


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    return read_template()


@pytest.fixture(scope="session")
def resources(template: dict[str, Any]) -> Resources:
    return Resources(template["Resources"])


@pytest.fixture(scope="session")
def expanded(template: dict[str, Any]) -> Resources:
    return Resources(expand(template)["Resources"])
