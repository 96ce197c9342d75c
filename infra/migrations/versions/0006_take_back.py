"""A thumb can be taken back (kind clear), and an event can say what of the property decided it."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KINDS = "'view', 'outreach', 'deal', 'like', 'dislike'"

# Without the default's rewrite: a constant default of a new column costs no time, however large the table.
BECAUSE = """
alter table interactions add column because text[] not null default '{}'
    constraint interactions_because_check check (cardinality(because) <= 5);
create index interactions_because on interactions (tenant_id, user_id) where because <> '{}';
"""


def upgrade() -> None:
    op.execute("alter table interactions drop constraint interactions_kind_check")
    op.execute(f"alter table interactions add constraint interactions_kind_check check (kind in ({KINDS}, 'clear'))")
    op.execute(BECAUSE)


def downgrade() -> None:
    op.execute("alter table interactions drop column because")
    op.execute("alter table interactions drop constraint interactions_kind_check")
    # Not valid: what was taken back meanwhile stays; the log is append-only.
    op.execute(f"alter table interactions add constraint interactions_kind_check check (kind in ({KINDS})) not valid")
