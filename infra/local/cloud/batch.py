"""AWS Batch on this machine: a job is a process with the job's environment; what Batch would kill, this kills."""

import atexit
import os
import subprocess
import tempfile
import threading
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from joblib import cpu_count  # type: ignore[import-untyped]  # ships no types; it heeds affinity and cgroups

GRACE_SECONDS = 30.0  # between SIGTERM and SIGKILL, as Batch gives
CAUSE_BYTES = 4_000
TRAIN = ("functions.train.app",)  # the image's command where a job names none
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@dataclass
class Job:
    """One attempt of a container."""

    name: str
    process: subprocess.Popen[bytes]
    log: IO[bytes]
    job_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    timed_out: bool = False

    def describe(self) -> dict[str, Any]:
        """As DescribeJobs answers; every exit code but 0 is a failure, 137 (killed for memory) among them."""
        code = self.process.poll()
        about = {"jobId": self.job_id, "jobName": self.name, "jobQueue": "local", "jobDefinition": "train"}
        if code is None:
            return about | {"status": "RUNNING", "startedAt": 1}
        exit_code = code if code >= 0 else 128 - code  # a shell's way of saying "killed by this signal"
        failed = {"statusReason": self._reason(exit_code)} if exit_code else {}
        status = "FAILED" if exit_code else "SUCCEEDED"
        return about | {"status": status, "startedAt": 1, "container": {"exitCode": exit_code}} | failed

    def _reason(self, exit_code: int) -> str:
        self.log.seek(0, os.SEEK_END)
        self.log.seek(max(0, self.log.tell() - CAUSE_BYTES))
        log = self.log.read().decode(errors="replace")
        what = "Job attempt duration exceeded timeout" if self.timed_out else f"Essential container exited: {exit_code}"
        return f"{what}\n{log}"


class BatchJobs:
    """Starts jobs and knows how they ended; whatever still runs goes down with this process."""

    def __init__(self, entrypoint: Sequence[str], grace_seconds: float = GRACE_SECONDS) -> None:
        self._entrypoint, self._grace_seconds = entrypoint, grace_seconds
        self._jobs: dict[str, Job] = {}
        atexit.register(self.stop)

    def submit(
        self,
        name: str,
        environment: Mapping[str, str],
        limit_seconds: float | None,
        command: Sequence[str] = TRAIN,
    ) -> Job:
        log = tempfile.TemporaryFile()  # noqa: SIM115  # it lives as long as the job is asked about
        process = subprocess.Popen(
            [*self._entrypoint, *command],
            env={**ONE_THREAD, "LOKY_MAX_CPU_COUNT": str(self._cores()), **os.environ, **environment},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        job = Job(name, process, log)
        self._jobs[job.job_id] = job
        if limit_seconds is not None:
            threading.Thread(target=self._limit, args=(job, limit_seconds), daemon=True).start()
        return job

    def describe(self, job_id: str) -> dict[str, Any]:
        return self._jobs[job_id].describe()

    def stop(self) -> None:
        """Ends what still runs, as `terminate` would."""
        for job in self._jobs.values():
            self._end(job)
            job.log.close()
        self._jobs.clear()

    def _cores(self) -> int:
        """For one more job: who trains alone has them all, and tenants side by side do not wait for each other's."""
        running = sum(job.process.poll() is None for job in list(self._jobs.values()))
        share: int = cpu_count() // (running + 1)
        return max(1, share)

    def _limit(self, job: Job, limit_seconds: float) -> None:
        try:
            job.process.wait(limit_seconds)
        except subprocess.TimeoutExpired:
            job.timed_out = True
            self._end(job)

    def _end(self, job: Job) -> None:
        if job.process.poll() is None:
            job.process.terminate()
            try:
                job.process.wait(self._grace_seconds)
            except subprocess.TimeoutExpired:
                job.process.kill()
