"""Sign Language MNIST: its location on disk, download and checksums.

27,455 training and 7,172 test images of 28×28 pixels, CC0. Labels are 0..24 without 9, for the letters A..Y without J
(J and Z are signed by a movement). The class names are the letters.
"""

import contextlib
import hashlib
import sys
from pathlib import Path

from search.console.files import write_atomically
from search.console.messages import say
from search.data.csv_files import read_bytes
from search.errors import BadInput

KAGGLE = "datamunge/sign-language-mnist"
FOLDERS = ("", "sign-language-mnist", "sign-mnist")
TRAIN, TEST = "sign_mnist_train.csv", "sign_mnist_test.csv"
ARCHIVES = ("archive.zip", "sign-language-mnist.zip")
SHA256 = {
    TRAIN: "b7ff39ad5f1210fa765ce11aa5f20c2e97fe467ffc22231aac923c863eef75c4",
    TEST: "178c0dd21c4b0e86d58df12f14ea1e9efa795ad19d146802b3b28094a16d56ae",
}


def find(folders: list[Path]) -> list[Path] | None:
    """Returns the files in the first folder that has them: two CSVs, zipped or not, or one archive."""
    for folder in [folder / below for folder in folders for below in FOLDERS]:
        pair = [next((p for p in (folder / n, folder / f"{n}.zip") if p.is_file()), None) for n in (TRAIN, TEST)]
        if pair[0] is not None and pair[1] is not None:
            return [pair[0], pair[1]]
        for archive in ARCHIVES:
            if (folder / archive).is_file():
                return [folder / archive]
    return None


def read(files: list[Path]) -> dict[str, bytes]:
    """Returns the contents of the two CSVs by name. Raises: BadInput if a checksum differs from the published file."""
    texts: dict[str, bytes] = {}
    for file in files:
        texts |= read_bytes(file)
    for name, expected in SHA256.items():
        if name not in texts:
            raise BadInput(f"{files[0]}: no {name} in it; copy or download the data set again")
        found = hashlib.sha256(texts[name]).hexdigest()
        if found != expected:
            raise BadInput(
                f"{name} in {files[0].parent} is not the published file (SHA-256 {found[:12]}…, expected "
                f"{expected[:12]}…); copy it again, or read the folder as custom data: --data {files[0].parent}"
            )
    return {name: texts[name] for name in SHA256}


def download(folder: Path) -> list[Path]:
    """Downloads the data set with kagglehub and stores the verified CSVs in a folder.

    Raises: BadInput if the download fails; the message says where to put the files.
    """
    place = f"put {TRAIN} and {TEST} (or their .zip) from kaggle.com/datasets/{KAGGLE} into {folder}"
    with contextlib.redirect_stdout(sys.stderr):  # kagglehub prints to stdout, which is for results
        try:
            import kagglehub
        except ImportError as error:
            raise BadInput(
                f"Sign Language MNIST is not on disk; run pip install 'cutpoints[download]', or {place}"
            ) from error
        say(f"downloading {KAGGLE} from Kaggle")
        try:
            downloaded = Path(kagglehub.dataset_download(KAGGLE))
        except Exception as error:  # kagglehub raises its own, requests' and urllib3's errors
            raise BadInput(f"Sign Language MNIST cannot be downloaded ({type(error).__name__}); {place}") from error
    found = find([downloaded])
    if found is None:
        raise BadInput(f"the download in {downloaded} lacks the CSVs; {place}")
    for name, text in read(found).items():
        write_atomically(folder / name, text)
    return [folder / name for name in SHA256]
