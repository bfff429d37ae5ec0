"""Our own tables, beside Optuna's in the same database. A change here needs a migration."""

import sqlalchemy as sa

metadata = sa.MetaData()

# What a report shows of a data set, so that it can be drawn where the pictures are not.
data_sets = sa.Table(
    "cutpoints_data_sets",
    metadata,
    sa.Column("fingerprint", sa.String(64), primary_key=True),  # of the data and the split
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("class_names", sa.JSON, nullable=False),
    sa.Column("histogram", sa.JSON, nullable=False),  # 256 counts of the training pixels
    sa.Column("height", sa.Integer, nullable=False),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("examples", sa.LargeBinary, nullable=False),  # uint8 training pictures, one after the other
    sa.Column("example_labels", sa.JSON, nullable=False),  # class indices
)

# Training runs that are no trials, because they have no cut points: the greyscale reference.
runs = sa.Table(
    "cutpoints_runs",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("protocol", sa.String(64), nullable=False),  # its fingerprint
    sa.Column("input", sa.String(64), nullable=False),  # "greyscale"
    sa.Column("seed", sa.Integer, nullable=False),
    sa.Column("value", sa.Float, nullable=False),
    sa.Column("standard_error", sa.Float, nullable=False),
    sa.Column("accuracies", sa.JSON, nullable=False),  # after each epoch
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
    sa.UniqueConstraint("protocol", "input", "seed", name="cutpoints_runs_once"),
)
