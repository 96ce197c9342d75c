"""IAM's own logic on the expanded template: whether a role's statements, and the bucket's policy, allow a call.

Enough of it for the calls that this product makes: wildcards, explicit denials, and the conditions Null and Bool.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from tests.infrastructure.resources import Resources, listed, statements

NOTHING: Mapping[str, str] = {}
OVER_TLS = {"aws:SecureTransport": "true"}


class Call(NamedTuple):
    """What is asked for: an action on a resource, with the keys of the request that conditions look at."""

    action: str
    resource: str
    keys: Mapping[str, str] = NOTHING


class Grant(NamedTuple):
    """A statement, or one action of it on one resource, and where it stands."""

    name: str
    statement: Mapping[str, Any]


class Policies:
    """The template's roles and the bucket's policy, with names put in for what only AWS would know."""

    def __init__(self, expanded: Resources, names: Mapping[str, str]) -> None:
        self._expanded: Resources = json.loads(json.dumps(expanded))
        self._names = names

    def grants(self, role: str) -> list[Grant]:
        """Action by action and resource by resource: the role's own, and those of the template's policies it has."""
        properties = self._expanded[role]["Properties"]
        owners = {role: properties.get("Policies", [])}
        for arn in properties.get("ManagedPolicyArns", []):
            if isinstance(arn, dict) and "Ref" in arn:  # AWS's own are texts or Subs
                owners[arn["Ref"]] = self._expanded[arn["Ref"]]["Properties"]
        return [
            Grant(f"{owner}: {action} {resource.rpartition(':')[2]}", {**whole, "Action": action, "Resource": resource})
            for owner, policy in owners.items()
            for whole in map(self._resolved, statements(policy))
            for action in listed(whole["Action"])
            for resource in listed(whole["Resource"])
        ]

    def denials(self, bucket_policy: str) -> list[Grant]:
        """The statements of a bucket's policy, which has nothing but denials."""
        properties = self._expanded[bucket_policy]["Properties"]
        return [Grant(statement["Sid"], self._resolved(statement)) for statement in statements(properties)]

    def _resolved(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self._resolved(inner) for inner in node]
        if not isinstance(node, dict):
            return node
        if "Fn::GetAtt" in node:
            return self._name(".".join(node["Fn::GetAtt"]))
        if "Ref" in node:
            return self._name(node["Ref"])
        if "Fn::Sub" in node:
            return re.sub(r"\$\{([\w:.]+)\}", lambda match: self._name(match[1]), node["Fn::Sub"])
        return {key: self._resolved(inner) for key, inner in node.items()}

    def _name(self, reference: str) -> str:
        return self._names.get(reference, f"arn:aws:example:::{reference}")


def allowed(call: Call, grants: Iterable[Grant], denials: Iterable[Grant] = ()) -> bool:
    """An explicit denial wins; without a grant there is none."""
    denied = any(_matches(call, denial.statement) for denial in denials)
    return not denied and any(_matches(call, grant.statement) for grant in grants)


def _matches(call: Call, statement: Mapping[str, Any]) -> bool:
    actions = any(fnmatchcase(call.action.lower(), pattern.lower()) for pattern in listed(statement["Action"]))
    resources = any(fnmatchcase(call.resource, pattern) for pattern in listed(statement["Resource"]))
    return actions and resources and all(_holds(call, *condition) for condition in _conditions(statement))


def _conditions(statement: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for operator, keys in statement.get("Condition", {}).items():
        for key, value in keys.items():
            yield operator, key, value


def _holds(call: Call, operator: str, key: str, value: str) -> bool:
    told = {**OVER_TLS, **call.keys}.get(key)
    if operator == "Null":
        return (told is None) == (value == "true")
    if operator == "Bool":
        return told == value
    raise ValueError(f"{operator}: this evaluator does not know how IAM reads it")
