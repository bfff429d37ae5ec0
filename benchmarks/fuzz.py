"""Reads malformed files of every format (benchmarks/malformed.py): each has to be read, or refused in one line.

Any other outcome ends the run and leaves the smallest such file in the folder `failed`. Prints a Markdown table.
tests/test_fuzz.py does the same with fewer files.

    python -m benchmarks.fuzz --examples 2000
    python -m benchmarks.fuzz --examples 5000 --readers npz parquet
"""

import argparse
import os
import resource
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path
from unittest.mock import patch

import numpy as np
from hypothesis import HealthCheck, given, settings

from benchmarks.malformed import READERS, Case
from search.data.load import load_pictures
from search.data.source import Source, source_of
from search.deploy.thresholds import read
from search.errors import BadInput
from search.light import as_in_the_file, protocol_of

FAILED = Path("failed")
LONGEST = 2000  # characters of a message, which may list five bad images


def outcome(case: Case) -> str:
    """Returns `read` or `refused`, using a temporary folder and cache.

    Raises: AssertionError for an invalid message, or any other exception that a reader does not handle.
    """
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, {"XDG_CACHE_HOME": f"{folder}/.cache"}):
        case.write(Path(folder))
        message = refusal(Path(folder) / case.data, case)
    if message is None:
        return "read"
    if not message.strip() or "\n" in message or len(message) > LONGEST:
        raise AssertionError(f"not one line of readable length, {len(message)} characters: {message[:300]!r}")
    return "refused"


def refusal(path: Path, case: Case) -> str | None:
    """Returns the message for a refused file, or None if it is read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            if path.suffix == ".json":
                _, made = read(path)
                source_of(as_in_the_file(made, protocol_of(path, made)))
                return None
            pictures, _ = load_pictures(Source(str(path), **case.flags))
    except BadInput as error:
        return str(error)
    if pictures.train.images.dtype != np.uint8 or len(set(pictures.class_names)) < max(2, len(pictures.class_names)):
        raise AssertionError(f"images of {pictures.train.images.dtype}, classes {pictures.class_names}")
    return None


def fuzz(reader: str, examples: int) -> Counter[str]:
    """Counts the files of a reader that were read and refused. Writes the smallest failing files to FAILED."""
    found: Counter[str] = Counter()
    failed: list[Case] = []

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(READERS[reader])
    def each(case: Case) -> None:
        try:
            found[outcome(case)] += 1
        except Exception:
            failed.append(case)
            raise

    try:
        each()
    except Exception:
        failed[-1].write(FAILED)
        print(f"written to {FAILED}: {failed[-1]}")
        raise
    return found


def main() -> None:
    """Prints a row for each reader."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=2000, help="number of files of each format")
    parser.add_argument("--readers", choices=READERS, nargs="+", default=list(READERS))
    args = parser.parse_args()
    print("| reader | files | read | refused | seconds | peak memory so far, MB |\n|---|---|---|---|---|---|")
    for reader in args.readers:
        started = time.perf_counter()
        found = fuzz(reader, args.examples)
        seconds, most = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        row = (reader, f"{found.total():,}", f"{found['read']:,}", f"{found['refused']:,}", f"{seconds:.0f}", most)
        print(f"| {' | '.join(map(str, row))} |", flush=True)


if __name__ == "__main__":
    main()
