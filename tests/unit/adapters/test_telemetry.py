"""What CloudWatch gets: one line per request or decision, with ids, and nothing personal."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from infra.local.cloud.http_event import HttpRequest
from infra.local.cloud.lambda_context import LambdaContext
from portfolio_twin.adapters import telemetry
from portfolio_twin.adapters.qdrant.index import TenantIndex
from portfolio_twin.adapters.tenant import Stores
from portfolio_twin.entrypoints.http import create_app, lambda_handler_of
from portfolio_twin.entrypoints.step import Event, step
from portfolio_twin.entrypoints.tenancy import OwnTenant
from portfolio_twin.errors import IndexUnavailable
from portfolio_twin.services.answers.know_investor import know_investor
from portfolio_twin.settings import StepSettings, runtime
from tests.fakes.metrics import Metrics
from tests.fakes.stores import FakeVectorIndex
from tests.fakes.twins import TENANT_A, small_twin


@pytest.fixture
def predict_function(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As in Lambda."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "stack-Predict")
    runtime.cache_clear()
    yield
    runtime.cache_clear()


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """The log."""
    stream = io.StringIO()
    monkeypatch.setattr(telemetry.logger.registered_handler, "stream", stream)
    return stream


def ask(path: str, tenant: str) -> None:
    app = create_app("test")

    @app.get("/answered")
    async def answered(tenant: OwnTenant) -> dict[str, str]:
        telemetry.note(model_version="v1")
        return {}

    @app.get("/broken")
    async def broken(tenant: OwnTenant) -> dict[str, str]:
        raise ZeroDivisionError

    @app.get("/down")
    async def down(tenant: OwnTenant) -> dict[str, str]:
        raise IndexUnavailable("gone")

    event = HttpRequest("GET", path).event({"tenant_id": tenant, "email": "somebody@example.com"})
    lambda_handler_of(app)(event | {"routeKey": f"GET {path}"}, LambdaContext("test", "request-1"))


def test_a_request_is_one_line_with_its_route_latency_outcome_tenant_and_version(metrics: Metrics) -> None:
    tenant = str(uuid4())
    ask("/answered", tenant)
    (line,) = metrics()
    expected = {"route": "GET /answered", "service": "stack", "tenant_id": tenant, "model_version": "v1"}
    assert line.items() >= expected.items()
    assert line["Answered"] == [1.0]
    assert len(line["Latency"]) == 1
    assert line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "PortfolioTwin"
    assert "somebody" not in json.dumps(line)


@pytest.mark.parametrize(("path", "metric"), [("/down", "Failed"), ("/nowhere", "Refused")])
def test_its_outcome_is_what_the_caller_got(path: str, metric: str, metrics: Metrics) -> None:
    ask(path, str(uuid4()))
    assert metrics()[-1][metric] == [1.0]


def test_a_fault_of_ours_is_counted_for_its_function_and_logged_once_with_the_request_s_ids(
    predict_function: None, written: io.StringIO, metrics: Metrics
) -> None:
    tenant = str(uuid4())
    ask("/broken", tenant)
    answered, fault = metrics()
    assert (answered["Failed"], fault["Faulted"], fault["function"]) == ([1.0], [1.0], "stack-Predict")
    assert fault["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["function", "service"]]
    (line,) = [json.loads(line) for line in written.getvalue().splitlines()]
    assert (line["level"], line["exception_name"], line["tenant_id"]) == ("ERROR", "ZeroDivisionError", tenant)
    assert UUID(line["correlation_id"])
    assert "somebody" not in written.getvalue()


def test_what_is_down_is_no_fault_of_ours(metrics: Metrics) -> None:
    ask("/down", str(uuid4()))
    assert not [line for line in metrics() if "Faulted" in line]


def test_one_request_s_tenant_is_not_the_next_one_s(metrics: Metrics) -> None:
    ask("/answered", str(uuid4()))
    ask("/nowhere", str(uuid4()))
    assert "tenant_id" not in metrics()[-1]


def test_a_step_s_decision_is_counted_for_its_tenant(metrics: Metrics) -> None:
    @step(StepSettings)
    def lambda_handler(_stores: Stores, _event: Event) -> dict[str, Any]:
        return {"decision": "skip"}

    lambda_handler({"tenant_id": "t", "version": "v"}, None)
    (line,) = metrics()
    assert (line["outcome"], line["Outcome"], line["tenant_id"]) == ("skip", [1.0], "t")


@pytest.mark.parametrize("what", ["Degraded", "Reloaded", "ReloadFailed"])
def test_what_goes_wrong_is_counted_under_the_stack_s_name_alone(what: telemetry.Counted, metrics: Metrics) -> None:
    telemetry.count(what)
    (line,) = metrics()
    assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["service"]]
    assert line[what] == [1.0]


def test_an_answer_without_the_index_is_counted_as_degraded(metrics: Metrics) -> None:
    index, twin = FakeVectorIndex(), small_twin()
    index.down = True
    own = cast("TenantIndex", index.of(TENANT_A, twin.version))  # it has the same methods
    assert know_investor(own, twin, 1).degraded
    (line,) = metrics()
    assert line["Degraded"] == [1.0]


def test_the_package_s_own_log_lines_are_json_with_the_tenant(written: io.StringIO) -> None:
    telemetry.log_as_json()
    telemetry.begin()
    telemetry.note(tenant_id="t")
    logging.getLogger("portfolio_twin.any").warning("a warning")
    line = json.loads(written.getvalue())
    assert (line["message"], line["tenant_id"]) == ("a warning", "t")
