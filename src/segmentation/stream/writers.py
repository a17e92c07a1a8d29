"""Which files are still open for writing: a writer that pauses leaves a file alone for as long as a finished one is."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Collection
from pathlib import Path
from typing import Final

__all__ = ["open_for_writing"]

_WRITES: Final = os.O_WRONLY | os.O_RDWR
_PROCESSES: Final = Path("/proc")


def open_for_writing(paths: Collection[Path]) -> set[Path]:
    """Return those files that some process of this machine has open for writing.

    Linux is asked in two ways. A lease for reading is refused while anybody writes; where no lease is given (to others
    than the owner of a file, and on some file systems), the open files of the processes are looked through, as far as
    this user may see them. A writer on another machine is not seen, nor any on another system than Linux.

    Parameters
    ----------
    paths : collection of Path
        Files; those that are gone are not open.
    """
    found, unknown = set(), []
    for path in paths:
        is_open = _ask_for_lease(path)
        if is_open is None:
            unknown.append(path)
        elif is_open:
            found.add(path)
    return found | (_look_through_processes(unknown) if unknown else set())


def _ask_for_lease(path: Path) -> bool | None:
    """Return whether a file is open for writing; None if no lease can be had either way."""
    if not hasattr(fcntl, "F_SETLEASE"):
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return False
    except OSError:
        return None
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return True if error.errno == errno.EAGAIN else None
    else:
        return False
    finally:
        os.close(descriptor)


def _look_through_processes(paths: Collection[Path]) -> set[Path]:
    wanted: dict[tuple[int, int], list[Path]] = {}
    for path in paths:
        try:
            status = path.lstat()
        except OSError:
            continue
        wanted.setdefault((status.st_dev, status.st_ino), []).append(path)
    found: set[Path] = set()
    for process in _PROCESSES.glob("[0-9]*"):
        try:
            descriptors = list((process / "fd").iterdir())
        except OSError:
            continue
        for descriptor in descriptors:
            try:
                status = descriptor.stat()
                files = wanted.get((status.st_dev, status.st_ino))
                if files and _flags(process / "fdinfo" / descriptor.name) & _WRITES:
                    found.update(files)
            except OSError:
                continue
    return found


def _flags(information: Path) -> int:
    """Return the flags with which a file was opened, which `/proc` writes in octal."""
    for line in information.read_text(encoding="ascii").splitlines():
        if line.startswith("flags:"):
            return int(line.split()[1], 8)
    return 0
