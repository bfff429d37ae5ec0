"""When a training of a confirmation was claimed, and with what it was trained."""

import datetime as dt

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    runs = sa.table("cutpoints_confirmation_runs", sa.column("claimed_at", sa.DateTime(timezone=True)))
    op.add_column("cutpoints_confirmation_runs", sa.Column("claimed_at", sa.DateTime(timezone=True)))
    op.execute(runs.update().values(claimed_at=dt.datetime.now(dt.UTC)))
    op.add_column("cutpoints_confirmation_runs", sa.Column("trained_with", sa.Text))


def downgrade() -> None:
    op.drop_column("cutpoints_confirmation_runs", "trained_with")
    op.drop_column("cutpoints_confirmation_runs", "claimed_at")
