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


@pytest.mark.parametrize("function", ["predict", "recommend", "lookalike", "browse", "feedback"])
def test_elsewhere_the_clients_wait_until_they_are_asked_for(function: str) -> None:
    assert "qdrant_client" not in loaded(function, "on-demand")


@pytest.mark.parametrize(("function", "clients"), [("predict", ["qdrant_client"]), ("feedback", list(HEAVY))])
def test_before_a_snapshot_every_client_is_made_that_the_function_needs(function: str, clients: list[str]) -> None:
    assert loaded(function, "snap-start") == clients


def test_before_a_snapshot_the_client_of_secrets_manager_is_made_where_there_is_a_secret() -> None:
    secret = {"QDRANT_SECRET_ARN": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:twin/qdrant-abcdef"}
    environment = secret | {"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start", "AWS_DEFAULT_REGION": "eu-west-1"}
    program = (
        "import functions.api.predict.app; from portfolio_twin.adapters.secrets import vault; "
        "print(vault.cache_info().currsize)"
    )
    assert run("-c", program, environment=environment).stdout == "1\n"
