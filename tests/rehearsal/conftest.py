"""An emulated account for each file of tests; in it, where asked for, a deployment that fails and one that works."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import pytest

from tests.rehearsal.ministack import COPY, Cloud, Done, copy_of_the_build, running
from tests.rehearsal.stand_ins import break_on_purpose

SECRET = "arn:aws:secretsmanager:us-east-1:000000000000:secret:twin/{}-abcdef"
PARAMETERS = {
    "Architecture": os.environ.get("ARCHITECTURE", "x86_64"),
    "JwtIssuer": "https://issuer.example.com",
    "JwtAudience": "portfolio-twin",
    "VpcSubnetIds": "subnet-11111111,subnet-22222222",
    "VpcSecurityGroupIds": "sg-11111111",
    "QdrantUrl": "https://127.0.0.1:6333",
    "QdrantSecretArn": SECRET.format("qdrant"),
    "DatabaseUrl": "postgresql+pg8000://127.0.0.1:5432/twin?sslmode=verify-full",
    "DatabaseSecretArn": SECRET.format("app"),
    "PipelineDatabaseSecretArn": SECRET.format("pipeline"),
    "RdsProxyName": "proxy",
    "TrainingImageUri": "000000000000.dkr.ecr.us-east-1.amazonaws.com/portfolio-twin-train:1",
    "AlarmEmail": "somebody@example.com",
}


@dataclass(frozen=True)
class Rehearsal:
    """What is deployed where, each time under a release of its own."""

    cloud: Cloud
    said: str = ""  # by the script that deployed it
    _numbers: Iterator[int] = field(default_factory=lambda: count(1_700_000_000))

    def release(self) -> str:
        return f"{next(self._numbers)}{'0' * 40}"

    def deploy(self, **parameters: str) -> Done:
        return self.cloud.deploy(self.release(), PARAMETERS | parameters)


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    copy_of_the_build()
    with running(tmp_path_factory.mktemp("ministack")) as cloud:
        yield Rehearsal(cloud)


@pytest.fixture(scope="module")
def failed(rehearsal: Rehearsal) -> tuple[Done, str | None, set[str]]:
    """A first deployment that fails on its way: how it ended, the stack's status, and what is left."""
    done = rehearsal.cloud.deploy(rehearsal.release(), PARAMETERS, break_on_purpose)
    return done, rehearsal.cloud.status(), rehearsal.cloud.everything()


@pytest.fixture(scope="module")
def deployed(rehearsal: Rehearsal, failed: object) -> Rehearsal:
    """The next one, under the same names."""
    done = rehearsal.deploy()
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert rehearsal.cloud.status() == "CREATE_COMPLETE"  # no update of what had failed: AWS would refuse that
    print("\nMiniStack lacks, so these were replaced:", *(COPY / "replaced.txt").read_text().splitlines(), sep="\n  ")
    return replace(rehearsal, said=done.stdout)


@pytest.fixture
def model_layer() -> Path:
    """The package as the layer holds it, to be edited: the file of the build stays as it is."""
    return COPY / "Model" / "python" / "portfolio_twin"
