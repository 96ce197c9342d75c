"""The template as CloudFormation will see it: loops unrolled, SAM's shorthand turned into plain resources.

`python -m infra.deploy.expand FILE [TEMPLATE]` writes it as JSON, for checkov, which looks only at plain resources.
"""

import json
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import boto3
from cfnlint.decode.cfn_yaml import load
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
LOOP = "Fn::ForEach::"
MANAGED_POLICIES = {"AWSXRayDaemonWriteAccess": "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"}


def read_template(path: Path = TEMPLATE) -> dict[str, Any]:
    """The template as it is written, short tags as {"Ref": …} and the like, loops unrolled."""
    template: dict[str, Any] = json.loads(json.dumps(load(str(path)), default=str))
    template["Resources"] = _unroll(template["Resources"])
    return template


def expand(template: dict[str, Any], **given: str) -> dict[str, Any]:
    """What SAM's transform makes of it; a parameter that is neither given nor has a default is `exampleNAME`."""
    parameters = {
        name: given.get(name, parameter.get("Default", f"example{name}"))
        for name, parameter in template["Parameters"].items()
    }
    session = boto3.Session(region_name="us-east-1")  # any: nothing is asked of it
    translator = Translator(MANAGED_POLICIES, Parser(), boto_session=session)
    return dict(translator.translate(_with_inline_definitions(template), parameters))


def _unroll(resources: dict[str, Any]) -> dict[str, Any]:
    """Fn::ForEach as AWS::LanguageExtensions does it: in a resource's name, in Fn::Sub and in Ref, in no other text."""
    unrolled: dict[str, Any] = {}
    for key, value in resources.items():
        if not key.startswith(LOOP):
            unrolled[key] = value
            continue
        identifier, collection, body = value
        for item in collection:
            for name, resource in body.items():
                unrolled[name.replace("${" + identifier + "}", item)] = _filled(resource, identifier, item)
    return unrolled


def _filled(node: Any, identifier: str, item: str) -> Any:
    if isinstance(node, list):
        return [_filled(inner, identifier, item) for inner in node]
    if not isinstance(node, dict):
        return node
    if node == {"Ref": identifier}:
        return item
    if isinstance(text := node.get("Fn::Sub"), str):
        return {"Fn::Sub": text.replace("${" + identifier + "}", item)}
    return {key: _filled(inner, identifier, item) for key, inner in node.items()}


def _with_inline_definitions(template: dict[str, Any]) -> dict[str, Any]:
    """The translator takes only S3 addresses for a definition; what stands in it does not matter here."""
    template = deepcopy(template)
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::StateMachine":
            properties["Definition"] = {"StartAt": "Any", "States": {}}
            del properties["DefinitionUri"]
        for key in ("CodeUri", "ContentUri"):
            if key in properties:
                properties[key] = f"s3://code/{properties[key]}"
    return template


def main() -> int:
    file, *template = map(Path, sys.argv[1:])
    file.write_text(json.dumps(expand(read_template(*template)), indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
