"""Trainings of a confirmation, and every reading of a test set."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "cutpoints_confirmation_runs",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("protocol", sa.String(64), nullable=False),
        sa.Column("input", sa.Text, nullable=False),
        sa.Column("seed", sa.Integer, nullable=False),
        sa.Column("worker", sa.Text, nullable=False),
        sa.Column("predicted", sa.LargeBinary),
        sa.Column("seconds", sa.Float),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("protocol", "input", "seed", name="cutpoints_confirmation_runs_once"),
    )
    op.create_table(
        "cutpoints_test_readings",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("data", sa.String(64), nullable=False),
        sa.Column("study", sa.Text),
        sa.Column("protocol", sa.String(64), nullable=False),
        sa.Column("reader", sa.Text, nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("inputs", sa.JSON, nullable=False),
        sa.Column("findings", sa.JSON),
    )


def downgrade() -> None:
    op.drop_table("cutpoints_test_readings")
    op.drop_table("cutpoints_confirmation_runs")
