"""The template's resources, for tests that look at them as data."""

from collections.abc import Iterator
from typing import Any

from infra.deploy.expand import TEMPLATE

ROOT = TEMPLATE.parent
API = {"Predict", "Recommend", "Lookalike", "Browse", "Feedback", "Explorer"}

Resources = dict[str, dict[str, Any]]


def of_type(resources: Resources, kind: str) -> Resources:
    return {name: resource for name, resource in resources.items() if resource["Type"] == kind}


def functions(resources: Resources) -> Resources:
    return of_type(resources, "AWS::Serverless::Function")


def statements(resource: Any) -> Iterator[dict[str, Any]]:
    """Every policy statement anywhere inside."""
    if isinstance(resource, dict):
        if "Effect" in resource and ("Action" in resource or "NotAction" in resource):
            yield resource
        for value in resource.values():
            yield from statements(value)
    elif isinstance(resource, list):
        for value in resource:
            yield from statements(value)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
