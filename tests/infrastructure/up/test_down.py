"""`make down`: what it removes, in which order, and that a second time finds nothing to do."""

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from infra.deploy.up import down
from infra.deploy.up.__main__ import confirm
from infra.deploy.up.steps import Unfinished
from tests.infrastructure.up.conftest import Written

KEPT = {
    "Resources": {
        "Bucket": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "Properties": {"BucketName": "kept"}},
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "gone"}},
    }
}


def silent(_: str) -> None:
    pass


def test_the_product_goes_before_what_it_stands_on(site: Written) -> None:
    names = [step.name for step in down.steps(site, silent)]
    assert names.index("product") < names.index("what it kept: bucket, key, queue")
    assert names.index("what it kept: bucket, key, queue") < names.index("foundation")
    assert names.index("migrations") < names.index("sources") < names.index("foundation")


def test_a_bucket_is_emptied_of_every_version_and_mark(site: Written) -> None:
    s3 = boto3.client("s3")
    s3.put_bucket_versioning(Bucket="sources", VersioningConfiguration={"Status": "Enabled"})
    for number in range(3):
        s3.put_object(Bucket="sources", Key="one", Body=b"%d" % number)
    s3.delete_object(Bucket="sources", Key="one")
    assert down.empty_bucket(site, "sources") == 4
    down.remove_bucket(site, "sources")
    with pytest.raises(ClientError):
        s3.head_bucket(Bucket="sources")


def test_every_revision_of_our_job_definitions_is_deregistered_and_nobody_else_s(site: Written) -> None:
    batch = boto3.client("batch")
    for name in ("portfolio-twin-dev-Train", "portfolio-twin-dev-Train", "others-Train"):
        container = {
            "image": "image",
            "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "512"}],
        }
        batch.register_job_definition(jobDefinitionName=name, type="container", containerProperties=container)
    assert down.deregister_jobs(site) == "2 deregistered"
    left = batch.describe_job_definitions(status="ACTIVE")["jobDefinitions"]
    assert [one["jobDefinitionName"] for one in left] == ["others-Train"]
    assert down.deregister_jobs(site) == "0 deregistered"


def test_a_stack_is_deleted_and_a_second_time_is_none(site: Written) -> None:
    boto3.client("cloudformation").create_stack(StackName=site.stack, TemplateBody=json.dumps(KEPT))
    assert down.delete_stack(site, site.stack, silent, every=0) == "portfolio-twin-dev is deleted"
    assert down.delete_stack(site, site.stack, silent) == "portfolio-twin-dev is gone"


def test_what_cloudformation_keeps_is_removed_by_its_kind_and_twice_does_no_harm(site: Written) -> None:
    key = boto3.client("kms").create_key()["KeyMetadata"]["KeyId"]
    queue = boto3.client("sqs").create_queue(QueueName="letters")["QueueUrl"]
    boto3.client("s3").put_object(Bucket="sources", Key="a", Body=b"")
    kept = {
        "AWS::S3::Bucket": "sources",
        "AWS::KMS::Key": key,
        "AWS::SQS::Queue": queue,
        "AWS::S3::BucketPolicy": "sources",
    }
    deleted = WithDeletedStack(site, kept)
    for _ in range(2):
        told = down.remove_kept(deleted, set())  # type: ignore[arg-type]  # a site whose CloudFormation remembers
        assert told == ", ".join(sorted({"sources", key, queue}))
    assert boto3.client("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    assert not boto3.client("s3").list_buckets()["Buckets"]
    assert not boto3.client("sqs").list_queues().get("QueueUrls")


def test_without_anybody_to_ask_it_refuses_unless_told_so(site: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("YES", raising=False)
    with pytest.raises(Unfinished, match="YES=1 make down"):
        confirm(site)
    monkeypatch.setenv("YES", "1")
    confirm(site)


class WithDeletedStack:
    """moto forgets what a deleted stack kept; AWS tells it for 90 days."""

    def __init__(self, site: Written, kept: dict[str, str]) -> None:
        self._site, self.stack = site, site.stack
        self._pages = {
            "list_stacks": [{"StackSummaries": [{"StackId": "id", "StackName": site.stack}]}],
            "list_stack_resources": [
                {
                    "StackResourceSummaries": [
                        {"ResourceType": kind, "PhysicalResourceId": physical_id, "ResourceStatus": "DELETE_SKIPPED"}
                        for kind, physical_id in kept.items()
                    ]
                }
            ],
        }

    def client(self, service: str) -> Any:
        return self if service == "cloudformation" else self._site.client(service)

    def get_paginator(self, operation: str) -> "WithDeletedStack.Pages":
        return self.Pages(self._pages[operation])

    class Pages:
        def __init__(self, pages: list[dict[str, Any]]) -> None:
            self._pages = pages

        def paginate(self, **_: object) -> list[dict[str, Any]]:
            return self._pages
