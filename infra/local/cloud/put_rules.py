"""Which machine a put object starts, and with what: EventBridge's part, by the rules that stand in template.yaml."""

import json
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml  # type: ignore[import-untyped]  # ships no types

TEMPLATE = Path(__file__).parents[3] / "template.yaml"


class PutRule(NamedTuple):
    machine: str
    patterns: tuple[str, ...]
    input_template: str


class Loader(yaml.CSafeLoader):  # type: ignore[misc]  # as above
    """Takes CloudFormation's short tags for what they stand before."""


def _untagged(_loader: Loader, _tag: str, node: Any) -> Any:
    return node.value


Loader.add_multi_constructor("!", _untagged)


def started_by(key: str) -> tuple[str, dict[str, Any]] | None:
    """The machine and its input; None for an object that starts nothing."""
    for rule in put_rules():
        if any(fnmatchcase(key, pattern) for pattern in rule.patterns):
            return rule.machine, json.loads(rule.input_template.replace("<key>", key))
    return None


@cache
def put_rules() -> tuple[PutRule, ...]:
    resources = yaml.load(TEMPLATE.read_text(), Loader)["Resources"]  # noqa: S506  # a safe loader, with tags
    return tuple(
        PutRule(
            name.lower(),
            tuple(key["wildcard"] for key in event["Properties"]["Pattern"]["detail"]["object"]["key"]),
            event["Properties"]["InputTransformer"]["InputTemplate"],
        )
        for name, resource in resources.items()
        if isinstance(resource, dict) and resource["Type"] == "AWS::Serverless::StateMachine"
        for event in resource["Properties"].get("Events", {}).values()
        if event["Type"] == "EventBridgeRule"
    )
