"""The foundation as it is written."""

from typing import Any

import pytest

from infra.deploy.expand import read_template
from tests.infrastructure.resources import ROOT, Resources


@pytest.fixture(scope="session")
def foundation() -> dict[str, Any]:
    return read_template(ROOT / "infra/foundation.yaml")


@pytest.fixture(scope="session")
def laid(foundation: dict[str, Any]) -> Resources:
    return Resources(foundation["Resources"])
