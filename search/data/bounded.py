"""How much memory a file may ask for: pixels of one picture, bytes that a packed file unpacks to.

What a header or a zip's directory says is checked before anything is unpacked, and no more than that is read after it.
"""

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from search.console.messages import one_line
from search.errors import BadInput

LARGEST_PICTURE = 1 << 26  # pixels: 8192×8192
ALWAYS_UNPACKED = 1 << 28  # bytes that any packed file may become,
TIMES_PACKED = 100  # or so many times its own size. Deflate reaches 1,032; pictures and CSVs of digits reach about 10
CHUNK = 1 << 24


class Readable(Protocol):
    """A file, a gzip or a zip's member."""

    def read(self, size: int = ..., /) -> bytes: ...

    def tell(self) -> int: ...


def check_pixels(height: int, width: int, where: str) -> None:
    """Raises: BadInput for a picture of more pixels than are read."""
    if height * width > LARGEST_PICTURE:
        raise BadInput(f"{where}: pictures of {height}x{width}; at most {LARGEST_PICTURE} pixels: make them smaller")


def check_unpacked(unpacked: int, packed: int, where: str) -> None:
    """Raises: BadInput where a file says that it unpacks to far more bytes than it has itself."""
    if unpacked > max(ALWAYS_UNPACKED, TIMES_PACKED * packed):
        raise BadInput(
            f"{where}: {packed} bytes that unpack to {unpacked}, more than {TIMES_PACKED} times as many: perhaps a "
            "decompression bomb; unpack it yourself if it is none"
        )


def read_at_most(handle: Readable, size: int) -> npt.NDArray[np.uint8]:
    """The next `size` bytes, or as many as there are, of a file that may give them in parts."""
    data = np.empty(size, np.uint8)
    view, length = data.data, 0
    while length < size and (part := handle.read(min(CHUNK, size - length))):
        view[length : length + len(part)] = part
        length += len(part)
    return data[:length]


@contextmanager
def opened_zip(path: Path, kind: str) -> Iterator[zipfile.ZipFile]:
    """A zip to read from. Raises: BadInput for a damaged or encrypted one, here and while it is read from.

    kind: what to call it, such as "zip".
    """
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except RuntimeError as error:  # how zipfile refuses a password, or a compression that it does not know
        raise BadInput(f"{path}: {one_line(error)}; pack it again without a password, by plain deflate") from error
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror or one_line(error)})") from error
    except (zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError, struct.error, ValueError) as error:
        raise BadInput(f"{path}: damaged {kind} ({one_line(error)[:100]}); write or copy it again") from error
