"""The one place where predictions meet test labels. Every reading is recorded before it begins.

Loading, grouping and counting photos see labels too, but never what a network says of a test picture.
"""

import getpass
import hashlib
import socket
from collections.abc import Sequence
from typing import Any

import numpy as np

from search.confirmation.finalists import Entry
from search.confirmation.findings import findings, photos_without_copies
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
    """Under which readings of these test photos are counted: of the pictures, in any order.

    Other labels or classes, another training picture or other photo groups make no new test set. Pictures are known by
    their pixels as a network gets them, so another --size, --fit or --color counts anew.
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
    """What will be read when all trainings are there, for who may still stop it."""
    before = load_readings(database, fingerprint_of_test(split))
    identity = None if results is None else results.identity
    wanted_one = (protocol.fingerprint, identity, _inputs(entries, wanted))
    for each in before:
        if (each.protocol, each.study_identity, each.inputs) == wanted_one:
            if each.findings is not None:
                return f"these trainings were read on {_when(each)}: that is shown again, and nothing is read"
            return f"the reading of these trainings on {_when(each)} was broken off; it is ended, and counts once"
    return (
        f"when all trainings are there, their predictions of {plural(split.test.photos, 'test photo')} are compared "
        f"with the labels at once: reading {len(before) + 1} of these photos in this database{_said(before)}. A "
        "reading is used up: what is changed because of it is no longer judged by photos that it has not seen"
    )


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
    known, inputs = fingerprint_of_test(split), _inputs(entries, wanted)
    reader = f"{getpass.getuser()}@{socket.gethostname()}"
    reading = begin_reading(database, known, study, identity, protocol.fingerprint, reader, inputs)
    if reading.findings is not None:
        say(f"read on {_when(reading)}; shown again, not read again")
        return reading.findings
    done = load_predicted(database, protocol.fingerprint)
    earlier = [each for each in load_readings(database, known) if each.id < reading.id]
    say(f"reading the test set: reading {len(earlier) + 1} of these test photos in this database{_said(earlier)}")
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


def _inputs(entries: Sequence[Entry], wanted: Sequence[RunKey]) -> dict[str, Any]:
    """What a reading reads, as it is recorded."""
    return {
        str(e): {"trial": e.trial, "roles": list(e.roles), "seeds": [key.seed for key in wanted if key.input == str(e)]}
        for e in entries
    }


def _when(reading: Reading) -> str:
    return f"{reading.read_at:%Y-%m-%d} by {reading.reader}"


def _said(before: Sequence[Reading]) -> str:
    return "; before: " + ", ".join(_when(each) for each in before) if before else ""
