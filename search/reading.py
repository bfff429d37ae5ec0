"""The one place where test labels are looked at. Every reading is recorded before it begins."""

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


def fingerprint_of_test(split: Split) -> str:
    """Fingerprint of a test set: under it readings are counted."""
    return f"{split.data_fingerprint}-{digest(split.test.groups)}"


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
    data = fingerprint_of_test(split)
    study = None if results is None else results.study.study_name
    inputs = {
        str(e): {"trial": e.trial, "roles": list(e.roles), "seeds": [key.seed for key in wanted if key.input == str(e)]}
        for e in entries
    }
    earlier = load_readings(database, data)
    for reading in earlier:
        same = (reading.study, reading.protocol, reading.inputs) == (study, protocol.fingerprint, inputs)
        if same and reading.findings is not None:
            say(f"read on {reading.read_at:%Y-%m-%d} by {reading.reader}; shown again, not read again")
            return reading.findings
    done = load_predicted(database, protocol.fingerprint)
    id = begin_reading(
        database, data, study, protocol.fingerprint, f"{getpass.getuser()}@{socket.gethostname()}", inputs
    )
    count = sum(reading.id <= id for reading in load_readings(database, data))
    say(f"reading the test set: reading {count} of these test photos in this database")
    predicted = {e: np.stack([done[key] for key in wanted if key.input == str(e)]) for e in entries}
    found = findings(entries, predicted, split.test, photos_without_copies(split.test, split.development))
    found |= {"readings": count, "protocol": protocol.as_dict(), "versions": versions()}
    found["trained_with"] = trained_with(database, wanted)
    found["cost"] = [search_cost(each) for each in (results, rival) if each is not None]
    end_reading(database, id, found)
    return found


def search_cost(results: Results) -> dict[str, Any]:
    """What a study's trials cost: how many that trained, and their seconds of training and of learning references."""
    seconds = results.trials["seconds"].dropna()
    spent = seconds.sum() + results.trials["reference_seconds"].dropna().sum()
    return {"study": results.study.study_name, "trials": len(seconds), "seconds": round(float(spent), 1)}
