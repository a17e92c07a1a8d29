"""Putting files in place so that whoever looks finds the old one or the new one, whole, also after a crash."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["HeldError", "alone_in", "held", "put_in_place", "sync"]


class HeldError(Exception):
    """Something is held by another process; `holder` is what that one has said of itself."""

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


@contextmanager
def held(lock: Path) -> Iterator[None]:
    """Hold something for this process alone, until the end of the block or of the process.

    Parameters
    ----------
    lock : Path
        A file that stands for it, made where there is none. It tells the process that holds it.

    Raises
    ------
    HeldError
        If another process holds it.
    """
    with lock.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise HeldError(file.read().strip()) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def sync(path: Path) -> None:
    """Have the system write a file, or a folder's entries, to disk.

    Parameters
    ----------
    path : Path
        An existing file or folder.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def put_in_place(temporary: Path, target: Path) -> None:
    """Rename a finished file over another, or to where none is, and have both folders written to disk.

    Parameters
    ----------
    temporary : Path
        The finished file, on the same file system as `target`.
    target : Path
        Where it is to be; replaced if it exists.
    """
    sync(temporary)
    temporary.replace(target)
    sync(target.parent)
    if temporary.parent != target.parent:
        sync(temporary.parent)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep out, for a moment, whoever else of this project puts a file in place in a folder.

    A file system that has no locks keeps nobody out.

    Parameters
    ----------
    folder : Path
        An existing folder.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
