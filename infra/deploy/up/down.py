"""`make down`: everything that `make up` made, away, and what CloudFormation keeps as well."""

from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from infra.deploy.up.site import Site
from infra.deploy.up.steps import Say, Step, Unfinished, wait_until

KEY_DAYS = 7  # the fewest that KMS takes; a key costs nothing while it waits
DELETE_SECONDS = 3600.0  # Lambda gives its network cards back in its own time
GONE = {
    "NoSuchBucket",
    "NotFoundException",
    "KMSInvalidStateException",
    "AWS.SimpleQueueService.NonExistentQueue",
    "QueueDoesNotExist",
}


def steps(site: Site, say: Say) -> list[Step]:
    """Each can be run again; what is gone is passed over."""
    again = "CloudFormation's last event says what still holds it."
    remembered: set[tuple[str, str]] = set()

    def delete_product() -> str:
        remembered.update(holds_data(site, site.stack))
        return delete_stack(site, site.stack, say)

    return [
        Step("running machines", lambda: stop_machines(site), "Stop them in the console."),
        Step("product", delete_product, again),
        Step(
            "what it kept: bucket, key, queue",
            lambda: remove_kept(site, remembered),
            "Is something still being written into the bucket?",
        ),
        Step("job definitions", lambda: deregister_jobs(site), "Deregister them in the console: they cost nothing."),
        Step("migrations", lambda: delete_stack(site, site.migrations, say), again),
        Step("sources", lambda: empty_sources(site), "Empty the bucket in the console."),
        Step("foundation", lambda: delete_stack(site, site.foundation, say), again),
    ]


def stop_machines(site: Site) -> str:
    """So that nothing writes any more."""
    machines, stopped = site.client("stepfunctions"), 0
    for page in machines.get_paginator("list_state_machines").paginate():
        for machine in page["stateMachines"]:
            if machine["name"].startswith(f"{site.stack}-"):
                running = machines.list_executions(stateMachineArn=machine["stateMachineArn"], statusFilter="RUNNING")
                for execution in running["executions"]:
                    machines.stop_execution(executionArn=execution["executionArn"], cause="make down")
                    stopped += 1
    return f"{stopped} stopped"


def delete_stack(site: Site, name: str, say: Say, every: float = 15.0) -> str:
    """Raises Unfinished where CloudFormation gave up."""
    stack = site.describe(name)
    if not stack:
        return f"{name} is gone"
    site.client("cloudformation").delete_stack(StackName=name)
    told = [""]

    def gone() -> bool:
        status = str(site.describe(stack["StackId"]).get("StackStatus", "DELETE_COMPLETE"))
        if status == "DELETE_FAILED":
            raise Unfinished(f"{name} could not be deleted")
        left = f"      {status.lower()}, {sum(1 for _ in resources(site, stack['StackId'], deleted=False))} left"
        if left != told[0]:
            say(left)
            told[0] = left
        return status == "DELETE_COMPLETE"

    wait_until(gone, DELETE_SECONDS, every)
    return f"{name} is deleted"


def resources(site: Site, stack_id: str, *, deleted: bool) -> Iterator[dict[str, Any]]:
    """Those of a stack that are deleted, or those that are not; a stack that is gone has them for 90 days."""
    try:
        for page in site.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack_id):
            for one in page["StackResourceSummaries"]:
                if (one["ResourceStatus"] == "DELETE_COMPLETE") == deleted:
                    yield one
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise


def holds_data(site: Site, stack_id: str) -> set[tuple[str, str]]:
    """What a stack's template retains, by type and id: whether the stack is there or gone."""
    found = resources(site, stack_id, deleted=False)
    return {(one["ResourceType"], one["PhysicalResourceId"]) for one in found if one["ResourceType"] in REMOVE}


def remove_kept(site: Site, remembered: set[tuple[str, str]]) -> str:
    """What was seen in the stack before it was deleted, and what AWS still tells of those deleted before."""
    kept = remembered.union(*(holds_data(site, stack_id) for stack_id in _deleted_stacks(site)))
    for kind, physical_id in sorted(kept):
        try:
            REMOVE[kind](site, physical_id)
        except ClientError as error:
            if error.response["Error"]["Code"] not in GONE:
                raise
    return ", ".join(sorted(physical_id for _, physical_id in kept)) or "nothing"


def _deleted_stacks(site: Site) -> list[str]:
    pages = site.client("cloudformation").get_paginator("list_stacks").paginate(StackStatusFilter=["DELETE_COMPLETE"])
    return [one["StackId"] for page in pages for one in page["StackSummaries"] if one["StackName"] == site.stack]


def remove_bucket(site: Site, name: str) -> None:
    empty_bucket(site, name)
    site.client("s3").delete_bucket(Bucket=name)


def empty_bucket(site: Site, name: str) -> int:
    """Every version and every mark of a deletion, a thousand at a time."""
    s3, count = site.client("s3"), 0
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        found = [
            {"Key": one["Key"], "VersionId": one["VersionId"]}
            for one in page.get("Versions", []) + page.get("DeleteMarkers", [])
        ]
        if found:
            failed = s3.delete_objects(Bucket=name, Delete={"Objects": found, "Quiet": True}).get("Errors", [])
            if failed:
                raise Unfinished(f"{len(failed)} objects of {name} stay: {failed[0]['Message']}")
        count += len(found)
    return count


def retire_key(site: Site, key: str) -> None:
    site.client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=KEY_DAYS)


def remove_queue(site: Site, url: str) -> None:
    site.client("sqs").delete_queue(QueueUrl=url)


def deregister_jobs(site: Site) -> str:
    """Every revision: CloudFormation takes the newest alone."""
    batch, count = site.client("batch"), 0
    for page in batch.get_paginator("describe_job_definitions").paginate(status="ACTIVE"):
        for one in page["jobDefinitions"]:
            if one["jobDefinitionName"].startswith(f"{site.stack}-"):
                batch.deregister_job_definition(jobDefinition=one["jobDefinitionArn"])
                count += 1
    return f"{count} deregistered"


def empty_sources(site: Site) -> str:
    bucket = site.outputs(site.foundation).get("SourceBucket")
    return f"{empty_bucket(site, bucket)} objects" if bucket else "gone"


REMOVE: dict[str, Callable[[Site, str], None]] = {
    "AWS::S3::Bucket": remove_bucket,
    "AWS::KMS::Key": retire_key,
    "AWS::SQS::Queue": remove_queue,
}
