"""Putting files in place so that whoever looks finds the old one or the new one, whole, also after a crash."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["put_in_place", "sync"]


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
