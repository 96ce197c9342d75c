"""What AWS refuses at the deployment although no model says so: rules from its own pages, for the resources we have."""

import json
import re
from typing import Any

import pytest

from tests.infrastructure.resources import Resources, listed, of_type, statements
from tests.infrastructure.service_models import literals

FARGATE_GIB_BY_VCPUS = {"2": range(4, 17), "4": range(8, 31), "8": range(16, 61, 4), "16": range(32, 121, 8)}
RETENTION_DAYS = {
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
}
RESERVED = re.compile(
    r"_HANDLER|_X_AMZN_TRACE_ID|AWS_(DEFAULT_)?REGION|AWS_EXECUTION_ENV|AWS_LAMBDA_\w+|AWS_(ACCESS_KEY_ID|ACCESS_KEY|"
    r"SECRET_ACCESS_KEY|SESSION_TOKEN)|LAMBDA_(TASK_ROOT|RUNTIME_DIR)"
)
CODE_DEPLOY = {
    "AllAtOnce", *(f"Canary10Percent{minutes}Minutes" for minutes in (5, 10, 15, 30)),
    "Linear10PercentEvery1Minute", *(f"Linear10PercentEvery{minutes}Minutes" for minutes in (2, 3, 10)),
}  # fmt: skip
CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")  # minutes hours day-of-month month day-of-week year


def properties_of(expanded: Resources, kind: str) -> dict[str, Any]:
    found = {name: resource["Properties"] for name, resource in of_type(expanded, kind).items()}
    assert found
    return json.loads(json.dumps(found))  # type: ignore[no-any-return]  # plain dictionaries, not SAM's


def test_the_template_is_within_cloudformation_s_own_limits(template: dict[str, Any], expanded: Resources) -> None:
    assert len(expanded) <= 500
    assert len(json.dumps(expanded)) < 1_000_000
    assert len(template["Parameters"]) <= 200
    assert len(template["Description"].encode()) <= 1024
    for name, output in template["Outputs"].items():
        assert name.isalnum()
        assert output["Value"]


def test_every_default_is_one_that_its_parameter_allows(template: dict[str, Any]) -> None:
    for name, parameter in template["Parameters"].items():
        if (default := parameter.get("Default")) is None:
            continue
        assert default in parameter.get("AllowedValues", [default]), name
        assert re.fullmatch(parameter.get("AllowedPattern", "(?s).*"), str(default)), name
        if parameter["Type"] == "Number":
            assert parameter.get("MinValue", default) <= default <= parameter.get("MaxValue", default), name


def test_fargate_has_the_pair_of_vcpus_and_memory(template: dict[str, Any]) -> None:
    vcpus, mib = (template["Parameters"][name] for name in ("TrainingVcpus", "TrainingMemoryMib"))
    assert int(mib["Default"]) / 1024 in FARGATE_GIB_BY_VCPUS[vcpus["Default"]]
    assert set(vcpus["AllowedValues"]) == FARGATE_GIB_BY_VCPUS.keys()


@pytest.mark.parametrize("name", ["TrainingJob", "PrepareJob"])
def test_a_job_is_one_that_fargate_takes(expanded: Resources, name: str) -> None:
    job = properties_of(expanded, "AWS::Batch::JobDefinition")[name]
    container, retry = job["ContainerProperties"], job["RetryStrategy"]
    assert len(job["PlatformCapabilities"]) == 1
    assert container["ExecutionRoleArn"]
    assert container["LogConfiguration"]["LogDriver"] in {"awslogs", "splunk", "awsfirelens"}
    assert not container.keys() & {"Privileged", "Ulimits", "LinuxParameters", "Vcpus", "Memory", "InstanceType"}
    kinds = [requirement["Type"] for requirement in container["ResourceRequirements"]]
    assert sorted(kinds) == ["MEMORY", "VCPU"]
    assert 1 <= retry["Attempts"] <= 10
    assert len(retry["EvaluateOnExit"]) <= 5
    for rule in retry["EvaluateOnExit"]:
        patterns = [rule[key] for key in rule if key.startswith("On")]
        assert patterns, rule
        assert all(re.fullmatch(r"[A-Za-z0-9.: \t]*\*?", pattern) and len(pattern) <= 512 for pattern in patterns), rule
    assert job["Timeout"]["AttemptDurationSeconds"] >= 60


