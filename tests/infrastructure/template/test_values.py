"""Every literal of the expanded template against the model of the service that will be asked to take it."""

import json
from copy import deepcopy
from typing import Any

import pytest

from infra.deploy.expand import expand, read_template
from tests.infrastructure.resources import ROOT, Resources
from tests.infrastructure.service_models import Fault, Unmapped, judge_members, members_of

OPERATIONS = {
    "AWS::ApiGatewayV2::Api": ("apigatewayv2:ImportApi", "apigatewayv2:CreateApi"),
    "AWS::ApiGatewayV2::Stage": ("apigatewayv2:CreateStage",),
    "AWS::Batch::ComputeEnvironment": ("batch:CreateComputeEnvironment",),
    "AWS::Batch::JobDefinition": ("batch:RegisterJobDefinition",),
    "AWS::Batch::JobQueue": ("batch:CreateJobQueue",),
    "AWS::CloudWatch::Alarm": ("cloudwatch:PutMetricAlarm",),
    "AWS::CloudWatch::Dashboard": ("cloudwatch:PutDashboard",),
    "AWS::CodeDeploy::Application": ("codedeploy:CreateApplication",),
    "AWS::CodeDeploy::DeploymentGroup": ("codedeploy:CreateDeploymentGroup",),
    "AWS::Events::Rule": ("events:PutRule", "events:PutTargets"),
    "AWS::IAM::ManagedPolicy": ("iam:CreatePolicy",),
    "AWS::IAM::Role": ("iam:CreateRole", "iam:PutRolePolicy"),
    "AWS::KMS::Key": ("kms:CreateKey",),
    "AWS::Lambda::Alias": ("lambda:CreateAlias",),
    "AWS::Lambda::Function": ("lambda:CreateFunction",),
    "AWS::Lambda::LayerVersion": ("lambda:PublishLayerVersion",),
    "AWS::Lambda::Permission": ("lambda:AddPermission",),
    "AWS::Lambda::Version": ("lambda:PublishVersion",),
    "AWS::Logs::LogGroup": ("logs:CreateLogGroup", "logs:PutRetentionPolicy"),
    "AWS::S3::Bucket": (
        "s3:CreateBucket", "s3:PutBucketVersioning", "s3:PutPublicAccessBlock", "s3:PutBucketOwnershipControls",
        "s3:PutBucketLifecycleConfiguration", "s3:PutBucketNotificationConfiguration",
    ),
    "AWS::SNS::Subscription": ("sns:Subscribe",),
    "AWS::SNS::Topic": ("sns:CreateTopic",),
    "AWS::StepFunctions::StateMachine": ("stepfunctions:CreateStateMachine",),
}  # fmt: skip
# Attributes that the API takes as free text, and policies: test_deploy_rules.py and test_permissions.py look at them.
WITHOUT_A_MODEL = {"AWS::SQS::Queue", "AWS::SQS::QueuePolicy", "AWS::S3::BucketPolicy"}
# CloudFormation's own names: switches of its handlers, what another call takes, and renamed members.
OWN_NAMES = {
    "AWS::Batch::ComputeEnvironment.ReplaceComputeEnvironment",
    "AWS::IAM::Role.ManagedPolicyArns", "AWS::IAM::Role.Policies",
    "AWS::KMS::Key.EnableKeyRotation", "AWS::KMS::Key.KeyPolicy",
    "AWS::S3::Bucket.BucketEncryption", "AWS::S3::Bucket.BucketName",
    "AWS::S3::Bucket.LifecycleConfiguration.Rules[].ExpirationInDays",
    "AWS::S3::Bucket.NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled",
    "AWS::SNS::Topic.KmsMasterKeyId",
    "AWS::StepFunctions::StateMachine.DefinitionString", "AWS::StepFunctions::StateMachine.DefinitionSubstitutions",
    "AWS::StepFunctions::StateMachine.StateMachineName", "AWS::StepFunctions::StateMachine.StateMachineType",
}  # fmt: skip


