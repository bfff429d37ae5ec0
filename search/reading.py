"""The one place where predictions meet test labels. Every reading is recorded before it begins.

Loading, grouping and counting photos see labels too, but never what a network says of a test picture.
"""

import getpass
import socket
from collections.abc import Sequence
from typing import Any

import numpy as np

from search.command import say
from search.data.split import Split, digest
from search.finalists import Entry
from search.findings import findings, photos_without_copies
from search.joining import versions
from search.protocol import Protocol
from storage.confirmations import RunKey, begin_reading, end_reading, load_predicted, load_readings, trained_with
from storage.database import Database
from storage.results import Results


def fingerprints_of_test(split: Split) -> tuple[str, str]:
    """Under which readings of these test photos are counted: of pictures and labels alone, and an earlier version's.

    Other names of the classes, or another training picture, make no new test set.
    """
    test = split.test
    return digest(test.images, test.labels), f"{split.data_fingerprint}-{digest(test.groups)}"


def read_test(
    database: Database,
    results: Results | None,
    rival: Results | None,
    entries: Sequence[Entry],
    wanted: Sequence[RunKey],
    split: Split,
    protocol: Protocol,
) -> dict[str, Any]:
    """Compares predictions with labels and keeps what was found; the same reading again is shown, not repeated."""
    study, identity = (None, None) if results is None else (results.study.study_name, results.identity)
    inputs = {
        str(e): {"trial": e.trial, "roles": list(e.roles), "seeds": [key.seed for key in wanted if key.input == str(e)]}
        for e in entries
    }
    known = fingerprints_of_test(split)
    reader = f"{getpass.getuser()}@{socket.gethostname()}"
    reading = begin_reading(database, known[0], study, identity, protocol.fingerprint, reader, inputs)
    if reading.findings is not None:
        say(f"read on {reading.read_at:%Y-%m-%d} by {reading.reader}; shown again, not read again")
        return reading.findings
    done = load_predicted(database, protocol.fingerprint)
    earlier = [each for each in load_readings(database, known) if each.id < reading.id]
    said = ", ".join(f"{each.read_at:%Y-%m-%d} by {each.reader}" for each in earlier)
    say(
        f"reading the test set: reading {len(earlier) + 1} of these test photos in this database"
        + (said and f"; before: {said}")
    )
    predicted = {e: np.stack([done[key] for key in wanted if key.input == str(e)]) for e in entries}
    independent = photos_without_copies(split.test, split.development, split.pictures.similarity)
    found = findings(entries, predicted, split.test, independent)
    found |= {"readings": len(earlier) + 1, "protocol": protocol.as_dict(), "versions": versions()}
    found["trained_with"] = trained_with(database, wanted)
    found["cost"] = [search_cost(each) for each in (results, rival) if each is not None]
    end_reading(database, reading.id, found)
    return found


def search_cost(results: Results) -> dict[str, Any]:
    """What a study's trials cost: how many that trained, and their seconds of training and of learning references."""
    seconds = results.trials["seconds"].dropna()
    spent = seconds.sum() + results.trials["reference_seconds"].dropna().sum()
    return {"study": results.study.study_name, "trials": len(seconds), "seconds": round(float(spent), 1)}