def test_the_compute_environment_has_nothing_that_only_ec2_takes(expanded: Resources) -> None:
    (environment,) = properties_of(expanded, "AWS::Batch::ComputeEnvironment").values()
    resources = environment["ComputeResources"]
    assert not resources.keys() & {"AllocationStrategy", "InstanceTypes", "MinvCpus", "DesiredvCpus", "InstanceRole"}


def test_an_alarm_watches_one_thing_over_a_time_that_cloudwatch_keeps(expanded: Resources) -> None:
    for name, alarm in properties_of(expanded, "AWS::CloudWatch::Alarm").items():
        queries = [query for query in alarm.get("Metrics", []) if query.get("ReturnData", True)]
        single = [alarm[key] for key in ("MetricName", "Statistic", "ExtendedStatistic", "Namespace") if key in alarm]
        assert (len(queries), len(single)) in {(1, 0), (0, 3)}, name
        periods = [alarm["Period"]] if single else [one["MetricStat"]["Period"] for one in alarm["Metrics"][1:]]
        for period in periods:
            assert period in {10, 30} or period % 60 == 0, name
            limit = 7 * 86_400 if period >= 3_600 else 86_400
            assert period * alarm["EvaluationPeriods"] <= limit, name
        assert re.fullmatch(r"p(\d{1,2}(\.\d{1,10})?|100)", alarm.get("ExtendedStatistic", "p99")), name
        assert len(alarm.get("Dimensions", [])) <= 30
        for query in alarm.get("Metrics", []):
            assert re.fullmatch(r"[a-z]\w*", query["Id"]), name
            assert ("Expression" in query) != ("MetricStat" in query), name


def test_a_function_asks_for_nothing_that_lambda_or_snapstart_refuses(
    template: dict[str, Any], expanded: Resources
) -> None:
    for name, function in properties_of(expanded, "AWS::Lambda::Function").items():
        variables = function["Environment"]["Variables"]
        assert not [key for key in variables if RESERVED.fullmatch(key)], name
        assert all(re.fullmatch(r"[A-Za-z]\w+", key) for key in variables), name
        texts = [str(literal) for value in variables.values() for literal in literals(value, template["Parameters"])]
        assert sum(map(len, [*variables, *texts])) < 4_096, name
        assert function["Timeout"] <= 900
        assert 128 <= function["MemorySize"] <= 10_240
        assert len(function["Layers"]) <= 5
        assert not function.keys() & {"FileSystemConfigs", "EphemeralStorage", "ImageConfig"}  # SnapStart takes none
        assert len(literals(function["FunctionName"], {})[0]) <= 64, name
        assert len(function.get("Description", "")) <= 256


def test_an_alias_is_no_number_and_names_a_version(expanded: Resources) -> None:
    for name, alias in properties_of(expanded, "AWS::Lambda::Alias").items():
        assert re.fullmatch(r"(?!\d+$)[\w-]{1,128}", alias["Name"]), name
        assert alias["FunctionVersion"]["Fn::GetAtt"][1] == "Version"


def test_a_schedule_says_either_a_day_of_the_month_or_of_the_week(expanded: Resources) -> None:
    for name, rule in properties_of(expanded, "AWS::Events::Rule").items():
        assert ("ScheduleExpression" in rule) != ("EventPattern" in rule), name
        assert 1 <= len(rule["Targets"]) <= 5
        if expression := rule.get("ScheduleExpression"):
            cron = CRON.fullmatch(expression)
            assert cron is not None, expression
            assert (cron[3], cron[5]).count("?") == 1, expression
        for target in rule["Targets"]:
            assert len({"Input", "InputPath", "InputTransformer"} & target.keys()) <= 1, name
            if transformer := target.get("InputTransformer"):
                used = re.findall(r"<([\w.]+)>", transformer["InputTemplate"])
                assert set(used) <= transformer["InputPathsMap"].keys(), name


def test_policies_fit_and_say_their_version(expanded: Resources) -> None:
    for name, role in properties_of(expanded, "AWS::IAM::Role").items():
        assert len(role.get("ManagedPolicyArns", [])) <= 10, name
        inline = "".join(json.dumps(policy["PolicyDocument"]) for policy in role.get("Policies", []))
        assert len(re.sub(r"\s", "", inline)) <= 10_240, name
        assert len(re.sub(r"\s", "", json.dumps(role["AssumeRolePolicyDocument"]))) <= 2_048, name
    for name, policy in properties_of(expanded, "AWS::IAM::ManagedPolicy").items():
        assert len(re.sub(r"\s", "", json.dumps(policy["PolicyDocument"]))) <= 6_144, name
        assert policy["PolicyDocument"]["Version"] == "2012-10-17"


