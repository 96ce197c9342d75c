"""What Alembic runs: `alembic -c infra/migrations/alembic.ini -x url=… upgrade head`, or `run.upgrade(url)`."""

from alembic import context
from sqlalchemy import text

from infra.migrations.run import make_owner_engine
from portfolio_twin.adapters.postgres.tables import metadata

LOCK = 7_305_113  # any number, the same in every migration run: two deployments at once take turns


def database_url() -> str:
    arguments = context.get_x_argument(as_dictionary=True)
    url = context.config.attributes.get("url") or arguments.get("url")
    if not url:
        raise SystemExit("which database? give -x url=postgresql+pg8000://OWNER:PASSWORD@HOST/DATABASE")
    return str(url)


def migrate() -> None:
    engine = make_owner_engine(database_url())
    with engine.connect() as connection:
        connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        connection.execute(text("create schema if not exists migrations"))
        # Alembic's own table lies apart: in the tenants' schema every table is under row-level security.
        context.configure(connection=connection, target_metadata=metadata, version_table_schema="migrations")
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()
    engine.dispose()


migrate()
