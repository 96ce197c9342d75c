"""The built functions in Lambda's own container, by `sam local`, against the stores of this machine.

`python -m infra.local.cloud.containers invoke Predict --event tests/events/api/predict.json`
`python -m infra.local.cloud.containers start-api`
"""

import argparse
import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from infra.local.system import DEFAULT_STATE, LocalSystem, local_system
from infra.local.twin.tokens import signing_key
from portfolio_twin.settings import PipelineSettings, WriteSettings, from_environment

ROOT = Path(__file__).parents[3]
SAM = ROOT / "infra/deploy/sam.sh"
BUILT = ROOT / ".aws-sam/build/template.yaml"
API = ROOT / ".aws-sam/build/local-api.json"
ENVIRONMENT = ROOT / "build/local/environment.json"
AUTHORIZER = "DevelopmentAuthorizer"

Environment = dict[str, str]


def bridge_address() -> str:
    """Where a container finds this machine. An address, no name: S3's client would put the bucket before a name."""
    subnet = subprocess.run(
        ["docker", "network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Subnet}}"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    return str(ip_network(subnet.strip())[1])


@contextmanager
def system_for_containers(state: Path) -> Iterator[LocalSystem]:
    """The local system at an address that containers reach, and the file that tells `sam local` about it."""
    host = bridge_address()
    with local_system(state, host) as system:
        ENVIRONMENT.parent.mkdir(parents=True, exist_ok=True)
        ENVIRONMENT.write_text(json.dumps(environments(system), indent=1))
        yield system


def environments(system: LocalSystem) -> dict[str, Environment]:
    """For `--env-vars`: what each function of the template gets."""
    app, pipeline = (
        from_environment(kind).database_url.get_secret_value() for kind in (WriteSettings, PipelineSettings)
    )
    shared = {
        "BUCKET": system.s3.bucket,
        "AWS_ENDPOINT_URL": system.s3.url,
        "QDRANT_URL": system.qdrant_url,
        "QDRANT_SECRET_ARN": "",
        "DATABASE_SECRET_ARN": "",
        "TENANT_CLAIM": "tenant_id",
        "JWT_ISSUER": "",  # the explorer is signed in to by a link
        "EXPLORER_CLIENT_ID": "",
        "EXPLORER_CONNECT_SRC": "",
        "POWERTOOLS_SERVICE_NAME": "portfolio-twin-local",
    }
    functions = [name for name, resource in _template()["Resources"].items() if _is_function(resource)]
    return {name: shared | {"DATABASE_URL": app if name == "Feedback" else pipeline} for name in functions} | {
        AUTHORIZER: {"TOKEN_KEY": signing_key(system.state)}
    }


def write_api_template() -> Path:
    """The built template with development tokens instead of the JWT authorizer, which `sam local` passes over."""
    template = _template()
    resources = template["Resources"]
    resources[AUTHORIZER] = {
        "Type": "AWS::Serverless::Function",
        "Properties": {
            "Runtime": "python3.13",
            "Handler": "app.lambda_handler",
            "Architectures": ["x86_64"],
            "CodeUri": str(ROOT / "infra/local/cloud/authorizer"),
            "Environment": {"Variables": {"TOKEN_KEY": ""}},
        },
    }
    identity = {"Identity": {"Headers": ["Authorization"]}, "AuthorizerPayloadFormatVersion": "1.0"}
    resources["Api"]["Properties"]["Auth"] = {
        "DefaultAuthorizer": "Jwt",
        "Authorizers": {"Jwt": identity | {"FunctionArn": {"Fn::GetAtt": [AUTHORIZER, "Arn"]}}},
    }
    for resource in filter(_is_function, resources.values()):
        for event in resource["Properties"].get("Events", {}).values():
            event["Properties"]["PayloadFormatVersion"] = "1.0"
            event["Properties"].get("Auth", {}).pop("AuthorizationScopes", None)
    API.write_text(json.dumps(template, indent=1))
    return API


def command(arguments: list[str]) -> list[str]:
    """`sam local …` as this machine needs it."""
    template = write_api_template() if arguments[0] == "start-api" else BUILT
    return [
        "env", "--unset=AWS_ENDPOINT_URL",  # ours, for the containers: sam itself would send its own calls there
        str(SAM), "local", *arguments, "--template", str(template), "--env-vars", str(ENVIRONMENT),
        "--parameter-overrides", "Architecture=x86_64", "--skip-pull-image",
    ]  # fmt: skip


def _template() -> dict[str, Any]:
    from infra.deploy.expand import read_template

    return read_template(BUILT)


def _is_function(resource: Mapping[str, Any]) -> bool:
    return bool(resource["Type"] == "AWS::Serverless::Function")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.local.cloud.containers", description=__doc__)
    parser.add_argument("--state", type=Path, default=DEFAULT_STATE)
    parser.add_argument("verb", choices=["invoke", "start-api"], help="of `sam local`")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="as `sam local` takes them")
    options = parser.parse_args()
    with system_for_containers(options.state):
        if options.verb == "start-api":
            print("a token for it: .venv/bin/twin token --tenant NAME; Ctrl-C stops it", flush=True)
        return subprocess.run(command([options.verb, *options.arguments]), check=False, cwd=ROOT).returncode


if __name__ == "__main__":
    raise SystemExit(main())
