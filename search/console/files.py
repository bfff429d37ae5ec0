"""Atomic writes of files, and folders that are checked to be writable."""

import errno
import os
import tempfile
from pathlib import Path

from search.errors import BadInput


def write_atomically(path: Path, content: str | bytes) -> None:
    """Writes a file atomically: a reader sees the old or the new content, never a part.

    A symbolic link is followed; a device or pipe is written to, not replaced.
    Raises: BadInput if the file cannot be written.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "it is a folder")
        if path.exists() and not path.is_file():
            path.write_bytes(data)
            return
        target = Path(os.path.realpath(path))
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".part-", delete=False) as handle:
            temporary = Path(handle.name)
            try:
                handle.write(data)
                handle.flush()
                os.fsync(handle.fileno())
                os.chmod(temporary, 0o666 & ~_umask())
                os.replace(temporary, target)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise BadInput(f"cannot write {path}: {error.strerror or error}; choose another path") from error


def make_folder(path: Path) -> None:
    """Creates a folder if it is missing and checks that it is writable. Raises: BadInput."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=path).close()
    except OSError as error:
        raise BadInput(f"cannot write into {path}: {error.strerror or error}; choose another folder") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
