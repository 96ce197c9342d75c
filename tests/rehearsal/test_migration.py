"""`make migrate` into the emulated account: its function, under its own role, on a server whose master is managed."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, text

from infra.local.stores.postgres_server import home_for, leave_server, start_server
from tests.rehearsal.conftest import PARAMETERS, Rehearsal

HOST = "127.0.0.1"
ROLES = {"OwnerSecretArn": "twin_owner", "DatabaseSecretArn": "twin_app", "PipelineDatabaseSecretArn": "twin_pipeline"}


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[str]:
    """A new server that asks for passwords, with a master as managed services have them; HOST:PORT."""
    home = home_for(tmp_path)
    server = start_server(home, HOST)
    as_superuser = f"postgresql+pg8000://postgres@/postgres?unix_sock={server.get_postmaster_info().socket_path}"
    engine = create_engine(as_superuser, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("create role master login createrole createdb nosuperuser password 'm'"))
    yield f"{HOST}:{server.get_postmaster_info().port}"
    leave_server(home)
    shutil.rmtree(home)


def logins(address: str) -> set[str]:
    """The product's roles that log in with their passwords, over TCP, into its database."""
    let_in = set()
    for role in ROLES.values():
        engine = create_engine(f"postgresql+pg8000://{role}:{role}!@{address}/twin", poolclass=NullPool)
        with engine.connect() as connection:
            let_in.add(str(connection.execute(text("select current_user")).scalar_one()))
    return let_in


def test_the_function_makes_roles_tables_and_passwords_and_a_second_call_changes_nothing(
    rehearsal: Rehearsal, postgres: str
) -> None:
    vault = rehearsal.cloud.client("secretsmanager")
    secrets = {"MasterSecretArn": ("master", "m")} | {name: (role, f"{role}!") for name, role in ROLES.items()}
    arns = {
        name: vault.create_secret(
            Name=f"migrate/{role}", SecretString=json.dumps({"username": role, "password": password})
        )["ARN"]
        for name, (role, password) in secrets.items()
    }
    url = f"postgresql+pg8000://{postgres}/postgres?sslmode=disable"
    for _ in range(2):
        done = rehearsal.cloud.migrate(PARAMETERS | arns | {"PostgresUrl": url})
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        assert json.loads(done.stdout.splitlines()[-1]) == {"roles": sorted(ROLES.values())}
    assert logins(postgres) == set(ROLES.values())
