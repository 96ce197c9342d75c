"""What starts the state machines, what they are given, and the training job."""

import json
import re
from fnmatch import fnmatch

import pytest

from infra.local.cloud.put_rules import started_by
from tests.infrastructure.resources import ROOT, Resources, functions, listed, of_type, statements


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
    assert set(when) == {"cron(0 2 ? * SUN *)", "cron(0 3 * * ? *)", "cron(0 1 * * ? *)", None}
    assert when["cron(0 1 * * ? *)"]["State"] == {"Ref": "HostImportSchedule"}
    assert when["cron(0 2 ? * SUN *)"]["State"] == {"Ref": "RetrainSchedule"}
    assert when["cron(0 3 * * ? *)"]["State"] == {"Ref": "ReindexSchedule"}
    for rule in rules.values():
        assert all(target["DeadLetterConfig"] for target in rule["Properties"]["Targets"])


def test_an_upload_starts_the_machine_with_its_key(resources: Resources) -> None:
    rule = resources["Retrain"]["Properties"]["Events"]["Uploaded"]["Properties"]
    event = json.loads((ROOT / "tests/events/bucket/bundle_uploaded.json").read_text())
    (pattern,) = rule["Pattern"]["detail"]["object"]["key"]
    key, event_bucket = event["detail"]["object"]["key"], event["detail"]["bucket"]["name"]
    assert fnmatch(key, pattern["wildcard"])
    assert rule["Pattern"]["source"] == [event["source"]]
    assert rule["Pattern"]["detail-type"] == [event["detail-type"]]
    assert rule["Pattern"]["detail"]["bucket"] == {"name": [{"Ref": "Bucket"}]}
    assert event_bucket.startswith("portfolio-twin-")
    given = json.loads(rule["InputTransformer"]["InputTemplate"].replace("<key>", key))
    assert given == {"upload": {"key": key}}


@pytest.mark.parametrize(
    "key",
    [
        "uploads/T/V/portfolio_twin.safetensors",  # the manifest is put last: before it the bundle is unfinished
        "T/training/V/upload_gates.json",
        "T/models/V/manifest.json",
        "T/training/V/manifest.json",
        "T/snapshots/V/manifest.json",
    ],
)
def test_no_other_object_starts_the_machine(resources: Resources, key: str) -> None:
    rule = resources["Retrain"]["Properties"]["Events"]["Uploaded"]["Properties"]
    (pattern,) = rule["Pattern"]["detail"]["object"]["key"]
    assert not fnmatch(key, pattern["wildcard"])


@pytest.mark.parametrize("name", ["properties.csv", "properties-2026-11.csv.gz", "interactions.parquet"])
def test_data_that_is_put_starts_the_import_with_its_key(name: str) -> None:
    event = json.loads((ROOT / "tests/events/bucket/data_put.json").read_text())
    folder = event["detail"]["object"]["key"].rpartition("/")[0]
    assert started_by(f"{folder}/{name}") == ("import", {"put": {"key": f"{folder}/{name}"}})


@pytest.mark.parametrize("name", ["properties.csv.report.json", "host.report.json", "properties.txt", "readme.csv"])
def test_neither_a_report_nor_anything_else_starts_the_import(name: str) -> None:
    assert started_by(f"imports/T/{name}") is None


def test_the_local_bucket_starts_what_the_template_s_rules_start() -> None:
    assert started_by("uploads/T/V/manifest.json") == ("retrain", {"upload": {"key": "uploads/T/V/manifest.json"}})
    assert started_by("T/models/V/manifest.json") is None


def test_training_runs_on_fargate_spot_by_parameter_with_a_role_of_its_own(resources: Resources) -> None:
    capacity = resources["TrainingEnvironment"]["Properties"]["ComputeResources"]
    job = resources["TrainingJob"]["Properties"]
    assert capacity["Type"] == {"Ref": "TrainingCapacity"}
    assert job["PlatformCapabilities"] == ["FARGATE"]
    assert job["ContainerProperties"]["JobRoleArn"] == {"Fn::GetAtt": ["TrainingRole", "Arn"]}
    assert job["ContainerProperties"]["Image"] == {"Ref": "TrainingImageUri"}
    (order,) = resources["TrainingQueue"]["Properties"]["ComputeEnvironmentOrder"]
    assert order["ComputeEnvironment"] == {"Ref": "TrainingEnvironment"}


