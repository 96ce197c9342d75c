"""app.set_local: the ranges of a bulk read as settings of the transaction, set inside a function.

RDS Proxy pins the session of whoever sends SET or set_config itself; what a stored function sets does not pin.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SET_LOCAL = """
create function app.set_local(name text, value text) returns void
language sql set search_path = pg_catalog as $$
    select set_config('copy.' || name, value, true);
$$;
revoke execute on function app.set_local(text, text) from public;
grant execute on function app.set_local(text, text) to twin_app;
"""


def upgrade() -> None:
    op.execute(SET_LOCAL)


def downgrade() -> None:
    op.execute("drop function app.set_local(text, text)")
