"""A reading belongs to a study's identity and is made once; what each trial scored on each photo."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    with op.batch_alter_table("cutpoints_test_readings") as table:
        table.add_column(sa.Column("study_identity", sa.String(32)))
        table.add_column(sa.Column("key", sa.String(64)))
        table.create_unique_constraint("cutpoints_test_readings_once", ["key"])
    op.create_table(
        "cutpoints_trial_scores",
        sa.Column("study_identity", sa.String(32), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("scores", sa.LargeBinary, nullable=False),
        sa.Column("weights", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("cutpoints_trial_scores")
    with op.batch_alter_table("cutpoints_test_readings") as table:
        table.drop_constraint("cutpoints_test_readings_once", type_="unique")
        table.drop_column("key")
        table.drop_column("study_identity")
