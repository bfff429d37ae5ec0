"""One array in NumPy's .npy form, from its header on: in a file, or a member of an .npz.

Enters: an open file. Leaves: the header, so that types, shapes and sizes are checked before any memory is taken, and
then the array. Never unpickles: arrays of Python objects are refused.
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
    """What an array says of itself; start: where its bytes begin."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    fortran_order: bool
    start: int

    @property
    def size(self) -> int:
        """Bytes of the array."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_header(handle: Readable, length: int, where: str) -> Header:
    """The header of an array in a file of so many bytes. Raises: BadInput for one that does not fit the file."""
    begins = handle.read(npy_format.MAGIC_LEN)
    if begins[:-2] != npy_format.MAGIC_PREFIX:
        raise BadInput(f"{where}: no array of NumPy's; save it with numpy.save or numpy.savez, as plain uint8")
    version = (begins[-2], begins[-1])
    if version not in HEADERS:
        raise BadInput(f"{where}: .npy of version {version[0]}.{version[1]}; save it as a plain array")
    try:
        shape, fortran_order, dtype = HEADERS[version](handle)
    except Exception as error:  # the header is a Python literal; NumPy lets through whatever goes wrong in it
        raise BadInput(f"{where}: damaged header ({one_line(error)[:100]}); save it again") from error
    if dtype.hasobject:
        raise BadInput(f"{where}: holds Python objects; save plain arrays: pickled data is never loaded")
    if any(isinstance(side, bool) or side < 0 for side in shape) or dtype.itemsize == 0:
        raise BadInput(f"{where}: its header says {dtype} {shape}, which no array is; save it again")
    header = Header(dtype, shape, fortran_order, handle.tell())
    if header.start + header.size != length:
        more = "more" if header.start + header.size < length else "fewer"
        raise BadInput(f"{where}: holds {more} bytes than the {header.size} that its header says; save it again")
    return header


def read_array(handle: Readable, header: Header, where: str) -> npt.NDArray[np.generic]:
    """The array, from a file that stands behind its header. Raises: BadInput for a file that is cut off."""
    data = read_at_most(handle, header.size)
    handle.read(1)  # the end, where a zip compares its checksum
    if len(data) != header.size:
        raise BadInput(f"{where}: cut off after {len(data)} of {header.size} bytes; save or copy it again")
    array: npt.NDArray[np.generic] = data.view(header.dtype)
    return array.reshape(header.shape, order="F" if header.fortran_order else "C")