SPOT_RECLAIMED = "Your Spot Task was interrupted."  # what Fargate says; "Host EC2" is another capacity's


def test_a_reclaimed_training_is_tried_again_and_a_hung_one_ends(resources: Resources) -> None:
    job = resources["TrainingJob"]["Properties"]
    retried = [rule["OnStatusReason"] for rule in job["RetryStrategy"]["EvaluateOnExit"] if rule["Action"] == "RETRY"]
    assert all(fnmatch(SPOT_RECLAIMED, pattern) for pattern in retried), retried
    assert retried
    retrain = json.loads((ROOT / "infra/pipelines/retrain.asl.json").read_text())
    train = retrain["States"]["Tenants"]["ItemProcessor"]["States"]["Train"]
    assert job["Timeout"] == train["Parameters"]["Timeout"]
    assert job["RetryStrategy"]["EvaluateOnExit"][-1] == {"OnReason": "*", "Action": "EXIT"}
    assert job["ContainerProperties"]["LogConfiguration"]["Options"]["awslogs-group"] == {"Ref": "TrainingLogs"}


def test_a_run_under_way_finds_its_jobs_after_a_deployment(resources: Resources) -> None:
    """An update deregisters the revision before, so a run is given the name and takes the newest."""
    given = []
    for job in ("Training", "Prepare"):
        name = resources[f"{job}Job"]["Properties"]["JobDefinitionName"]["Fn::Sub"]
        given.append(resources["Retrain"]["Properties"]["DefinitionSubstitutions"][f"{job}JobDefinitionArn"]["Fn::Sub"])
        assert given[-1].endswith(f":job-definition/{name}")
    allowed = [
        resource["Fn::Sub"]
        for statement in statements(resources["Retrain"])
        if statement["Action"] == "batch:SubmitJob"
        for resource in statement["Resource"]
        if "Fn::Sub" in resource
    ]
    assert allowed == [arn + revision for arn in given for revision in ("", ":*")]


def test_the_job_of_a_large_tenant_is_the_training_s_with_the_facts_and_a_role_of_its_own(resources: Resources) -> None:
    training, prepare = (resources[name]["Properties"]["ContainerProperties"] for name in ("TrainingJob", "PrepareJob"))
    own = {"JobRoleArn": {"Fn::GetAtt": ["PrepareRole", "Arn"]}, "Environment": prepare["Environment"]}
    assert prepare == training | own
    variables = resources["CheckData"]["Properties"]["Environment"]["Variables"]
    facts = {pair["Name"]: pair["Value"] for pair in prepare["Environment"]}
    assert facts["DATABASE_SECRET_ARN"] == variables["DATABASE_SECRET_ARN"]
    assert variables["LARGE_TENANT_ROWS"] == {"Ref": "LargeTenantRows"}


def test_a_machine_may_start_follow_and_stop_its_own_executions_and_keep_its_runs(
    resources: Resources,
) -> None:
    own = "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}"
    for machine in ("Retrain", "Reindex"):
        granted = {
            (action, resource["Fn::Sub"])
            for statement in statements(resources[machine])
            for action in listed(statement["Action"])
            for resource in listed(statement["Resource"])
            if "Fn::Sub" in resource
        }
        runs = {("s3:GetObject", "${Bucket.Arn}/runs/*"), ("s3:PutObject", "${Bucket.Arn}/runs/*")}
        children = f"{own}:execution:${{AWS::StackName}}-{machine}/*"
        start = {("states:StartExecution", f"{own}:stateMachine:${{AWS::StackName}}-{machine}")}
        assert granted >= runs | start | {(f"states:{action}Execution", children) for action in ("Describe", "Stop")}
