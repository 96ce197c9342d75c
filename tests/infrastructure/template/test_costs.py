"""What docs/operations.md reckons costs with, counted in the template."""

import re
from typing import Any

from tests.infrastructure.resources import ROOT, Resources, functions, of_type

PAGE = " ".join((ROOT / "docs/operations.md").read_text().split())
STATED = re.compile(
    r"([\d.]+) GB kept .* CloudWatch: (\d+) metrics in alarms × 0.10, (\d+) of our own .* four for each of (\d+) "
    r"routes, `Faulted` for (\d+) functions, twelve outcomes of a pipeline, and four that stand alone. "
    r".* keeps another ([\d.]+) GB"
)


def memory_gb(function: dict[str, Any]) -> float:
    return float(function["Properties"].get("MemorySize", 1024)) / 1024


def test_the_costs_are_reckoned_with_as_many_routes_metrics_and_snapshots_as_there_are(resources: Resources) -> None:
    made = functions(resources)
    routes = [
        event
        for function in made.values()
        for event in function["Properties"].get("Events", {}).values()
        if event["Type"] == "HttpApi"
    ]
    alarms = [alarm["Properties"] for alarm in of_type(resources, "AWS::CloudWatch::Alarm").values()]
    watched = sum(sum("MetricStat" in each for each in alarm.get("Metrics", [{"MetricStat": 1}])) for alarm in alarms)
    always = {"ApplyOn": "PublishedVersions"}
    kept = {name: function["Properties"].get("SnapStart") == always for name, function in made.items()}
    behind_the_api = sum("Faults" in name for name in resources)
    stated = STATED.search(PAGE)
    assert stated
    assert [float(number) for number in stated.groups()] == [
        sum(memory_gb(made[name]) for name in kept if kept[name]),
        watched,
        4 * len(routes) + behind_the_api + 12 + 4,
        len(routes),
        behind_the_api,
        round(sum(memory_gb(made[name]) for name in kept if not kept[name]), 1),
    ]
