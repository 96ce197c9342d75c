"""How the end-to-end tests drive containers: `sam local invoke` for the functions, `docker run` for the trainer."""

import json
import os
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.local.cloud.containers import ENVIRONMENT, command
from infra.local.system import LocalSystem

ROOT = Path(__file__).parents[2]
EVENTS = ROOT / "tests" / "events"
IMAGE = os.environ.get("TRAINING_IMAGE", "portfolio-twin-train")
INVOKE_SECONDS = 600

Answer = dict[str, Any]


def event_of(function: str) -> dict[str, Any]:
    """tests/events/FOLDER/snake_case.json."""
    name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in function).lstrip("_")
    (file,) = EVENTS.glob(f"*/{name}.json")
    event: dict[str, Any] = json.loads(file.read_text())
    return event


def invoke(function: str, event: dict[str, Any]) -> Answer:
    """The function's answer, out of its container; AssertionError with its log where it raised."""
    done = subprocess.run(
        command(["invoke", function, "--event", "-"]),
        input=json.dumps(event), capture_output=True, text=True, cwd=ROOT, timeout=INVOKE_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answer: Answer = json.loads(done.stdout.strip().splitlines()[-1])
    assert "errorType" not in answer, f"{answer}\n{done.stderr}"
    return answer


@dataclass
class Pipeline:
    """The steps that were run, with what each was given and what it answered last."""

    given: dict[str, dict[str, Any]] = field(default_factory=dict)
    answers: dict[str, list[Answer]] = field(default_factory=dict)

    def event(self, function: str) -> dict[str, Any]:
        return self.given[function]

    def run(self, function: str, **changed: Any) -> Answer:
        self.given[function] = event_of(function) | changed
        answer = invoke(function, self.given[function])
        self.answers.setdefault(function, []).append(answer)
        return answer


class Trainer:
    """The training image, run as Batch would."""

    def __init__(self, system: LocalSystem) -> None:
        self._system = system
        self.log = ""

    def start(self, branch: dict[str, Any], **more: str) -> str:
        """A running container's name."""
        job = {
            "TENANT_ID": branch["tenant_id"], "VERSION": branch["version"], "SNAPSHOT_ID": branch["version"],
            "MODEL_KIND": "twin", "OUTPUT_PREFIX": branch["source"],
        }  # fmt: skip
        return self._start(job | more)

    def prepare(self, event: dict[str, Any]) -> int:
        """Exit code of the job of a large tenant."""
        stores = json.loads(ENVIRONMENT.read_text())["CheckData"]
        return self.wait(self._start(stores | {"EVENT": json.dumps(event)}, "functions.prepare.app"))

    def _start(self, environment: Mapping[str, str], *command: str) -> str:
        name = f"train-{uuid.uuid4().hex[:8]}"
        aws = {
            name: value for name, value in self._system.s3.environment.items() if name.startswith(("AWS_", "BUCKET"))
        }
        variables = [argument for pair in {**aws, **environment}.items() for argument in ("--env", "=".join(pair))]
        docker("run", "--detach", "--name", name, *variables, IMAGE, *command)
        return name

    def wait(self, name: str) -> int:
        """Its exit code; its log stays in `log`."""
        code = int(docker("wait", name))
        self.log = self.logs(name)
        docker("rm", name)
        return code

    def run(self, branch: dict[str, Any], **more: str) -> int:
        return self.wait(self.start(branch, **more))

    def terminate_after(self, name: str, line: str, seconds: float = 120) -> None:
        """SIGTERM as soon as its log says so."""
        deadline = time.monotonic() + seconds
        while line not in self.logs(name):
            assert time.monotonic() < deadline, f"it never wrote {line!r}:\n{self.logs(name)}"
            time.sleep(0.2)
        docker("kill", "--signal", signal.SIGTERM.name, name)

    def logs(self, name: str) -> str:
        done = subprocess.run(["docker", "logs", name], capture_output=True, text=True, check=True)
        return done.stdout + done.stderr


def docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port
