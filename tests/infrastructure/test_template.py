"""The template as data: what no linter reports."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.deploy.expand import TEMPLATE, expand, read_template

ROOT = TEMPLATE.parent
WRITES = {
    ("POST", "/properties/{property_id}/feedback"),
    ("POST", "/interactions"),
    ("PUT", "/properties/{property_id}"),
}
API = {"Predict", "Recommend", "Lookalike", "Feedback"}
STORES = (
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    "AWS::SQS::Queue",
    "AWS::KMS::Key",
    "AWS::DynamoDB::Table",
    "AWS::RDS::DBInstance",
)
# Where AWS takes no narrower resource, or an administrator's policy means the very thing that it is attached to.
UNNARROWED = {"batch:DescribeJobs", "logs:", "xray:"}

Resources = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return read_template()


@pytest.fixture(scope="module")
def resources(template: dict[str, Any]) -> Resources:
    found: Resources = template["Resources"]
    return found


@pytest.fixture(scope="module")
def expanded(template: dict[str, Any]) -> Resources:
    found: Resources = expand(template)["Resources"]
    return found


def of_type(resources: Resources, kind: str) -> Resources:
    return {name: resource for name, resource in resources.items() if resource["Type"] == kind}


def functions(resources: Resources) -> Resources:
    return of_type(resources, "AWS::Serverless::Function")


def operations(expanded: Resources) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(method, path, operation) of the API as API Gateway gets it."""
    (api,) = of_type(expanded, "AWS::ApiGatewayV2::Api").values()
    for path, methods in api["Properties"]["Body"]["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


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


def test_every_route_but_health_has_the_authorizer_and_its_scope(expanded: Resources) -> None:
    for method, path, operation in operations(expanded):
        wanted = [] if path == "/health" else [{"Jwt": ["twin/write" if (method, path) in WRITES else "twin/read"]}]
        said = [entry for entry in operation.get("security", []) if entry != {"NONE": []}]
        assert said == wanted, f"{method} {path}: {operation.get('security')}"


def test_the_routes_are_those_of_the_four_apps(expanded: Resources) -> None:
    import importlib

    from fastapi.routing import APIRoute

    from infra.local.gateway import SCOPE_OF_FUNCTION

    apps = [importlib.import_module(f"functions.{name}.app").app for name in SCOPE_OF_FUNCTION]
    routes = [route for app in apps for route in app.routes if isinstance(route, APIRoute)]
    served = {(method, route.path) for route in routes for method in route.methods}
    assert {(method, path) for method, path, _ in operations(expanded)} == served


def test_tokens_are_checked_for_issuer_and_audience(resources: Resources) -> None:
    authorizer = resources["Api"]["Properties"]["Auth"]["Authorizers"]["Jwt"]
    assert authorizer["JwtConfiguration"] == {"issuer": {"Ref": "JwtIssuer"}, "audience": [{"Ref": "JwtAudience"}]}
    assert resources["Api"]["Properties"]["Auth"]["DefaultAuthorizer"] == "Jwt"


def test_the_api_is_throttled_and_logged(expanded: Resources) -> None:
    (stage,) = of_type(expanded, "AWS::ApiGatewayV2::Stage").values()
    assert stage["Properties"]["DefaultRouteSettings"]["ThrottlingRateLimit"] == {"Ref": "ThrottleRatePerSecond"}
    assert stage["Properties"]["AccessLogSettings"]["DestinationArn"]


def test_access_logs_hold_nothing_personal(resources: Resources) -> None:
    said = resources["Api"]["Properties"]["AccessLogSettings"]["Format"]["Fn::Sub"]
    assert not re.search(r"sourceIp|userAgent|claims\.(sub|email)|\$context\.path\b", said)
    json.loads(said.replace("$context.", ""))


def test_there_are_the_thirteen_functions_of_the_folders(resources: Resources) -> None:
    folders = {path.parent.name for path in ROOT.glob("functions/*/app.py")} - {"train"}
    assert {function["Properties"]["CodeUri"] for function in functions(resources).values()} == {
        f"functions/{name}/" for name in folders
    }
    assert len(folders) == 13


def test_all_functions_run_on_one_runtime_behind_an_alias_and_on_either_architecture(template: dict[str, Any]) -> None:
    shared, architecture = template["Globals"]["Function"], template["Parameters"]["Architecture"]
    assert (shared["Runtime"], shared["AutoPublishAlias"]) == ("python3.13", "live")
    assert shared["Architectures"] == [{"Ref": "Architecture"}]
    assert (architecture["Default"], architecture["AllowedValues"]) == ("arm64", ["arm64", "x86_64"])


def test_whoever_waits_for_an_answer_gets_it_from_a_snapshot(template: dict[str, Any]) -> None:
    for name in API:
        assert template["Resources"][name]["Properties"]["SnapStart"] == {"ApplyOn": "PublishedVersions"}
    assert "PublishedVersions" in template["Parameters"]["PipelineSnapStart"]["AllowedValues"]


def test_api_functions_are_deployed_behind_alarms_and_end_before_the_gateway_does(template: dict[str, Any]) -> None:
    for name in API:
        properties = template["Globals"]["Function"] | template["Resources"][name]["Properties"]
        assert properties["Timeout"] <= 28
        alarms = [alarm["Ref"] for alarm in properties["DeploymentPreference"]["Alarms"]]
        assert alarms == [f"{name}Errors", f"{name}Slow"]
        assert all(template["Resources"][alarm]["Type"] == "AWS::CloudWatch::Alarm" for alarm in alarms)


def test_every_function_has_its_log_group_and_alarms(resources: Resources) -> None:
    for name in functions(resources):
        group = resources[f"{name}Logs"]["Properties"]
        assert group["LogGroupName"] == {"Fn::Sub": f"/aws/lambda/${{AWS::StackName}}-{name}"}
        assert resources[name]["Properties"]["FunctionName"] == {"Fn::Sub": f"${{AWS::StackName}}-{name}"}
        for alarm in (f"{name}Errors", f"{name}Throttles", *([f"{name}Slow"] if name in API else [])):
            watched = resources[alarm]["Properties"]["Dimensions"]
            assert watched == [{"Name": "FunctionName", "Value": {"Fn::Sub": f"${{AWS::StackName}}-{name}"}}]


def test_every_log_group_forgets(resources: Resources) -> None:
    groups = of_type(resources, "AWS::Logs::LogGroup")
    assert all(group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"} for group in groups.values())


def test_every_alarm_tells_somebody_and_says_what_to_do(resources: Resources) -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    headings = {
        re.sub(r"[^a-z0-9 -]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in page.splitlines()
        if line.startswith("#")
    }
    for name, alarm in of_type(resources, "AWS::CloudWatch::Alarm").items():
        properties = alarm["Properties"]
        assert properties["AlarmActions"] == [{"Ref": "Topic"}], name
        assert properties["AlarmDescription"].rpartition("#")[2] in headings, name


def test_everything_that_holds_data_outlives_its_stack(resources: Resources) -> None:
    held = [resource for resource in resources.values() if resource["Type"] in STORES]
    assert held
    assert all(resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain" for resource in held)


def test_no_statement_allows_more_than_it_names(expanded: Resources) -> None:
    for name, resource in expanded.items():
        for statement in statements(resource):
            if statement["Effect"] == "Deny" or resource["Type"] == "AWS::KMS::Key":
                continue
            actions = listed(statement["Action"])
            assert not [action for action in actions if "*" in action], f"{name}: {actions}"
            assert "NotAction" not in statement
            if "*" in listed(statement.get("Resource", "")):
                broad = [action for action in actions if not action.startswith(tuple(UNNARROWED))]
                assert not broad, f"{name}: {broad} on *"


def test_each_statement_has_its_reason_beside_it() -> None:
    lines = TEMPLATE.read_text().splitlines()
    for number, line in enumerate(lines):
        if "Effect: Allow" in line:
            nearby = " ".join(lines[max(0, number - 4) : number + 2])
            assert "#" in nearby or "Sid" in nearby, f"line {number + 1}: {line.strip()}"


def test_every_function_has_a_role_of_its_own(expanded: Resources) -> None:
    roles = [
        function["Properties"]["Role"]["Fn::GetAtt"][0]
        for function in of_type(expanded, "AWS::Lambda::Function").values()
    ]
    assert len(set(roles)) == len(roles)


def test_only_who_needs_the_facts_may_ask_for_their_password(resources: Resources) -> None:
    for name, function in functions(resources).items():
        variables = function["Properties"].get("Environment", {}).get("Variables", {})
        policies = json.dumps(function["Properties"]["Policies"])
        may_ask = '"ReadFacts"' in policies or '"DatabaseSecretArn"' in policies
        assert may_ask == ("DATABASE_URL" in variables), name


def test_predict_recommend_and_lookalike_cannot_write(expanded: Resources) -> None:
    for name in ("Predict", "Recommend", "Lookalike"):
        attached = [
            policy["Ref"]
            for policy in expanded[f"{name}Role"]["Properties"]["ManagedPolicyArns"]
            if isinstance(policy, dict)
        ]
        assert sorted(attached) == ["ReadModels", "SearchIndex"]
        assert "Policies" not in expanded[f"{name}Role"]["Properties"]


def test_no_secret_stands_in_the_template() -> None:
    assert "{{resolve:" not in TEMPLATE.read_text()


def test_the_bucket_is_closed_encrypted_versioned_and_heard(resources: Resources) -> None:
    bucket = resources["Bucket"]["Properties"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["BucketEncryption"]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert bucket["NotificationConfiguration"] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}


def test_pointers_and_bundles_are_only_written_conditionally(resources: Resources) -> None:
    denied = {statement["Sid"]: statement for statement in statements(resources["BucketPolicy"])}
    assert denied["TlsOnly"]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert denied["BundlesAreWrittenOnce"]["Condition"]["Null"] == {"s3:if-none-match": "true"}
    assert denied["PointersMoveConditionally"]["Condition"]["Null"] == {
        "s3:if-none-match": "true",
        "s3:if-match": "true",
    }
    assert {"Fn::Sub": "${Bucket.Arn}/*/live.json"} in denied["PointersMoveConditionally"]["Resource"]


def test_the_machines_get_what_their_definitions_ask_for_and_nothing_else(resources: Resources) -> None:
    for name, machine in of_type(resources, "AWS::Serverless::StateMachine").items():
        properties = machine["Properties"]
        definition = (ROOT / properties["DefinitionUri"]).read_text()
        assert set(re.findall(r"\$\{(\w+)\}", definition)) == set(properties["DefinitionSubstitutions"]), name
        assert properties["Type"] == "STANDARD"
        assert properties["Tracing"] == {"Enabled": True}
        assert properties["Logging"]["Level"] == "ALL"
        for key, value in properties["DefinitionSubstitutions"].items():
            if key.endswith("FunctionArn"):
                assert value == {"Ref": key.removesuffix("FunctionArn") + ".Alias"}
                assert key.removesuffix("FunctionArn") in functions(resources)


def test_schedules_are_in_cron_can_be_switched_off_and_lose_nothing(expanded: Resources) -> None:
    rules = of_type(expanded, "AWS::Events::Rule")
    when = {rule["Properties"].get("ScheduleExpression"): rule["Properties"] for rule in rules.values()}
    assert set(when) == {"cron(0 2 ? * SUN *)", "cron(0 3 * * ? *)", None}
    assert when["cron(0 2 ? * SUN *)"]["State"] == {"Ref": "RetrainSchedule"}
    assert when["cron(0 3 * * ? *)"]["State"] == {"Ref": "ReindexSchedule"}
    for rule in rules.values():
        assert all(target["DeadLetterConfig"] for target in rule["Properties"]["Targets"])


def test_an_upload_starts_the_machine_with_its_key(resources: Resources) -> None:
    from fnmatch import fnmatch

    rule = resources["Retrain"]["Properties"]["Events"]["Uploaded"]["Properties"]
    event = json.loads((ROOT / "tests/events/s3_bundle_uploaded.json").read_text())
    (pattern,) = rule["Pattern"]["detail"]["object"]["key"]
    key = event["detail"]["object"]["key"]
    assert fnmatch(key, pattern["wildcard"])
    said = json.loads(rule["InputTransformer"]["InputTemplate"].replace("<key>", key))
    assert said == {"upload": {"key": key}}


def test_a_reclaimed_training_is_tried_again_and_a_hung_one_ends(resources: Resources) -> None:
    job = resources["TrainingJob"]["Properties"]
    retrain = json.loads((ROOT / "infra/pipelines/retrain.asl.json").read_text())
    train = retrain["States"]["Tenants"]["ItemProcessor"]["States"]["Train"]
    assert job["Timeout"]["AttemptDurationSeconds"] <= train["TimeoutSeconds"]
    assert job["RetryStrategy"]["EvaluateOnExit"][-1] == {"OnReason": "*", "Action": "EXIT"}
    assert job["ContainerProperties"]["LogConfiguration"]["Options"]["awslogs-group"] == {"Ref": "TrainingLogs"}


def test_the_dashboard_shows_metrics_that_exist(resources: Resources) -> None:
    body = json.loads((ROOT / "infra/dashboards/overview.json").read_text())
    named = {
        metric[1]
        for widget in body["widgets"]
        for metric in widget["properties"].get("metrics", [])
        if metric[0] == "PortfolioTwin"
    }
    alarmed = {
        alarm["Properties"]["MetricName"]
        for alarm in of_type(resources, "AWS::CloudWatch::Alarm").values()
        if alarm["Properties"].get("Namespace") == "PortfolioTwin"
    }
    telemetry = (ROOT / "shared/portfolio_twin/adapters/telemetry.py").read_text()
    for metric in named | alarmed:
        assert f'"{metric}"' in telemetry, metric


@pytest.mark.parametrize("event", sorted(path.name for path in (ROOT / "tests/events").glob("*.json")))
def test_events_are_json(event: str) -> None:
    assert json.loads((ROOT / "tests/events" / event).read_text())


def test_every_function_has_an_event() -> None:
    events = {path.stem for path in (ROOT / "tests/events").glob("*.json")}
    folders = {path.parent.name for path in ROOT.glob("functions/*/app.py")} - {"train"}
    assert folders <= events


def test_the_layer_is_locked_from_the_project_s_dependencies() -> None:
    import tomllib

    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    locked = {
        Requirement(line).name: Requirement(line)
        for line in Path(ROOT / "layers/dependencies/requirements.txt").read_text().splitlines()
        if line and not line.startswith("#")
    }
    for wanted in map(Requirement, project["dependencies"]):
        (pin,) = locked[wanted.name].specifier
        assert pin.operator == "=="
        assert wanted.specifier.contains(pin.version), wanted
