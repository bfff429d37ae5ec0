"""Limits on the memory that a file may use: pixels of one image, and bytes that a compressed file expands to.

The sizes that a header or a zip directory declares are checked before anything is decompressed, and reading stops at
the declared size.
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
ALWAYS_ALLOWED = 1 << 28  # bytes that every compressed file may expand to
MAX_RATIO = 100  # or this many times its size, if more. Deflate reaches 1,032; images and CSVs of digits about 10
CHUNK = 1 << 24


class Readable(Protocol):
    """An open file, gzip file or zip member."""

    def read(self, size: int = ..., /) -> bytes: ...

    def tell(self) -> int: ...


def check_pixels(height: int, width: int, where: str) -> None:
    """Raises BadInput if an image has more than LARGEST_PICTURE pixels."""
    if height * width > LARGEST_PICTURE:
        raise BadInput(f"{where}: images of {height}x{width}; the limit is {LARGEST_PICTURE} pixels, so resize them")


def check_unpacked(unpacked: int, packed: int, where: str) -> None:
    """Raises BadInput if the declared size exceeds both limits, as in a decompression bomb."""
    if unpacked > max(ALWAYS_ALLOWED, MAX_RATIO * packed):
        raise BadInput(
            f"{where}: {packed} bytes expand to {unpacked}, more than {MAX_RATIO} times as many, as in a "
            "decompression bomb; if you trust the file, unpack it yourself"
        )


def read_at_most(handle: Readable, size: int) -> npt.NDArray[np.uint8]:
    """Reads `size` bytes, or as many as there are, from a file whose read() may return fewer."""
    data = np.empty(size, np.uint8)
    view, length = data.data, 0
    while length < size and (part := handle.read(min(CHUNK, size - length))):
        view[length : length + len(part)] = part
        length += len(part)
    return data[:length]


@contextmanager
def opened_zip(path: Path, kind: str) -> Iterator[zipfile.ZipFile]:
    """Opens a zip file. Raises: BadInput if it is damaged or encrypted, on opening and inside the with block.

    kind: what messages call the file, such as "zip".
    """
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except BadInput:  # a ValueError too
        raise
    except RuntimeError as error:  # zipfile's error for a password or an unknown compression
        raise BadInput(f"{path}: {one_line(error)}; compress it again with deflate and no password") from error
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror or one_line(error)})") from error
    except (zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError, struct.error, ValueError) as error:
        raise BadInput(f"{path}: damaged {kind} ({one_line(error)[:100]}); save or copy it again") from error
