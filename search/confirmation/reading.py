"""The reading of the test set: the only module that compares predictions with test labels.

Each reading is recorded before it begins. Other modules use test labels to group and count photos only.
"""

import getpass
import hashlib
import socket
from collections.abc import Sequence
from typing import Any

import numpy as np

from search.confirmation.compare import compare, photos_without_copies
from search.confirmation.finalists import Entry
from search.confirmation.findings import Circumstances, Findings, SearchCost
from search.console.messages import plural, say
from search.data.split import Split, digest
from search.evaluation.protocol import Protocol
from search.trials.joining import versions
from storage.confirmations import (
    Reading,
    RunKey,
    begin_reading,
    end_reading,
    load_predicted,
    load_readings,
    trained_with,
)
from storage.database import Database
from storage.results import Results


def fingerprint_of_test(split: Split) -> str:
    """The fingerprint by which readings of the same test photos are counted: a hash of the images, in any order.

    Other labels, classes, training images or photo groups do not make another test set. The pixels are those that a
    network gets, so another --size, --fit or --color does.
    """
    each = sorted(digest(image) for image in split.test.images)
    return hashlib.sha256("".join(each).encode()).hexdigest()[:16]


def announcement(
    database: Database,
    results: Results | None,
    entries: Sequence[Entry],
    wanted: Sequence[RunKey],
    split: Split,
    protocol: Protocol,
) -> str:
    """A message that says what will be read once all trainings are done, while the user can still stop."""
    before = load_readings(database, fingerprint_of_test(split))
    identity = None if results is None else results.identity
    wanted_one = (protocol.fingerprint, identity, _inputs(entries, wanted))
    for each in before:
        if (each.protocol, each.study_identity, each.inputs) == wanted_one:
            if each.findings is not None:
                return f"these trainings were read on {_when(each)}; the findings are shown again and nothing is read"
            return f"the reading of these trainings on {_when(each)} was interrupted; it is completed and counts once"
    return (
        f"once all trainings are done, their predictions of {plural(split.test.photos, 'test photo')} are compared "
        f"with the labels: reading {len(before) + 1} of these photos in this database{_said(before)}. Read sparingly: "
        "anything that you change because of the result has in effect been chosen on these photos"
    )


def read_test(
    database: Database,
    results: Results | None,
    rival: Results | None,
    entries: Sequence[Entry],
    wanted: Sequence[RunKey],
    split: Split,
    protocol: Protocol,
) -> Findings:
    """Compares predictions with labels and stores the findings. A reading that was made before is not repeated."""
    study, identity = (None, None) if results is None else (results.study.study_name, results.identity)
    known, inputs = fingerprint_of_test(split), _inputs(entries, wanted)
    reader = f"{getpass.getuser()}@{socket.gethostname()}"
    reading = begin_reading(database, known, study, identity, protocol.fingerprint, reader, inputs)
    if reading.findings is not None:
        say(f"read on {_when(reading)}; shown again, not read again")
        return Findings.from_dict(reading.findings)
    done = load_predicted(database, protocol.fingerprint)
    earlier = [each for each in load_readings(database, known) if each.id < reading.id]
    say(f"reading the test set: reading {len(earlier) + 1} of these test photos in this database{_said(earlier)}")
    predicted = {e: np.stack([done[key] for key in wanted if key.input == e.input.key]) for e in entries}
    independent = photos_without_copies(split.test, split.development, split.pictures.similarity)
    circumstances = Circumstances(
        readings=len(earlier) + 1,
        protocol=protocol,
        versions=versions(),
        trained_with=tuple(trained_with(database, wanted)),
        cost=tuple(search_cost(each) for each in (results, rival) if each is not None),
    )
    found = compare(entries, predicted, split.test, independent, circumstances)
    end_reading(database, reading.id, found.to_dict())
    return found


def search_cost(results: Results) -> SearchCost:
    """The cost of a study's trials, including the seconds of learning references by gradient."""
    seconds = results.trials["seconds"].dropna()
    spent = seconds.sum() + results.trials["reference_seconds"].dropna().sum()
    return SearchCost(results.study.study_name, len(seconds), round(float(spent), 1))


def _inputs(entries: Sequence[Entry], wanted: Sequence[RunKey]) -> dict[str, Any]:
    """The inputs of a reading by key, as they are recorded."""
    return {
        entry.input.key: {
            "trial": entry.trial,
            "roles": [role.to_dict() for role in entry.roles],
            "seeds": [key.seed for key in wanted if key.input == entry.input.key],
        }
        for entry in entries
    }


def _when(reading: Reading) -> str:
    return f"{reading.read_at:%Y-%m-%d} by {reading.reader}"


def _said(before: Sequence[Reading]) -> str:
    return "; before: " + ", ".join(_when(each) for each in before) if before else ""
