"""NumPy's .npz: `images` and `labels`, optionally `test_images`, `test_labels`, `groups`, `class_names`.

Enters: a path. Leaves: the checked arrays. Never unpickles: an array of objects is refused.
"""

import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from search.command import BadInput
from search.data.arrays import Arrays, checked

KEYS = ("images", "labels", "test_images", "test_labels", "groups", "class_names")


def read_npz(path: Path) -> Arrays:
    """Raises: BadInput."""
    arrays, others = _load(path)
    notes = (f"arrays that are not used: {', '.join(others)} (known are {', '.join(KEYS)})",) if others else ()
    return replace(checked(arrays, str(path)), notes=notes)


def _load(path: Path) -> tuple[dict[str, npt.NDArray[np.generic]], list[str]]:
    """The arrays that are known, and the names of others."""
    try:
        with path.open("rb") as handle:  # np.load would leave a damaged file open
            archive = np.load(handle, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise BadInput(f"{path}: a single array, not an .npz; save it with numpy.savez(…, images=…, labels=…)")
            others = sorted(set(archive.files) - set(KEYS))
            if others and not set(archive.files) & set(KEYS):
                found = ", ".join(others)
                raise BadInput(f"{path}: no images, no labels, but {found}; it needs the arrays 'images' and 'labels'")
            return {key: archive[key] for key in KEYS if key in archive.files}, others
    except (zipfile.BadZipFile, zlib.error) as error:
        raise BadInput(f"{path}: damaged .npz ({error}); write or copy it again") from error
    except EOFError as error:
        raise BadInput(f"{path}: the file is empty or cut off; write or copy it again") from error
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror or error})") from error
    except ValueError as error:
        if not zipfile.is_zipfile(path):
            raise BadInput(f"{path}: not an .npz file; save it with numpy.savez(…, images=…, labels=…)") from error
        remedy = "save plain arrays instead of Python objects: pickled data is never loaded"
        raise BadInput(f"{path}: {error}; {remedy}") from error
