"""An engine's files, as the system sees them."""

import os
import pathlib


def each(directory):
    return [path for path in pathlib.Path(directory).rglob("*") if path.is_file()]


def disk_bytes(directory):
    """Bytes that the files take on disk, with what is reserved for them."""
    return sum(path.stat().st_blocks * 512 for path in each(directory))


def warm(directory):
    """Reads all files, so that they are in memory."""
    for path in each(directory):
        with open(path, "rb") as file:
            while file.read(1 << 20):
                pass


def cool(directory):
    """Writes back and makes the system forget what it holds in memory of the files."""
    for path in each(directory):
        with open(path, "rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
