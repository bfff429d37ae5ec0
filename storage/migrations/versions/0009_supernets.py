"""Supernets: their weights, the candidates that they scored, and their cost."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "cutpoints_supernets",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("protocol", sa.String(64), nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("weights", sa.LargeBinary, nullable=False),
        sa.Column("scores", sa.LargeBinary),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("scoring_seconds", sa.Float),
        sa.Column("trained_with", sa.Text, nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("cutpoints_supernets")
