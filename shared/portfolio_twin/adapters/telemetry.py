"""Logs, traces and metrics, by Powertools: one set for all functions, and nothing personal in any of them.

Metrics are log lines in CloudWatch's embedded format, under PortfolioTwin and the dimension `service`, the stack's name
(POWERTOOLS_SERVICE_NAME): Latency and Answered | Refused | Failed per `route`, Faulted per `function`, Outcome per
`outcome` of a pipeline's step, and Degraded, Reloaded, ReloadFailed, ModelAgeAtSkip (days).
"""

import logging
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any, Literal

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from portfolio_twin.settings import runtime

NAMESPACE = "PortfolioTwin"
FAULT = 500  # what is down is 503
UNITS = {"Latency": MetricUnit.Milliseconds, "ModelAgeAtSkip": MetricUnit.NoUnit}  # the others are counts

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]
Counted = Literal["Degraded", "Reloaded", "ReloadFailed"]

logger = Logger()

_facts: ContextVar[dict[str, str] | None] = ContextVar("facts", default=None)


def log_as_json() -> None:
    """The package's own loggers speak as `logger` does, with the request's ids."""
    package = logging.getLogger("portfolio_twin")
    if logger.registered_handler not in package.handlers:
        package.addHandler(logger.registered_handler)
        package.propagate = False


def traced(handler: Handler) -> Handler:
    """The invocation as a segment in X-Ray, with its errors; elsewhere than in Lambda the handler as it is."""
    if not runtime().aws_lambda_function_name:
        return handler
    from aws_lambda_powertools import Tracer  # makes a client for X-Ray: 0.13 s of CPU, in Lambda part of the snapshot

    observed: Handler = Tracer(auto_patch=False).capture_lambda_handler(handler, capture_response=False)
    return observed


def begin() -> dict[str, str]:
    """Starts a request or a step: what `note` says from now on is its own. Mutable: Mangum answers in a task's copy."""
    facts: dict[str, str] = {}
    _facts.set(facts)
    logger.thread_safe_clear_keys()
    return facts


def note(**facts: str) -> None:
    """Ids and versions of what is under way, for its log lines and its metrics."""
    noted = _facts.get()
    if noted is not None and not facts.items() <= noted.items():
        noted.update(facts)
        logger.thread_safe_append_keys(**facts)


def answered(route: str, status: int, milliseconds: float, facts: Mapping[str, str]) -> None:
    """One line per request: how long it took and how it ended; a fault of our own code is one more.

    To Lambda a fault is an answer like any other, so its own metric `Errors` does not count it.
    """
    outcome = "Answered" if status < 400 else "Refused" if status < 500 else "Failed"
    _emit({"Latency": milliseconds, outcome: 1}, {"status": str(status), **facts}, route=route)
    if status == FAULT:
        _emit({"Faulted": 1}, facts, function=runtime().aws_lambda_function_name or "local")


def count(what: Counted) -> None:
    """Once more of it, with the ids of the request under way."""
    _emit({what: 1}, _facts.get() or {})


def outcome(decision: str, facts: Mapping[str, str]) -> None:
    """What a step of the pipelines decided for one tenant."""
    _emit({"Outcome": 1}, facts, outcome=decision)


def model_age_at_skip(days: float) -> None:
    """How old the live model is, of a tenant whose retraining was skipped once more."""
    _emit({"ModelAgeAtSkip": days}, _facts.get() or {})


def _emit(figures: Mapping[str, float], facts: Mapping[str, str], **dimensions: str) -> None:
    metrics = EphemeralMetrics(namespace=NAMESPACE)
    for name, value in dimensions.items():
        metrics.add_dimension(name, value)
    for name, figure in figures.items():
        metrics.add_metric(name, UNITS.get(name, MetricUnit.Count), figure)
    for name, value in facts.items():
        metrics.add_metadata(name, value)
    metrics.flush_metrics()
