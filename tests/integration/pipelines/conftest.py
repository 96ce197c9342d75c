from uuid import uuid4

import pytest

from infra.local.stores.s3_server import S3Server
from portfolio_twin.adapters.s3.bucket import Bucket
from tests.integration.fixtures.machines import Machines
from tests.integration.fixtures.stub_steps import StubSteps


@pytest.fixture
def machines(server: S3Server) -> Machines:
    tenant = uuid4()
    return Machines(server, StubSteps(Bucket(server.bucket), tenant), tenant)
