"""Schema and roles as on a managed service, where nobody is a superuser; and a release's data under the next schema."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4, uuid5

import pytest
from sqlalchemy import NullPool, create_engine, make_url, text

from infra.local.stores.postgres_server import home_for, leave_server, start_server
from infra.migrations.bootstrap import Login, bootstrap
from infra.migrations.run import upgrade
from portfolio_twin.adapters.postgres.copy_reads import copy_log
from portfolio_twin.domain.interactions import KEYED, InteractionLog
from tests.integration.fixtures.database import add, connect_to, make_tenant, put, read

MASTER = Login("managed_master", "m'%s")  # as awkward as a generated one
ADD = text("""insert into interactions (tenant_id, event_id, user_id, property_id, kind, occurred_at, idempotency_key)
    values (:tenant, :event, 7, 'house', 'like', '2026-03-01T12:00Z', :key)""")
LOGINS = [Login("twin_owner", "o"), Login("twin_app", "a"), Login("twin_pipeline", "p")]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """A new server, as its superuser."""
    home = home_for(tmp_path)
    running = start_server(home)
    socket = running.get_postmaster_info().socket_path
    yield f"postgresql+pg8000://postgres@/postgres?unix_sock={socket}"
    leave_server(home)
    shutil.rmtree(home)


@pytest.fixture
def managed(server: str) -> str:
    """Its URL without a login; the master may create roles and databases, and no more."""
    run(server, f"create role {MASTER.role} login createrole createdb nosuperuser nobypassrls")
    return make_url(server).set(username=None).render_as_string()


def run(url: str, *statements: str) -> None:
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))


def of(url: str, role: str) -> str:
    return make_url(url).set(username=role, database="twin").render_as_string()


def test_a_managed_master_makes_everything_and_may_do_so_again(managed: str) -> None:
    for _ in range(2):
        bootstrap(managed, MASTER, LOGINS)
    pipeline, app = connect_to(of(managed, "twin_pipeline")), connect_to(of(managed, "twin_app"))
    tenant = make_tenant(pipeline)
    assert put(app, tenant)
    assert add(app, tenant).status == "stored"
    assert [one.tenant_id for one in pipeline.list_tenants()] == [tenant]
    pipeline.close()
    app.close()


def test_the_roles_get_the_passwords_of_their_secrets(server: str, managed: str) -> None:
    bootstrap(managed, MASTER, LOGINS)
    first = passwords(server)
    bootstrap(managed, MASTER, [login._replace(password="it's 100% new") for login in LOGINS])
    second = passwords(server)
    assert first.keys() == second.keys() == {login.role for login in LOGINS}
    assert all(verifier.startswith("SCRAM-SHA-256$") for verifier in (*first.values(), *second.values()))
    assert all(first[role] != second[role] for role in first)


def passwords(server: str) -> dict[str, str]:
    engine = create_engine(server, poolclass=NullPool)
    with engine.connect() as connection:
        rows = connection.execute(text("select rolname, rolpassword from pg_authid where rolname like 'twin_%'"))
        return {role: verifier for role, verifier in rows if verifier}


def test_secrets_of_other_roles_are_refused_before_anything_is_done(server: str, managed: str) -> None:
    with pytest.raises(ValueError, match="twin_app, twin_owner, twin_pipeline are needed, not of twin_app"):
        bootstrap(managed, MASTER, LOGINS[1:2])
    assert passwords(server) == {}


def test_the_data_of_the_release_before_is_all_there_under_the_newest_schema(server: str) -> None:
    run(server, "create role twin_owner login createrole", "create database twin owner twin_owner")
    owner = of(server, "twin_owner")
    upgrade(owner, "0001")
    before = connect_to(of(server, "twin_pipeline"))
    tenant = make_tenant(before)
    put(before, tenant)
    key = str(uuid4())
    with before.tenant_session(tenant) as session:  # as the code of then did
        session.execute(text("insert into users values (:tenant, 7)"), {"tenant": tenant})
        session.execute(ADD, {"tenant": tenant, "key": key, "event": uuid5(KEYED, key)})
        session.commit()
    upgrade(owner)
    log = read(before, tenant, lambda session: copy_log(session, users=[7]))
    assert isinstance(log, InteractionLog)
    assert (log.users.tolist(), log.properties.tolist()) == ([7], ["house"])
    assert add(before, tenant, idempotency_key=key).status == "replayed"
    before.close()
