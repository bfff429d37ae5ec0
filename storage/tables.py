"""Our own tables, beside Optuna's in the same database. A change here needs a migration."""

import sqlalchemy as sa

metadata = sa.MetaData()

# The parts of a data set that a report shows, so that it can be drawn without the images.
data_sets = sa.Table(
    "cutpoints_data_sets",
    metadata,
    sa.Column("fingerprint", sa.String(64), primary_key=True),  # of the data and the split
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("class_names", sa.JSON, nullable=False),
    sa.Column("histogram", sa.JSON, nullable=False),  # 256 counts of the training pixels, of each color
    sa.Column("height", sa.Integer, nullable=False),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("examples", sa.LargeBinary, nullable=False),  # uint8 training images, one after the other
    sa.Column("example_labels", sa.JSON, nullable=False),  # class indices
)

# Trainings without cut points, which are therefore not trials: the greyscale reference.
runs = sa.Table(
    "cutpoints_runs",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("protocol", sa.String(64), nullable=False),  # its fingerprint
    sa.Column("input", sa.String(64), nullable=False),  # Greyscale.key
    sa.Column("seed", sa.Integer, nullable=False),
    sa.Column("value", sa.Float, nullable=False),
    sa.Column("standard_error", sa.Float, nullable=False),
    sa.Column("accuracies", sa.JSON, nullable=False),  # after each epoch
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("low", sa.Float),  # of the 95 % interval of the value, over photos
    sa.Column("high", sa.Float),
    sa.Column("trained_with", sa.Text),  # versions and device
    sa.UniqueConstraint("protocol", "input", "seed", name="cutpoints_runs_once"),
)

# Work that one of several processes does or has done: see storage/claims.py.
claims = sa.Table(
    "cutpoints_claims",
    metadata,
    sa.Column("key", sa.String(64), primary_key=True),  # SHA-256 of `what`
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("worker", sa.Text, nullable=False),
    sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
)

# Trainings of a confirmation. Predicted classes are stored without labels; a reading compares the two.
confirmation_runs = sa.Table(
    "cutpoints_confirmation_runs",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("protocol", sa.String(64), nullable=False),  # its fingerprint
    sa.Column("input", sa.Text, nullable=False),  # Binarization.key or Greyscale.key
    sa.Column("seed", sa.Integer, nullable=False),
    sa.Column("worker", sa.Text, nullable=False),  # who trains or trained it
    sa.Column("claimed_at", sa.DateTime(timezone=True)),
    sa.Column("trained_with", sa.Text),  # versions and device, such as "torch 2.13.0+cpu, cpu AVX512, 2 threads"
    sa.Column("predicted", sa.LargeBinary),  # uint16, a class for each test image; null while it trains
    sa.Column("seconds", sa.Float),
    sa.Column("finished_at", sa.DateTime(timezone=True)),
    sa.Column("failure", sa.Text),  # why it failed; null for all others
    sa.UniqueConstraint("protocol", "input", "seed", name="cutpoints_confirmation_runs_once"),
)

# Readings of a test set: each comparison of predictions with test labels.
test_readings = sa.Table(
    "cutpoints_test_readings",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("data", sa.String(64), nullable=False),  # fingerprint of the test images and labels in any order
    sa.Column("study", sa.Text),  # its name; null for a reading without one
    sa.Column("study_identity", sa.String(32)),  # which study of that name: see storage.attributes.IDENTITY
    sa.Column("key", sa.String(64)),  # a hash of what makes a reading: equal ones are made once
    sa.Column("protocol", sa.String(64), nullable=False),
    sa.Column("reader", sa.Text, nullable=False),  # user@host
    sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("inputs", sa.JSON, nullable=False),  # by input key: trial, roles, seeds
    sa.Column("findings", sa.JSON),  # null when the reading was interrupted
    sa.UniqueConstraint("key", name="cutpoints_test_readings_once"),
)

# The scores of each complete trial by validation photo, so that two trials can be compared on the same photos.
trial_scores = sa.Table(
    "cutpoints_trial_scores",
    metadata,
    sa.Column("study_identity", sa.String(32), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("scores", sa.LargeBinary, nullable=False),  # float32, a photo's weighted sum; together they are the value
    sa.Column("weights", sa.LargeBinary, nullable=False),  # float32, a photo's share of the weight; together 1
)

# Supernets, each trained once for a protocol and a search space: see storage/supernets.py.
supernets = sa.Table(
    "cutpoints_supernets",
    metadata,
    sa.Column("key", sa.String(64), primary_key=True),  # SHA-256 of protocol and `what`
    sa.Column("protocol", sa.String(64), nullable=False),  # its fingerprint
    sa.Column("what", sa.Text, nullable=False),  # canonical JSON of the search space and the arithmetic
    sa.Column("weights", sa.LargeBinary, nullable=False),  # one torch.save of each fold; empty if a training diverged
    sa.Column("scores", sa.LargeBinary),  # candidates with their scores, compressed JSON; null until they are scored
    sa.Column("seconds", sa.Float, nullable=False),  # of training
    sa.Column("scoring_seconds", sa.Float),  # of finding and scoring the candidates
    sa.Column("trained_with", sa.Text, nullable=False),  # versions and device
    sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
)