def test_every_statement_is_whole(expanded: Resources) -> None:
    for name, resource in expanded.items():
        for statement in statements(resource):
            assert statement["Effect"] in {"Allow", "Deny"}, name
            assert all(re.fullmatch(r"[a-z0-9-]+:[A-Za-z*]+", one) for one in listed(statement["Action"])), name
            assert re.fullmatch(r"[A-Za-z0-9]*", statement.get("Sid", "")), name
            in_a_role = resource["Type"] in {"AWS::IAM::ManagedPolicy", "AWS::IAM::Role"}
            trusts = "Principal" in statement
            assert trusts or "Resource" in statement, name
            assert trusts != (in_a_role and "Resource" in statement), name


def test_the_bucket_has_a_name_that_s3_takes_in_every_region(template: dict[str, Any], expanded: Resources) -> None:
    (bucket,) = properties_of(expanded, "AWS::S3::Bucket").values()
    longest = {"Stage": "a" * 10, "AWS::AccountId": "1" * 12, "AWS::Region": "ap-southeast-1"}
    name = re.sub(r"\$\{([\w:]+)\}", lambda match: longest[match[1]], bucket["BucketName"]["Fn::Sub"])
    assert re.fullmatch(r"(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", name)
    assert not re.fullmatch(template["Parameters"]["Stage"]["AllowedPattern"], "a" * 11)
    ids = [rule["Id"] for rule in bucket["LifecycleConfiguration"]["Rules"]]
    assert len(set(ids)) == len(ids)


def test_logs_are_kept_for_a_time_that_cloudwatch_offers(template: dict[str, Any]) -> None:
    assert set(template["Parameters"]["LogRetentionDays"]["AllowedValues"]) <= RETENTION_DAYS


def test_the_api_is_one_that_api_gateway_imports(expanded: Resources) -> None:
    (api,) = properties_of(expanded, "AWS::ApiGatewayV2::Api").values()
    (stage,) = properties_of(expanded, "AWS::ApiGatewayV2::Stage").values()
    operations = [operation for methods in api["Body"]["paths"].values() for operation in methods.values()]
    assert len(operations) <= 300
    for operation in operations:
        integration = operation["x-amazon-apigateway-integration"]
        assert (integration["type"], integration["payloadFormatVersion"]) == ("aws_proxy", "2.0")
    assert re.fullmatch(r"\$default|\w+", stage["StageName"])
    assert "$context.requestId" in stage["AccessLogSettings"]["Format"]["Fn::Sub"]
    (jwt,) = api["Body"]["components"]["securitySchemes"].values()
    authorizer = jwt["x-amazon-apigateway-authorizer"]
    assert authorizer["identitySource"].startswith("$request.")
    assert authorizer["jwtConfiguration"]["audience"]
    cors = api["Body"]["x-amazon-apigateway-cors"]
    assert not cors.get("allowCredentials")  # it refuses them beside a wildcard, which the parameter may be
    assert 0 <= cors["maxAge"] <= 86_400


def test_a_machine_logs_to_a_group_whose_arn_ends_as_step_functions_wants(expanded: Resources) -> None:
    for name, machine in properties_of(expanded, "AWS::StepFunctions::StateMachine").items():
        (destination,) = machine["LoggingConfiguration"]["Destinations"]
        # GetAtt Arn of a log group ends with :*, which the API demands; a Ref or a Sub would not
        assert destination["CloudWatchLogsLogGroup"]["LogGroupArn"] == {"Fn::GetAtt": [f"{name}Logs", "Arn"]}
        assert len(literals(machine["StateMachineName"], {})[0]) <= 80


def test_a_queue_keeps_for_a_time_that_sqs_allows(expanded: Resources) -> None:
    (queue,) = properties_of(expanded, "AWS::SQS::Queue").values()
    assert 60 <= queue["MessageRetentionPeriod"] <= 1_209_600


def test_the_account_can_still_administer_the_key(expanded: Resources) -> None:
    """KMS refuses a key whose policy locks everybody out."""
    (key,) = properties_of(expanded, "AWS::KMS::Key").values()
    own = [
        one for one in key["KeyPolicy"]["Statement"] if one["Action"] == "kms:*" and ":root" in str(one["Principal"])
    ]
    assert len(own) == 1


def test_each_way_to_deploy_is_one_that_codedeploy_has(template: dict[str, Any]) -> None:
    assert set(template["Parameters"]["DeploymentType"]["AllowedValues"]) == CODE_DEPLOY
