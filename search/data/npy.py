"""Reads one array in NumPy's .npy format, from a file or from a member of an .npz.

The header is read first, so that type, shape and size are checked before memory is allocated. Never unpickles: arrays
of Python objects are an error.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib import format as npy_format

from search.console.messages import one_line
from search.data.bounded import Readable, read_at_most
from search.errors import BadInput

HEADERS: dict[tuple[int, int], Callable[[Readable], Any]] = {
    (1, 0): npy_format.read_array_header_1_0,
    (2, 0): npy_format.read_array_header_2_0,
}


@dataclass(frozen=True)
class Header:
    """Type, shape and order of a stored array. start: position of its first byte."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran_order: bool
    start: int

    @property
    def size(self) -> int:
        """Size of the array in bytes."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_header(handle: Readable, length: int, where: str) -> Header:
    """Reads the header of an array in a file of `length` bytes. Raises: BadInput if it does not fit the file."""
    begins = handle.read(npy_format.MAGIC_LEN)
    if begins[:-2] != npy_format.MAGIC_PREFIX:
        raise BadInput(f"{where}: not a NumPy array; save it with numpy.save or numpy.savez, as plain uint8")
    version = (begins[-2], begins[-1])
    if version not in HEADERS:
        raise BadInput(f"{where}: unsupported .npy version {version[0]}.{version[1]}; save it as a plain array")
    try:
        shape, fortran_order, dtype = HEADERS[version](handle)
    except Exception as error:  # the header is a Python literal, whose errors NumPy does not wrap
        raise BadInput(f"{where}: damaged header ({one_line(error)[:100]}); save it again") from error
    if dtype.hasobject:
        raise BadInput(f"{where}: contains Python objects, which are never unpickled; save plain arrays")
    if any(isinstance(side, bool) or side < 0 for side in shape) or dtype.itemsize == 0:
        raise BadInput(f"{where}: its header states an impossible array {dtype} {shape}; save it again")
    header = Header(dtype, shape, fortran_order, handle.tell())
    if header.start + header.size != length:
        more = "more" if header.start + header.size < length else "fewer"
        raise BadInput(f"{where}: has {more} bytes than the {header.size} that its header states; save it again")
    return header


def read_array(handle: Readable, header: Header, where: str) -> npt.NDArray[np.generic]:
    """Reads the array from a file positioned after the header. Raises: BadInput if the file is truncated."""
    data = read_at_most(handle, header.size)
    handle.read(1)  # at the end, zipfile verifies the checksum
    if len(data) != header.size:
        raise BadInput(f"{where}: truncated after {len(data)} of {header.size} bytes; save or copy it again")
    array: npt.NDArray[np.generic] = data.view(header.dtype)
    return array.reshape(header.shape, order="F" if header.fortran_order else "C")
