"""The training container: one snapshot in, one bundle out. `python -m functions.train.app`, driven by the environment.

SIGTERM (a Spot host is reclaimed, a job is cancelled) leaves a checkpoint and ends with 143; the next attempt goes on
from there. Whatever else goes wrong ends with 1 and the reason on standard error.
"""

import signal
import sys
from dataclasses import replace
from types import FrameType

import boto3
from botocore.config import Config

from functions.train.job import run
from functions.train.progress import Interrupted, Progress, on_stderr
from functions.train.settings import TrainSettings
from functions.train.stores import S3Store
from portfolio_twin.adapters.s3.bucket import Bucket
from portfolio_twin.errors import TwinError
from portfolio_twin.model.bundle.files import MANIFEST

TERMINATED = 128 + signal.SIGTERM
PATIENT = Config(connect_timeout=10, read_timeout=120, retries={"mode": "standard", "max_attempts": 5})


def train_from_environment(settings: TrainSettings, progress: Progress) -> None:
    """Reads the snapshot, trains, writes the bundle; the manifest last, so that a bundle without one is unfinished."""
    bucket = Bucket(settings.bucket, boto3.client("s3", config=PATIENT)).of(settings.tenant_id)
    snapshot = bucket.snapshots.load(settings.snapshot_id)
    store = S3Store(bucket.objects, settings.prefix)
    job = settings.job()
    what = "the plain design" if job.design == "plain" else job.kind
    size = f"{len(snapshot.catalogue)} properties, {len(snapshot.log)} interactions"
    progress.say(f"training {what} {job.version}: {size}")
    files = run(job, snapshot, store, progress)
    for name in sorted(files, key=lambda name: name == MANIFEST):
        store.write(name, files[name])
    progress.say(f"wrote {len(files)} files to s3://{settings.bucket}/{settings.prefix}")


def main() -> int:
    signals: list[int] = []

    def on_terminate(number: int, _frame: FrameType | None) -> None:
        signals.append(number)

    before = signal.signal(signal.SIGTERM, on_terminate)
    progress = replace(on_stderr(), stop=lambda: bool(signals))
    try:
        train_from_environment(TrainSettings(), progress)
    except Interrupted:
        progress.say("terminated: the next attempt goes on from the last checkpoint, if one was left")
        return TERMINATED
    except (TwinError, ValueError) as error:
        progress.say(f"{type(error).__name__}: {error}")
        return 1
    finally:
        signal.signal(signal.SIGTERM, before)
    return 0


if __name__ == "__main__":
    sys.exit(main())
