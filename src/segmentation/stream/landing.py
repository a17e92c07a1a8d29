"""The landing folder: one folder per input, into which writers put files, best by rename.

A file is taken once nobody has changed it for a moment. One that cannot be read may still be written to, so it is tried
again until it has stayed as it is for the length of a patience, and then set aside with the reason.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from segmentation.errors import UserError, did_you_mean
from segmentation.files import put_in_place
from segmentation.stream.journal import Arrival
from segmentation.stream.reading import UnreadableError, write_staged
from segmentation.stream.store import INPUTS, Store

__all__ = ["SET_ASIDE", "Landed", "Landing", "content_hash"]

SET_ASIDE: Final = "set_aside"
"""The folder, among those of the inputs, for files that are not accepted."""

_UNFINISHED: Final = (".tmp", ".part", ".reason.txt")
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

    Raises
    ------
    UserError
        If the folder is absent, or holds a folder of another name.
    """

    def __init__(
        self, folder: Path, *, inputs: Collection[str], settle_seconds: float, patience_seconds: float
    ) -> None:
        self.folder = folder.absolute()
        self._inputs = [name for name in INPUTS if name in inputs]
        self._settle = settle_seconds
        self._patience = patience_seconds
        self._first_seen: dict[Path, tuple[str, float]] = {}
        self._unfinished: dict[Path, str] = {}
        if not self.folder.is_dir():
            raise UserError(
                f"There is no landing folder {self.folder}. Make it, with a folder for each input that files come for: "
                f"mkdir -p {self.folder}/{self._inputs[0] if self._inputs else 'orders'}"
            )
        for problem in self.wrong_folders():
            raise UserError(problem)
        for name in self._inputs:
            (self.folder / name).mkdir(exist_ok=True)

    def wrong_folders(self) -> list[str]:
        """Return a sentence for each folder that is no input's."""
        problems = []
        for path in sorted(self.folder.iterdir()):
            if path.name.startswith(".") or path.name == SET_ASIDE or path.name in self._inputs or not path.is_dir():
                continue
            if path.name in INPUTS:
                problems.append(
                    f"The folder {path} is that of an input that the variables do not have: set "
                    f"vars.inputs.{path.name}, or remove the folder."
                )
            else:
                problems.append(
                    f"The folder {path} is no input's: {did_you_mean(path.name, self._inputs)} Rename or remove it."
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
        return sorted(
            (landed for landed in found if self._is_due(landed, now=now)),
            key=lambda landed: (landed.arrived_at, INPUTS.index(landed.input), landed.path.name),
        )

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
        staged = store.incoming / f"{landed.input}-unfinished.parquet"
        try:
            rows = write_staged(landed.path, staged, columns=columns, arrival=arrival_number)
            problem = check(landed.input, staged)
            if problem:
                raise UnreadableError(problem)  # noqa: TRY301
            digest = content_hash(landed.path)
            if _identity(landed.path) != landed.identity:
                raise UnreadableError("it is being written to", may_be_unfinished=True)  # noqa: TRY301
        except (OSError, UnreadableError) as error:
            staged.unlink(missing_ok=True)
            reason = error.reason if isinstance(error, UnreadableError) else f"it cannot be read: {error.strerror}"
            may_be_unfinished = error.may_be_unfinished if isinstance(error, UnreadableError) else True
            out_of_patience = self.left_alone_for(landed, now=now) >= self._patience
            self._unfinished[landed.path] = landed.identity
            raise UnreadableError(reason, may_be_unfinished=may_be_unfinished and not out_of_patience) from error
        arrival = Arrival(landed.input, landed.path.name, "landing", landed.identity, digest, rows, landed.arrived_at)
        put_in_place(staged, store.incoming / arrival.staged_name)
        return arrival

    def remove(self, arrival: Arrival) -> None:
        """Remove a landed file that has been dealt with, unless other bytes have taken its place."""
        path = self.folder / arrival.input / arrival.name
        if _identity(path) == arrival.identity:
            path.unlink()

    def set_aside(self, arrival: Arrival, reason: str) -> None:
        """Move a landed file to the folder `set_aside`, and write the reason beside it."""
        path = self.folder / arrival.input / arrival.name
        if _identity(path) != arrival.identity:
            return
        home = self.folder / SET_ASIDE / arrival.input
        home.mkdir(parents=True, exist_ok=True)
        target = home / arrival.name
        number = 2
        while target.exists():
            target = home / f"{number}-{arrival.name}"
            number += 1
        target.with_name(f"{target.name}.reason.txt").write_text(f"{reason}\n", encoding="utf-8")
        path.rename(target)

    def keep_aside(self, rows: Path, name: str, reason: str) -> None:
        """Keep a copy of rows that came in no landed file in the folder `set_aside`, with the reason."""
        home = self.folder / SET_ASIDE / name
        home.mkdir(parents=True, exist_ok=True)
        unfinished = home / f".{rows.name}.tmp"
        shutil.copyfile(rows, unfinished)
        (home / f"{rows.name}.reason.txt").write_text(f"{reason}\n", encoding="utf-8")
        put_in_place(unfinished, home / rows.name)

    def unread(self, landed: Landed) -> Arrival:
        """Return what the journal notes of a file that could not be read."""
        try:
            digest = content_hash(landed.path)
        except OSError:
            digest = ""
        return Arrival(landed.input, landed.path.name, "landing", landed.identity, digest, 0, landed.arrived_at)

    def _is_due(self, landed: Landed, *, now: float) -> bool:
        """Return whether a file is to be read: one that could not be is read again once it has changed, or at last."""
        has_failed = self._unfinished.get(landed.path) == landed.identity
        return self.left_alone_for(landed, now=now) >= (self._patience if has_failed else self._settle)

    def _files(self, name: str) -> Iterator[Landed]:
        with os.scandir(self.folder / name) as entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.name.endswith(_UNFINISHED) or not entry.is_file():
                    continue
                path = Path(entry.path)
                identity = _identity(path)
                if identity is not None:
                    # A rename changes the time of change alone, so that this is when the file came here.
                    yield Landed(name, path, identity, path.stat().st_ctime)


def content_hash(path: Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _identity(path: Path) -> str | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return f"{status.st_ino}-{status.st_size}-{status.st_mtime_ns}"


def _changed_at(identity: str) -> float:
    return int(identity.rsplit("-", 1)[1]) / 1e9
