"""What AWS's own service models say of a value: patterns, limits, enumerations and the sentences beside them.

CloudFormation hands a resource's properties to the service's API under nearly the same names, and the service refuses
there what no linter of templates knows. The models are those of botocore, which is installed.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

ENDS_WITH_ASTERISK = "can optionally end with an asterisk"
PSEUDO = {
    "AWS::StackName": "portfolio-twin-dev", "AWS::Region": "eu-west-1", "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com",
}  # fmt: skip


class Fault(NamedTuple):
    """A value that the service would refuse."""

    where: str
    value: object
    rule: str


class Unmapped(NamedTuple):
    """A property that no operation's input has: the resource type's own, or misspelt."""

    where: str


@cache
def model_of(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def members_of(*operations: str) -> dict[str, Shape]:
    """The input members of operations (`batch:RegisterJobDefinition`), by lower-case name; the first one wins."""
    members: dict[str, Shape] = {}
    for operation in operations:
        service, _, name = operation.partition(":")
        shape = model_of(service).operation_model(name).input_shape
        assert shape is not None
        members = {key.lower(): member for key, member in shape.members.items()} | members
    return members


def literals(value: Any, parameters: Mapping[str, Any]) -> list[Any]:
    """What a property may be once deployed, as far as the template tells; nothing for what only AWS knows."""
    if not isinstance(value, dict) or len(value) != 1:
        return [value]
    ((function, argument),) = value.items()
    if function == "Ref" and argument in parameters:
        parameter = parameters[argument]
        return parameter.get("AllowedValues") or [parameter[key] for key in ("Default",) if parameter.get(key)]
    if function == "Ref" and argument in PSEUDO:
        return [PSEUDO[argument]]
    if function == "Fn::Sub" and isinstance(argument, str):
        return [_substituted(argument, parameters)]
    return [] if function == "Ref" or function.startswith("Fn::") else [value]


def _substituted(text: str, parameters: Mapping[str, Any]) -> str:
    def known(match: re.Match[str]) -> str:
        name = match[1]
        return str(PSEUDO.get(name, parameters.get(name, {}).get("Default", "arn:aws:s3:::example")))

    return re.sub(r"\$\{([\w:.]+)\}", known, text)


def judge(value: Any, shape: Shape, where: str, parameters: Mapping[str, Any]) -> Iterator[Fault | Unmapped]:
    """Everything in a property that its shape forbids."""
    for literal in literals(value, parameters):
        if isinstance(shape, StructureShape) and isinstance(literal, dict):
            members = {name.lower(): member for name, member in shape.members.items()}
            yield from judge_members(literal, members, where, parameters)
        elif isinstance(shape, ListShape) and isinstance(literal, list):
            yield from _out_of_range(len(literal), shape, where, literal)
            for n, item in enumerate(literal):
                yield from judge(item, shape.member, f"{where}[{n}]", parameters)
        elif isinstance(shape, MapShape) and isinstance(literal, dict):
            for key, item in literal.items():
                yield from judge(key, shape.key, f"{where}.{key}", parameters)
                yield from judge(item, shape.value, f"{where}.{key}", parameters)
        elif not isinstance(literal, dict | list):
            yield from _scalar(literal, shape, where)


def judge_members(
    value: Mapping[str, Any], members: Mapping[str, Shape], where: str, parameters: Mapping[str, Any]
) -> Iterator[Fault | Unmapped]:
    for name, inner in value.items():
        if member := members.get(name.lower()):
            yield from judge(inner, member, f"{where}.{name}", parameters)
        else:
            yield Unmapped(re.sub(r"\[\d+\]", "[]", f"{where}.{name}"))


def _scalar(value: object, shape: Shape, where: str) -> Iterator[Fault]:
    if shape.type_name in ("integer", "long", "double", "float"):
        number = float(str(value))
        yield from _out_of_range(number, shape, where, value)
    elif shape.type_name == "string":
        text = str(value)
        if getattr(shape, "enum", None) and text not in shape.enum:
            yield Fault(where, value, f"one of {shape.enum}")
        yield from _out_of_range(len(text), shape, where, value)
        if (pattern := shape.metadata.get("pattern")) and not re.fullmatch(pattern_in_python(pattern), text):
            yield Fault(where, value, pattern)
        if ENDS_WITH_ASTERISK in re.sub(r"<[^>]+>|\s+", " ", shape.documentation) and "*" in text[:-1]:
            yield Fault(where, value, ENDS_WITH_ASTERISK)


def _out_of_range(size: float, shape: Shape, where: str, value: object) -> Iterator[Fault]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if (least is not None and size < least) or (most is not None and size > most):
        yield Fault(where, value, f"between {least} and {most}")


def pattern_in_python(pattern: str) -> str:
    """The models' patterns are Java's: \\p{L} and its like become what Python has for letters, digits and spaces."""
    for theirs, ours in ((r"\p{L}", r"\w"), (r"\p{N}", r"\d"), (r"\p{Z}", r"\s"), (r"\p{S}", r"$+<=>^`|~")):
        pattern = pattern.replace(theirs, ours)
    return pattern
