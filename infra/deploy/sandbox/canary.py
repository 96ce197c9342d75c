"""A version of Predict that cannot be imported, given a tenth of the calls: CodeDeploy must take it back by itself."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from infra.deploy.up.site import Site
from infra.deploy.up.steps import Say, Unfinished, wait_until

CANARY = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
LIMIT_SECONDS, ROLLBACK_SECONDS = 600.0, 120.0


def fault_goes_back(site: Site, say: Say) -> str:
    """Raises Unfinished when the deployment succeeds, or when the alias ends anywhere but where it was."""
    functions, name = site.client("lambda"), f"{site.stack}-Predict"
    before = functions.get_alias(FunctionName=name, Name="live")["FunctionVersion"]
    with broken_version(functions, name) as broken:
        deploy = site.client("codedeploy")
        deployment = deploy.create_deployment(
            applicationName=_physical_id(site, "ServerlessDeploymentApplication"),
            deploymentGroupName=_physical_id(site, "PredictDeploymentGroup"),
            deploymentConfigName=CANARY,
            revision={"revisionType": "AppSpecContent", "appSpecContent": {"content": appspec(name, before, broken)}},
        )["deploymentId"]
        say(f"  {deployment}: version {broken} gets a tenth")
        began, status = time.monotonic(), ""
        while status not in ("Succeeded", "Failed", "Stopped"):
            if time.monotonic() - began > LIMIT_SECONDS:
                deploy.stop_deployment(deploymentId=deployment, autoRollbackEnabled=True)
                raise Unfinished(f"{deployment} is {status} after {LIMIT_SECONDS / 60:.0f} minutes; stopped")
            for _ in range(10):
                site.http.get(f"{site.outputs(site.stack)['ApiUrl']}/health", timeout=35)  # a tenth of them answers 500
            status = deploy.get_deployment(deploymentId=deployment)["deploymentInfo"]["status"]
        if status == "Succeeded":
            raise Unfinished(f"{deployment} succeeded: no alarm stopped it; make up again")
        wait_until(lambda: _is_back(functions, name, before), ROLLBACK_SECONDS, 5.0)
    return f"{status.lower()} after {time.monotonic() - began:.0f} s, live is at version {before} as before"


def appspec(function: str, before: str, after: str) -> str:
    """What CodeDeploy moves: the alias `live`, from one version to another."""
    properties = {"Name": function, "Alias": "live", "CurrentVersion": before, "TargetVersion": after}
    resource = {"Predict": {"Type": "AWS::Lambda::Function", "Properties": properties}}
    return json.dumps({"version": 0.0, "Resources": [resource]})


@contextmanager
def broken_version(functions: Any, name: str) -> Iterator[str]:
    """Without its layers and without a snapshot, which could not be taken; the function is given both back."""
    whole = functions.get_function_configuration(FunctionName=name)
    layers = [layer["Arn"] for layer in whole["Layers"]]
    version = ""
    try:
        _configure(functions, name, [], "None")
        version = functions.publish_version(FunctionName=name, Description="broken on purpose")["Version"]
        functions.get_waiter("published_version_active").wait(FunctionName=name, Qualifier=version)
        yield version
    finally:
        _configure(functions, name, layers, whole["SnapStart"]["ApplyOn"])
        if version:
            functions.delete_function(FunctionName=name, Qualifier=version)


def _configure(functions: Any, name: str, layers: list[str], snapshots: str) -> None:
    functions.update_function_configuration(FunctionName=name, Layers=layers, SnapStart={"ApplyOn": snapshots})
    functions.get_waiter("function_updated_v2").wait(FunctionName=name)


def _is_back(functions: Any, name: str, before: str) -> bool:
    """Whether the alias is where it was, and shares with no other version."""
    alias = functions.get_alias(FunctionName=name, Name="live")
    return bool(alias["FunctionVersion"] == before) and not alias.get("RoutingConfig", {}).get(
        "AdditionalVersionWeights"
    )


def _physical_id(site: Site, logical_id: str) -> str:
    found = site.client("cloudformation").describe_stack_resource(StackName=site.stack, LogicalResourceId=logical_id)
    return str(found["StackResourceDetail"]["PhysicalResourceId"])