@pytest.fixture(scope="module")
def plain(expanded: Resources) -> Resources:
    """Without the dictionaries of SAM's own kinds."""
    resources: Resources = json.loads(json.dumps(expanded))
    return resources


def judged(resource: dict[str, Any], template: dict[str, Any]) -> list[Fault | Unmapped]:
    kind, properties = resource["Type"], resource.get("Properties", {})
    return list(judge_members(properties, members_of(*OPERATIONS[kind]), kind, template["Parameters"]))


def faults(resource: dict[str, Any], template: dict[str, Any]) -> list[Fault]:
    return [fault for fault in judged(resource, template) if isinstance(fault, Fault)]


def test_batch_takes_an_asterisk_only_at_the_end(plain: Resources, template: dict[str, Any]) -> None:
    """The first deployment would have ended here; no linter and no emulator says so."""
    job = deepcopy(plain["TrainingJob"])
    assert faults(job, template) == []
    job["Properties"]["RetryStrategy"]["EvaluateOnExit"][0]["OnStatusReason"] = "*reclaimed*"
    (fault,) = faults(job, template)
    assert (fault.value, fault.rule) == ("*reclaimed*", "can optionally end with an asterisk")


@pytest.mark.parametrize("kind", OPERATIONS)
def test_no_literal_is_one_that_its_service_refuses(kind: str, plain: Resources, template: dict[str, Any]) -> None:
    resources = {name: resource for name, resource in plain.items() if resource["Type"] == kind}
    assert resources
    assert {
        name: faults(resource, template) for name, resource in resources.items() if faults(resource, template)
    } == {}


def test_every_kind_of_resource_and_every_property_is_looked_at(plain: Resources, template: dict[str, Any]) -> None:
    assert {resource["Type"] for resource in plain.values()} == OPERATIONS.keys() | WITHOUT_A_MODEL
    looked_at = [resource for resource in plain.values() if resource["Type"] in OPERATIONS]
    unmapped = {one.where for resource in looked_at for one in judged(resource, template) if isinstance(one, Unmapped)}
    assert unmapped == OWN_NAMES


@pytest.mark.parametrize(
    ("resource", "path", "value"),
    [
        ("Predict", ("MemorySize",), 64),
        ("Predict", ("Timeout",), 0),
        ("Predict", ("Runtime",), "python4.0"),
        ("Predict", ("Architectures", 0), "arm"),
        ("Predict", ("FunctionName",), "a" * 200),
        ("Predict", ("TracingConfig", "Mode"), "On"),
        ("PredictSlow", ("ComparisonOperator",), "GreaterThan"),
        ("PredictSlow", ("EvaluationPeriods",), 0),
        ("TrainingEnvironment", ("State",), "ON"),
        ("Retrain", ("LoggingConfiguration", "Level"), "DEBUG"),
        ("Bucket", ("LifecycleConfiguration", "Rules", 0, "Status"), "On"),
        ("PredictLogs", ("LogGroupName",), "with a space"),
        ("RetrainWeekly", ("State",), "ON"),
    ],
)
def test_a_value_that_is_wrong_would_be_noticed(
    resource: str, path: tuple[str | int, ...], value: object, plain: Resources, template: dict[str, Any]
) -> None:
    changed = deepcopy(plain[resource])
    node = changed["Properties"]
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    assert [fault.value for fault in faults(changed, template)] == [value]


def test_the_stack_of_the_migrations_has_no_such_literal_either() -> None:
    template = read_template(ROOT / "infra/migrations/template.yaml")
    resources = json.loads(json.dumps(expand(template)["Resources"]))
    found = {name: faults(resource, template) for name, resource in resources.items()}
    assert found
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def test_it_takes_what_it_shares_with_the_product_as_the_product_does(template: dict[str, Any]) -> None:
    ours = read_template(ROOT / "infra/migrations/template.yaml")["Parameters"]
    for name in ours.keys() & template["Parameters"].keys():
        for rule in ("Type", "AllowedPattern", "AllowedValues", "Default"):
            assert ours[name].get(rule) == template["Parameters"][name].get(rule), name
