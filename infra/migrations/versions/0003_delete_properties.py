"""The application may delete a property; what investors did holds theirs by its foreign key."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("grant delete on properties to twin_app")


def downgrade() -> None:
    op.execute("revoke delete on properties from twin_app")
