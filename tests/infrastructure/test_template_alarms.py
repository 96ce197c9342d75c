"""Logs, alarms and the dashboard of the template."""

import json
import re

from tests.infrastructure.resources import API, ROOT, Resources, functions, of_type


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
