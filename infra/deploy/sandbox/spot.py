"""A training whose task is stopped as Fargate stops a reclaimed one: Batch must try it again."""

from typing import Any

from infra.deploy.up.seed import RETRAIN_SECONDS, Machine
from infra.deploy.up.site import Site
from infra.deploy.up.steps import Say, Unfinished, wait_until

RECLAIMED = "Your Spot Task was interrupted."  # Fargate's own words
WAIT_SECONDS = 900.0


def stopped_task_is_tried_again(site: Site, say: Say) -> str:
    """Of the tenant that was seeded; the machine then ends as it would have."""
    queue, batch = site.outputs(site.stack)["TrainingQueueArn"], site.client("batch")
    machine = Machine(site, "Retrain")
    machine.idle(WAIT_SECONDS)
    arn = machine.start({"tenant_ids": [_tenant(site)]}, say)
    running: list[dict[str, Any]] = []

    def is_running() -> bool:
        running[:] = batch.list_jobs(jobQueue=queue, jobStatus="RUNNING")["jobSummaryList"]
        return bool(running) or machine.ended(arn)

    wait_until(is_running, WAIT_SECONDS, 5.0)
    if not running:
        raise Unfinished("no training was started: has the tenant enough interactions? make up SEED=harborview")
    job = running[0]["jobId"]
    task = _job(batch, job)["container"]["taskArn"]
    site.client("ecs").stop_task(cluster=task.split("/")[1], task=task, reason=RECLAIMED)
    say(f"  stopped {task}")
    wait_until(lambda: len(_job(batch, job)["attempts"]) > 0, WAIT_SECONDS)
    reason = _job(batch, job)["attempts"][0]["statusReason"]
    ended = machine.wait(arn, RETRAIN_SECONDS)
    attempts = len(_job(batch, job)["attempts"])
    if attempts < 2:
        raise Unfinished(f"{attempts} attempt, for the reason was: {reason}")
    return f"{attempts} attempts, the first ended with {reason!r}; {ended}"


def _job(batch: Any, job: str) -> dict[str, Any]:
    (described,) = batch.describe_jobs(jobs=[job])["jobs"]
    return dict(described)


def _tenant(site: Site) -> str:
    """The first client's."""
    outputs = site.outputs(site.foundation)
    table = site.session.resource("dynamodb").Table(outputs["ClientTable"])
    row = table.get_item(Key={"client_id": outputs["FirstClientId"]}).get("Item")
    if row is None:
        raise Unfinished("there is no tenant yet: make up SEED=harborview")
    return str(row["tenant_id"])
