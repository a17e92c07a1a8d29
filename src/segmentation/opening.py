"""Opening a database that somebody else may hold, and telling why one cannot be opened.

DuckDB gives a file to one writing process or to any number of reading ones. Its message names the process that holds
it, but dbt shows no message before its last attempt, minutes later. Here it is told at once, and the wait as well; what
no wait can mend, such as a missing permission, is not waited for.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import duckdb

from segmentation.errors import UserError

__all__ = ["check_name", "disk_is_full", "main", "open_when_free", "patience_of"]

_PATIENCE: Final = 60.0
"""Seconds that a database is waited for, where nobody says otherwise."""
_PAUSE: Final = 0.5
"""Seconds between two attempts."""
_LONGEST_COMMAND: Final = 120
"""Letters of a command line that are told."""
_TOLD_EACH: Final = 30.0
"""Seconds after which a wait is told again."""
_NAME: Final = re.compile(r"[^\W\d][\w-]*")
_NAME_OF_FILE: Final = re.compile(r"[\w.-]+")
# fmt: off
_TAKEN: Final = frozenset((
    "main", "system", "temp", "configuration", "staging", "features", "clustering", "segments", "refresh", "value",
    "feeds", "baskets", "planning", "publication", "marts", "inputs", "reference",
))
# fmt: on
"""Catalogues of the engine, and schemas of this project: of `marts.x` the engine would not know which is meant."""
_FULL: Final = re.compile(r"no space left on device|disk quota exceeded|\berrno 28\b", re.IGNORECASE)


def open_when_free(
    path: Path,
    *,
    patience: float,
    say: Callable[[str], None],
    config: Mapping[str, Any] | None = None,
    read_only: bool = False,
) -> duckdb.DuckDBPyConnection:
    """Open a database, waiting for whoever holds it.

    Parameters
    ----------
    path : Path
        The DuckDB file; made where there is none and `read_only` is false.
    patience : float
        Seconds to wait at most.
    say : callable
        Takes a sentence for people: who holds the file, and that it is waited for.
    config : mapping, optional
        Settings of DuckDB.
    read_only : bool, default False
        Whether it is opened for reading alone.

    Raises
    ------
    UserError
        If it must not be written, is held for longer than the patience, or is no database.
    """
    if not read_only:
        check_name(path)
        _check_permissions(path)
    began = time.monotonic()
    told: tuple[str, float] | None = None
    while True:
        try:
            return duckdb.connect(str(path), read_only=read_only, config=dict(config or {}))
        except duckdb.IOException as error:
            message = str(error)
            if not _is_lock(message):
                raise UserError(_reason(path, message)) from error
            holder = _holder(message)
            waited = time.monotonic() - began
            if waited >= patience:
                raise UserError(
                    f"The database {path} is held by {holder}, and was not free within {patience:g} seconds. Wait "
                    "until that has ended, or end it; readers open the published file instead. SEGMENTATION_WAIT sets "
                    "another number of seconds."
                ) from error
            if told is None or told[0] != holder or waited - told[1] >= _TOLD_EACH:
                say(
                    f"The database {path} is held by {holder}; waiting for it, {patience - waited:.0f} seconds more at "
                    "most"
                )
                told = (holder, waited)
            time.sleep(min(_PAUSE, patience - waited))


def check_name(path: Path) -> None:
    """Refuse a database whose file name cannot be the name of its catalogue, before anything runs.

    Parameters
    ----------
    path : Path
        The DuckDB file, whether it exists or not. DuckDB names the catalogue after what stands before the first dot.

    Raises
    ------
    UserError
        If dbt or the engine could not tell that name from other SQL.

    Examples
    --------
    >>> check_name(Path("my-shop.2024.duckdb"))
    """
    name = path.name.lstrip(".").split(".")[0]
    if name.lower() in _TAKEN:
        problem = f"cannot have the name {name}: that is a schema of this project or a part of DuckDB"
    elif not _NAME.fullmatch(name) or not _NAME_OF_FILE.fullmatch(path.name):
        problem = f"cannot have the name {path.name}"
    else:
        return
    raise UserError(
        f"The database {path} {problem}. Its name consists of letters, digits, _ and -, begins with a letter, and may "
        "end in a dot and more of these. Rename the file, or set SEGMENTATION_DATABASE to another."
    )


def disk_is_full(message: str, *places: Path) -> str | None:
    """Return what to say of an error message that tells of a full disk; None of any other.

    Parameters
    ----------
    message : str
        What the engine or the system said.
    *places : Path
        Files or folders that may have been written. Told is the one on the fuller disk.
    """
    if not _FULL.search(message):
        return None
    folders = [next(at for at in (place.absolute(), *place.absolute().parents) if at.is_dir()) for place in places]
    folder = min(folders, key=lambda at: shutil.disk_usage(at).free)
    usage = shutil.disk_usage(folder)
    return (
        f"The disk is full: {folder} has {_size(usage.free)} free of {_size(usage.total)}. What is published stays as "
        "it was. Free space, or set SEGMENTATION_DATABASE and SEGMENTATION_PUBLISHED to another disk; then build again."
    )


def _size(count: float) -> str:
    return f"{count / 2**20:,.1f} MB"


def _check_permissions(path: Path) -> None:
    folder = path.absolute().parent
    if not folder.is_dir():
        raise UserError(f"There is no folder {folder} for the database {path}. Make it: mkdir -p {folder}")
    if path.is_dir():
        raise UserError(f"{path} is a folder and no database. SEGMENTATION_DATABASE names a file.")
    if path.exists() and not os.access(path, os.R_OK | os.W_OK):
        raise UserError(
            f"The database {path} may not be written by this user (user id {os.geteuid()}), or its disk is read-only. "
            "A build writes it: give the user read and write permission, or set SEGMENTATION_DATABASE to another file. "
            "Readers open the published file instead."
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UserError(
            f"The folder {folder} may not be written by this user (user id {os.geteuid()}), or its disk is read-only. "
            f"A build writes files beside the database {path.name}: give the user write permission for the folder, or "
            "set SEGMENTATION_DATABASE to a file in another one."
        )


def _is_lock(message: str) -> bool:
    return "could not set lock" in message.lower() or "conflicting lock" in message.lower()


def _holder(message: str) -> str:
    """Return who holds a file, from DuckDB's message: the path of a program, its process, and perhaps its user.

    Examples
    --------
    >>> _holder('Conflicting lock is held in /usr/bin/python3.11 (PID 99999999) by user ada. See also https://...')
    'process 99999999 (/usr/bin/python3.11) of user ada'
    >>> _holder("Conflicting lock is held in /usr/bin/duckdb (PID 99999999). However, you would be able to open")
    'process 99999999 (/usr/bin/duckdb)'
    >>> _holder('Could not set lock on file "shop.duckdb": Resource temporarily unavailable')
    'another process'
    """
    match = re.search(r"held in (.*?)\(PID (\d+)\)(?: by user (\S+?)\.?(?=\s|$))?", message)
    if not match:
        return "another process"
    program, process, user = match[1].strip(), match[2], match[3]
    words = _command_of(int(process)) or program
    return f"process {process}" + (f" ({words})" if words else "") + (f" of user {user}" if user else "")


def _command_of(process: int) -> str:
    """Return the command line of a process: of two builds, both are Python."""
    try:
        words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return ""
    # Of the first words alone: what else a command was told may be nobody's business.
    text = b" ".join(words[:3]).decode("utf-8", "replace")
    return " ".join(text.split())[:_LONGEST_COMMAND]


def _reason(path: Path, message: str) -> str:
    full = disk_is_full(message, path)
    if full:
        return full
    lowered = message.lower()
    first_line = message.splitlines()[0].removeprefix("IO Error: ")
    if "permission denied" in lowered or "read-only file system" in lowered or "operation not permitted" in lowered:
        return f"The database {path} may not be opened by this user (user id {os.geteuid()}): {first_line}"
    if "not a valid duckdb database" in lowered:
        return f"{path} is no DuckDB database. SEGMENTATION_DATABASE names the file that a build writes: name another."
    return f"The database {path} cannot be opened: {first_line}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Wait until a database can be written, before a build begins: dbt needs seconds until it opens one.

    Parameters
    ----------
    arguments : sequence of str, optional
        Command line without the program's name; the process's own by default.

    Returns
    -------
    int
        Exit code: 0, or 1 after a message on the error stream.
    """
    parser = argparse.ArgumentParser(prog="segmentation.opening", description="Wait until a database can be written.")
    parser.add_argument("--database", type=Path, required=True, help="DuckDB file that a build writes")
    database = parser.parse_args(arguments).database
    try:
        check_name(database)
        if database.exists():
            open_when_free(database, patience=patience_of(os.environ), say=_say).close()
    except UserError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    return 0


def patience_of(settings: Mapping[str, str]) -> float:
    """Return for how many seconds a database is waited for: the setting SEGMENTATION_WAIT.

    Raises
    ------
    UserError
        If it is no number.

    Examples
    --------
    >>> patience_of({"SEGMENTATION_WAIT": "5"}), patience_of({})
    (5.0, 60.0)
    """
    text = settings.get("SEGMENTATION_WAIT") or f"{_PATIENCE:g}"
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise UserError(f"SEGMENTATION_WAIT is {text!r}; expected a number of seconds, such as 60")
    return seconds


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
