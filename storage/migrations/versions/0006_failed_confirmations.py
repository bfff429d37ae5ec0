"""A training of a confirmation that failed is recorded as failed."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("cutpoints_confirmation_runs", sa.Column("failure", sa.Text))


def downgrade() -> None:
    op.drop_column("cutpoints_confirmation_runs", "failure")
