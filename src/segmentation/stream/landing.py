"""The landing folder: one folder per input, into which writers put files, best by rename.

A file is taken once nobody has changed it for a moment and, as far as can be seen, nobody has it open for writing. One
that cannot be read may still be written to, so it is tried again until it has stayed as it is for the length of a
patience, and then set aside with the reason. Only regular files are taken: what a link leads to was not put here.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from segmentation.csv_files import PLAIN, Dialect
from segmentation.errors import UserError, did_you_mean
from segmentation.files import HeldError, held, put_in_place
from segmentation.stream.journal import Arrival
from segmentation.stream.reading import UnreadableError, write_staged
from segmentation.stream.store import INPUTS, Store
from segmentation.stream.writers import open_for_writing

__all__ = ["SET_ASIDE", "Landed", "Landing", "content_hash"]

SET_ASIDE: Final = "set_aside"
"""The folder, among those of the inputs, for files that are not accepted."""

_LOCK: Final = ".stream.lock"
_REASON: Final = ".reason.txt"
_UNFINISHED: Final = (".tmp", ".part", _REASON)
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_BEING_WRITTEN: Final = "it is being written to"
_CHUNK: Final = 2**20


@dataclass(frozen=True)
class Landed:
    """A file that stands in the landing folder.

    Parameters
    ----------
    input : str
        Input that its folder is named after.
    path : Path
        Where it stands.
    identity : str
        Inode, size and time of the last change: other bytes under the same name have another one.
    arrived_at : float
        Seconds since the epoch at which it came to be there under this name.
    """

    input: str
    path: Path
    identity: str
    arrived_at: float

    @property
    def shown_name(self) -> str:
        """Its name, as it can be printed and stored."""
        return shown(self.path.name)


class Landing:
    """The landing folder of a stream.

    Parameters
    ----------
    folder : Path
        The folder, with one folder for each input.
    inputs : collection of str
        Inputs that the variables have.
    settle_seconds : float
        How long a file must have been left alone before it is read.
    patience_seconds : float
        How long a file that cannot be read must have been left alone before it is set aside.
    dialects : mapping of str to Dialect, optional
        How the CSV files of inputs are written, where the variables say so.

    Raises
    ------
    UserError
        If the folder is absent, or holds a folder of another name.
    """

    def __init__(
        self,
        folder: Path,
        *,
        inputs: Collection[str],
        settle_seconds: float,
        patience_seconds: float,
        dialects: Mapping[str, Dialect] | None = None,
    ) -> None:
        self.folder = folder.absolute()
        self._inputs = [name for name in INPUTS if name in inputs]
        self._settle = settle_seconds
        self._patience = patience_seconds
        self._dialects = dict(dialects or {})
        self._first_seen: dict[Path, tuple[str, float]] = {}
        self._unfinished: dict[Path, str] = {}
        self._notices: list[str] = []
        self._links: set[Path] = set()
        if not self.folder.is_dir():
            raise UserError(
                f"There is no landing folder {self.folder}. Make it, with a folder for each input that files come for: "
                f"mkdir -p {self.folder}/{self._inputs[0] if self._inputs else 'orders'}"
            )
        for problem in self.wrong_folders():
            raise UserError(problem)
        for name in self._inputs:
            (self.folder / name).mkdir(exist_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the landing folder for one process.

        Raises
        ------
        UserError
            If another process holds it.
        """
        with ExitStack() as stack:
            try:
                stack.enter_context(held(self.folder / _LOCK))
            except HeldError as error:
                raise UserError(
                    f"Another stream (process {error.holder}) takes the files of the landing folder {self.folder}. "
                    "Stop it first, or give this one a landing folder of its own (LANDING=folder)."
                ) from error
            yield

    def wrong_folders(self) -> list[str]:
        """Return a sentence for each folder that is no input's."""
        problems = []
        for path in sorted(self.folder.iterdir()):
            if path.name.startswith(".") or not path.is_dir():
                continue
            if path.is_symlink():
                problems.append(
                    f"The folder {shown(path)} is a link, and links in the landing folder are not followed. Put a "
                    "folder in its place, or set LANDING to the folder that holds those of the inputs."
                )
            elif path.name == SET_ASIDE or path.name in self._inputs:
                continue
            elif path.name in INPUTS:
                problems.append(
                    f"The folder {path} is that of an input that the variables do not have: set "
                    f"vars.inputs.{path.name}, or remove the folder."
                )
            else:
                problems.append(
                    f"The folder {shown(path)} is no input's: {did_you_mean(path.name, self._inputs)} Rename or remove "
                    "it."
                )
        return problems

    def settled(self, *, now: float) -> list[Landed]:
        """Return the files that nobody is changing, the earliest first."""
        found = [landed for name in self._inputs for landed in self._files(name)]
        seen = {landed.path: self._first_seen.get(landed.path) for landed in found}
        self._first_seen = {
            landed.path: known
            if (known := seen[landed.path]) and known[0] == landed.identity
            else (landed.identity, now)
            for landed in found
        }
        self._unfinished = {path: identity for path, identity in self._unfinished.items() if path in self._first_seen}
        due = [landed for landed in found if self._is_due(landed, now=now)]
        being_written = open_for_writing([landed.path for landed in due])
        for landed in due:
            if landed.path in being_written and self.left_alone_for(landed, now=now) >= self._patience:
                self._notices.append(
                    f"{landed.input}/{landed.shown_name} waits: a process still has it open for writing, though "
                    f"nothing has come for {self._patience:g} s"
                )
        return sorted(
            (landed for landed in due if landed.path not in being_written),
            key=lambda landed: (landed.arrived_at, INPUTS.index(landed.input), landed.path.name),
        )

    def notices(self) -> list[str]:
        """Return, once, a sentence for each thing that was met and left alone."""
        notices, self._notices = list(dict.fromkeys(self._notices)), []
        return notices

    def waiting(self) -> int:
        """Return how many files stand in the landing folder."""
        return sum(1 for name in self._inputs for _ in self._files(name))

    def left_alone_for(self, landed: Landed, *, now: float) -> float:
        """Return for how many seconds a file has been as it is, as far as is known."""
        _, first_seen = self._first_seen.get(landed.path, ("", now))
        # A clock that runs ahead (of a file server, say) must not make a file wait for ever, nor pass at once.
        return max(now - first_seen, now - _changed_at(landed.identity))

    def read(
        self,
        landed: Landed,
        store: Store,
        *,
        columns: Mapping[str, str],
        arrival_number: int,
        check: Callable[[str, Path], str | None],
        now: float,
    ) -> Arrival:
        """Read a file into the store's folder `incoming`.

        Parameters
        ----------
        landed : Landed
            A settled file.
        store : Store
            Where its rows go.
        columns : mapping of str to str
            Columns that the input has so far.
        arrival_number : int
            Number that its rows carry.
        check : callable
            Takes an input and a Parquet file and returns what is wrong with its columns, or None.
        now : float
            Seconds since the epoch.

        Raises
        ------
        UnreadableError
            If it is to be set aside, or, where `may_be_unfinished` is true, tried again later.
        """
        if landed.shown_name != landed.path.name:
            raise UnreadableError("its name is no UTF-8 text, or holds control characters; land it under another name")
        staged = store.incoming / f"{landed.input}-unfinished.parquet"
        try:
            dialect = self._dialects.get(landed.input, PLAIN)
            rows = write_staged(landed.path, staged, columns=columns, arrival=arrival_number, dialect=dialect)
            problem = check(landed.input, staged)
            if problem:
                raise UnreadableError(problem)  # noqa: TRY301
            digest = content_hash(landed.path)
            if self._is_being_written(landed):
                raise UnreadableError(_BEING_WRITTEN, may_be_unfinished=True)  # noqa: TRY301
        except (OSError, UnreadableError) as error:
            staged.unlink(missing_ok=True)
            if self._is_being_written(landed):
                # Whatever was found wrong is so of something else, or of a part of it.
                raise UnreadableError(_BEING_WRITTEN, may_be_unfinished=True) from error
            reason = error.reason if isinstance(error, UnreadableError) else f"it cannot be read: {error.strerror}"
            may_be_unfinished = error.may_be_unfinished if isinstance(error, UnreadableError) else True
            out_of_patience = self.left_alone_for(landed, now=now) >= self._patience
            self._unfinished[landed.path] = landed.identity
            raise UnreadableError(reason, may_be_unfinished=may_be_unfinished and not out_of_patience) from error
        arrival = Arrival(landed.input, landed.path.name, "landing", landed.identity, digest, rows, landed.arrived_at)
        put_in_place(staged, store.incoming / arrival.staged_name)
        return arrival

    def remove(self, arrival: Arrival) -> None:
        """Remove a landed file that has been dealt with, unless it has been written to since, or still may be."""
        path = self.folder / arrival.input / arrival.name
        if _identity(path) != arrival.identity:
            return
        if open_for_writing([path]):
            self._notices.append(
                f"{arrival.input}/{arrival.name} stays: it was taken, and now a process has it open for writing. "
                "Writers put a file in place by rename"
            )
            return
        path.unlink()

    def set_aside(self, arrival: Arrival, reason: str, *, path: Path | None = None) -> None:
        """Move a landed file to the folder `set_aside`, and write the reason beside it.

        Parameters
        ----------
        arrival : Arrival
            What the journal knows of it.
        reason : str
            Why it is not taken.
        path : Path, optional
            Where it stands, if its name is not one that can be shown.
        """
        path = path or self.folder / arrival.input / arrival.name
        if _identity(path) != arrival.identity:
            return
        home = self.folder / SET_ASIDE / arrival.input
        home.mkdir(parents=True, exist_ok=True)
        target = home / _name_aside(home, arrival.name)
        number = 2
        while os.path.lexists(target):
            target = home / _name_aside(home, f"{number}-{arrival.name}")
            number += 1
        told = reason if target.name.endswith(arrival.name) else f"{reason}\nIts name was {arrival.name}"
        target.with_name(f"{target.name}{_REASON}").write_text(f"{told}\n", encoding="utf-8")
        path.rename(target)

    def keep_aside(self, rows: Path, name: str, reason: str) -> None:
        """Keep a copy of rows that came in no landed file in the folder `set_aside`, with the reason."""
        home = self.folder / SET_ASIDE / name
        home.mkdir(parents=True, exist_ok=True)
        unfinished = home / f".{rows.name}.tmp"
        shutil.copyfile(rows, unfinished)
        (home / f"{rows.name}{_REASON}").write_text(f"{reason}\n", encoding="utf-8")
        put_in_place(unfinished, home / rows.name)

    def unread(self, landed: Landed) -> Arrival:
        """Return what the journal notes of a file that could not be read."""
        try:
            digest = content_hash(landed.path)
        except OSError:
            digest = ""
        return Arrival(landed.input, landed.shown_name, "landing", landed.identity, digest, 0, landed.arrived_at)

    def _is_due(self, landed: Landed, *, now: float) -> bool:
        """Return whether a file is to be read: one that could not be is read again once it has changed, or at last."""
        has_failed = self._unfinished.get(landed.path) == landed.identity
        return self.left_alone_for(landed, now=now) >= (self._patience if has_failed else self._settle)

    def _files(self, name: str) -> Iterator[Landed]:
        with os.scandir(self.folder / name) as entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.name.endswith(_UNFINISHED):
                    continue
                path = Path(entry.path)
                if entry.is_symlink() and path not in self._links:
                    self._links.add(path)
                    self._notices.append(f"{name}/{shown(entry.name)} is a link, and left alone: only files are taken")
                try:
                    status = path.lstat()
                except FileNotFoundError:
                    continue
                if stat.S_ISREG(status.st_mode):
                    # A rename changes the time of change alone, so that this is when the file came here.
                    yield Landed(name, path, _identity_of(status), status.st_ctime)

    def _is_being_written(self, landed: Landed) -> bool:
        return _identity(landed.path) != landed.identity or bool(open_for_writing([landed.path]))


def shown(name: str | Path) -> str:
    r"""Return a name as text that can be printed and stored, whatever bytes it is made of.

    Examples
    --------
    >>> shown("caf\udce9.csv")
    'caf\\xe9.csv'
    """
    readable = os.fsencode(name).decode("utf-8", "backslashreplace")
    return _CONTROLS.sub(lambda match: repr(match[0])[1:-1], readable)


def _name_aside(home: Path, name: str) -> str:
    """Return a name that leaves room for the ending of the file of its reason."""
    room = os.pathconf(home, "PC_NAME_MAX") - len(_REASON)
    if len(name.encode()) <= room:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    stem = name.encode()[: room - len(digest) - 1].decode("utf-8", "ignore")
    return f"{stem}~{digest}"


def content_hash(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _identity(path: Path) -> str | None:
    """Return the identity of a regular file; None of anything else, a link included."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return None
    return _identity_of(status) if stat.S_ISREG(status.st_mode) else None


def _identity_of(status: os.stat_result) -> str:
    return f"{status.st_ino}-{status.st_size}-{status.st_mtime_ns}"


def _changed_at(identity: str) -> float:
    return int(identity.rsplit("-", 1)[1]) / 1e9
