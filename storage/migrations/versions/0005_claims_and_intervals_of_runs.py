"""Claims of what one of several processes does; runs with the bounds of their value's interval."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "cutpoints_claims",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("worker", sa.Text, nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
    )
    with op.batch_alter_table("cutpoints_runs") as table:
        table.add_column(sa.Column("low", sa.Float))
        table.add_column(sa.Column("high", sa.Float))
        table.add_column(sa.Column("trained_with", sa.Text))


def downgrade() -> None:
    with op.batch_alter_table("cutpoints_runs") as table:
        for name in ("trained_with", "high", "low"):
            table.drop_column(name)
    op.drop_table("cutpoints_claims")
