"""Logs, alarms and the dashboard of the template."""

import json
import re
from typing import Any, get_args

import pytest

from portfolio_twin.adapters import telemetry
from tests.fakes.metrics import Metrics
from tests.infrastructure.resources import API, ROOT, Resources, functions, of_type


def test_every_function_has_its_log_group_and_alarms(resources: Resources) -> None:
    for name in functions(resources):
        group = resources[f"{name}Logs"]["Properties"]
        assert group["LogGroupName"] == {"Fn::Sub": f"/aws/lambda/${{AWS::StackName}}-{name}"}
        assert resources[name]["Properties"]["FunctionName"] == {"Fn::Sub": f"${{AWS::StackName}}-{name}"}
        # Made before its function and deleted after it, so that a late line does not make the group a second time.
        assert resources[name]["Properties"]["LoggingConfig"] == {"LogGroup": {"Ref": f"{name}Logs"}}
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
        description = properties["AlarmDescription"]
        text = description["Fn::Sub"] if isinstance(description, dict) else description
        assert text.rpartition("#")[2] in headings, name


def test_a_loop_fills_its_name_in_everywhere(expanded: Resources) -> None:
    """Outside of Fn::Sub and Ref CloudFormation leaves it as it stands."""
    assert not re.search(r"\$\{(Function|Machine)\}", json.dumps(expanded))


def test_a_machine_that_only_failed_or_only_timed_out_is_an_alarm(resources: Resources) -> None:
    """An arithmetic expression has a point only where each of its metrics has one."""
    for machine in ("Retrain", "Reindex", "Import"):
        expressions = [one for one in resources[f"{machine}Failed"]["Properties"]["Metrics"] if "Expression" in one]
        (summed,) = (one["Expression"] for one in expressions)
        assert summed == "FILL(failed, 0) + FILL(timed_out, 0)"


def test_every_alarm_that_stops_a_deployment_can_fire_while_the_canary_lasts(
    template: dict[str, Any], resources: Resources
) -> None:
    minutes = re.search(r"(\d+)Minutes$", template["Parameters"]["DeploymentType"]["Default"])
    assert minutes is not None
    for name in API:
        for alarm in resources[name]["Properties"]["DeploymentPreference"]["Alarms"]:
            watched = resources[alarm["Ref"]]["Properties"]
            assert watched["Period"] * watched["EvaluationPeriods"] < 60 * int(minutes[1]), alarm["Ref"]


Metric = tuple[str, frozenset[str]]


@pytest.fixture
def emitted(metrics: Metrics) -> set[Metric]:
    """Name and dimensions of every metric that the code can emit, as CloudWatch reads them from the log."""
    for status in (200, 404, 500):
        telemetry.answered("POST /predict", status, 1.0, {"tenant_id": "t"})
    for what in get_args(telemetry.Counted):
        telemetry.count(what)
    telemetry.outcome("promoted", {})
    telemetry.model_age_at_skip(1.0)
    sets = [one for (one,) in (line["_aws"]["CloudWatchMetrics"] for line in metrics())]
    assert {one["Namespace"] for one in sets} == {"PortfolioTwin"}
    return {
        (metric["Name"], frozenset(dimensions))
        for one in sets
        for metric in one["Metrics"]
        for dimensions in one["Dimensions"]
    }


def test_every_alarm_of_our_own_watches_a_metric_that_the_code_emits(
    resources: Resources, emitted: set[Metric]
) -> None:
    alarms = [alarm["Properties"] for alarm in of_type(resources, "AWS::CloudWatch::Alarm").values()]
    ours = [alarm for alarm in alarms if alarm.get("Namespace") == "PortfolioTwin"]
    assert {alarm["MetricName"] for alarm in ours} == {"Faulted", "ModelAgeAtSkip", "ReloadFailed"}
    for alarm in ours:
        dimensions = {dimension["Name"]: dimension["Value"] for dimension in alarm["Dimensions"]}
        assert (alarm["MetricName"], frozenset(dimensions)) in emitted
        assert dimensions["service"] == {"Ref": "AWS::StackName"}


def test_what_the_code_calls_service_and_function_is_what_the_alarms_call_so(
    template: dict[str, Any], resources: Resources
) -> None:
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    assert variables["POWERTOOLS_SERVICE_NAME"] == {"Ref": "AWS::StackName"}
    for name in API:
        watched = {d["Name"]: d["Value"] for d in resources[f"{name}Faults"]["Properties"]["Dimensions"]}
        assert watched["function"] == resources[name]["Properties"]["FunctionName"]


def test_the_dashboard_shows_metrics_that_the_code_emits(emitted: set[Metric]) -> None:
    body = json.loads((ROOT / "infra/dashboards/overview.json").read_text())
    shown: set[Metric] = set()
    for first, *more in (metric for widget in body["widgets"] for metric in widget["properties"].get("metrics", [])):
        if first == "PortfolioTwin":
            shown.add((more[0], frozenset({more[1]})))
        elif isinstance(first, dict) and (search := first["expression"]["Fn::Sub"]).startswith(
            "SEARCH('{PortfolioTwin,"
        ):
            dimensions = search.removeprefix("SEARCH('{PortfolioTwin,").partition("}")[0].split(",")
            names = re.findall(r'"(\w+)"', search.partition("MetricName=")[2])
            shown |= {(name, frozenset(dimensions)) for name in names}
    assert shown == emitted
