"""Every literal of the foundation against the model of the service that will be asked to take it."""

from copy import deepcopy
from typing import Any

import pytest

from tests.infrastructure.resources import Resources
from tests.infrastructure.service_models import Fault, Unmapped, judge_members, members_of

OPERATIONS = {
    "AWS::Cognito::UserPool": ("cognito-idp:CreateUserPool",),
    "AWS::Cognito::UserPoolClient": ("cognito-idp:CreateUserPoolClient",),
    "AWS::Cognito::UserPoolDomain": ("cognito-idp:CreateUserPoolDomain",),
    "AWS::Cognito::UserPoolResourceServer": ("cognito-idp:CreateResourceServer",),
    "AWS::CodeBuild::Project": ("codebuild:CreateProject",),
    "AWS::DynamoDB::Table": ("dynamodb:CreateTable",),
    "AWS::EC2::Route": ("ec2:CreateRoute",),
    "AWS::EC2::RouteTable": ("ec2:CreateRouteTable",),
    "AWS::EC2::SecurityGroup": ("ec2:CreateSecurityGroup",),
    "AWS::EC2::Subnet": ("ec2:CreateSubnet",),
    "AWS::EC2::SubnetRouteTableAssociation": ("ec2:AssociateRouteTable",),
    "AWS::EC2::VPC": ("ec2:CreateVpc",),
    "AWS::EC2::VPCEndpoint": ("ec2:CreateVpcEndpoint",),
    "AWS::EC2::VPCGatewayAttachment": ("ec2:AttachInternetGateway",),
    "AWS::ECR::Repository": ("ecr:CreateRepository", "ecr:PutLifecyclePolicy"),
    "AWS::ECS::Service": ("ecs:CreateService",),
    "AWS::ECS::TaskDefinition": ("ecs:RegisterTaskDefinition",),
    "AWS::Events::Rule": ("events:PutRule", "events:PutTargets"),
    "AWS::IAM::Role": ("iam:CreateRole", "iam:PutRolePolicy"),
    "AWS::Lambda::Function": ("lambda:CreateFunction",),
    "AWS::Lambda::Permission": ("lambda:AddPermission",),
    "AWS::Logs::LogGroup": ("logs:CreateLogGroup", "logs:PutRetentionPolicy"),
    "AWS::RDS::DBCluster": ("rds:CreateDBCluster",),
    "AWS::RDS::DBInstance": ("rds:CreateDBInstance",),
    "AWS::RDS::DBSubnetGroup": ("rds:CreateDBSubnetGroup",),
    "AWS::SecretsManager::Secret": ("secretsmanager:CreateSecret", "secretsmanager:GetRandomPassword"),
    "AWS::ServiceDiscovery::PrivateDnsNamespace": ("servicediscovery:CreatePrivateDnsNamespace",),
    "AWS::ServiceDiscovery::Service": ("servicediscovery:CreateService",),
}
# Nothing but references, or as in the product's own template, whose tests look at it.
WITHOUT_A_MODEL = {
    "AWS::EC2::InternetGateway", "AWS::EC2::SecurityGroupIngress", "AWS::ECS::Cluster", "AWS::S3::Bucket",
}  # fmt: skip
# CloudFormation's own names for what the calls name otherwise, or take in another call.
OWN_NAMES = {
    "AWS::Cognito::UserPool.UserPoolName",
    "AWS::DynamoDB::Table.SSESpecification.SSEEnabled",
    "AWS::EC2::SecurityGroup.GroupDescription", "AWS::EC2::SecurityGroup.SecurityGroupEgress",
    "AWS::EC2::VPC.EnableDnsHostnames", "AWS::EC2::VPC.EnableDnsSupport", "AWS::EC2::VPC.Tags",
    "AWS::ECR::Repository.EmptyOnDelete", "AWS::ECR::Repository.LifecyclePolicy",
    "AWS::IAM::Role.Policies",
    "AWS::SecretsManager::Secret.GenerateSecretString",
}  # fmt: skip


def judged(resource: dict[str, Any], foundation: dict[str, Any]) -> list[Fault | Unmapped]:
    kind, properties = resource["Type"], resource.get("Properties", {})
    return list(judge_members(properties, members_of(*OPERATIONS[kind]), kind, foundation["Parameters"]))


@pytest.mark.parametrize("kind", OPERATIONS)
def test_no_literal_is_one_that_its_service_refuses(kind: str, laid: Resources, foundation: dict[str, Any]) -> None:
    found = [judged(one, foundation) for one in laid.values() if one["Type"] == kind]
    assert found
    assert [fault for one in found for fault in one if isinstance(fault, Fault)] == []


def test_every_kind_of_resource_and_every_property_is_looked_at(laid: Resources, foundation: dict[str, Any]) -> None:
    assert {resource["Type"] for resource in laid.values()} == OPERATIONS.keys() | WITHOUT_A_MODEL
    looked_at = [resource for resource in laid.values() if resource["Type"] in OPERATIONS]
    unmapped = {own.where for one in looked_at for own in judged(one, foundation) if isinstance(own, Unmapped)}
    assert unmapped == OWN_NAMES


@pytest.mark.parametrize(
    ("resource", "name", "value"),
    [
        ("Users", "UserPoolTier", "FREE"),
        ("QdrantTask", "NetworkMode", "private"),
        ("QdrantService", "LaunchType", "LAMBDA"),
        ("Images", "ImageTagMutability", "NEVER"),
        ("TenantClaim", "Runtime", "python4.0"),
        ("Clients", "BillingMode", "FREE"),
    ],
)
def test_a_value_that_is_wrong_would_be_noticed(
    resource: str, name: str, value: str, laid: Resources, foundation: dict[str, Any]
) -> None:
    changed = deepcopy(laid[resource])
    changed["Properties"][name] = value
    assert value in [fault.value for fault in judged(changed, foundation) if isinstance(fault, Fault)]


def test_it_is_within_cloudformation_s_own_limits(foundation: dict[str, Any]) -> None:
    assert len(foundation["Resources"]) <= 500
    assert len(foundation["Outputs"]) <= 200
    code = foundation["Resources"]["TenantClaim"]["Properties"]["Code"]["ZipFile"]
    assert len(code.encode()) <= 4096
