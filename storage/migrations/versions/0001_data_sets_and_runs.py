"""Data sets and runs that are no trials."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "cutpoints_data_sets",
        sa.Column("fingerprint", sa.String(64), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("class_names", sa.JSON, nullable=False),
        sa.Column("histogram", sa.JSON, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("examples", sa.LargeBinary, nullable=False),
        sa.Column("example_labels", sa.JSON, nullable=False),
    )
    op.create_table(
        "cutpoints_runs",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("protocol", sa.String(64), nullable=False),
        sa.Column("input", sa.String(64), nullable=False),
        sa.Column("seed", sa.Integer, nullable=False),
        sa.Column("value", sa.Float, nullable=False),
        sa.Column("standard_error", sa.Float, nullable=False),
        sa.Column("accuracies", sa.JSON, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("protocol", "input", "seed", name="cutpoints_runs_once"),
    )


def downgrade() -> None:
    op.drop_table("cutpoints_runs")
    op.drop_table("cutpoints_data_sets")
