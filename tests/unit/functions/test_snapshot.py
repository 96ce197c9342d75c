"""What a function has loaded before its first request: little, or all of it where a snapshot is taken."""

import json

import pytest

from tests.fakes.processes import run

HEAVY = ("qdrant_client", "sqlalchemy", "pg8000")
LOADED = "import functions.api.{0}.app, json, sys; print(json.dumps([name for name in {1} if name in sys.modules]))"


def loaded(function: str, initialization: str) -> list[str]:
    environment = {"AWS_LAMBDA_INITIALIZATION_TYPE": initialization}
    done = run("-c", LOADED.format(function, HEAVY), environment=environment)
    return list(json.loads(done.stdout))


@pytest.mark.parametrize("function", ["predict", "recommend", "lookalike", "feedback"])
def test_elsewhere_the_clients_wait_until_they_are_asked_for(function: str) -> None:
    assert "qdrant_client" not in loaded(function, "on-demand")


@pytest.mark.parametrize(("function", "clients"), [("predict", ["qdrant_client"]), ("feedback", list(HEAVY))])
def test_before_a_snapshot_every_client_is_made_that_the_function_needs(function: str, clients: list[str]) -> None:
    assert loaded(function, "snap-start") == clients
