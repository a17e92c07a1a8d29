"""The journal of a stream: which files were accepted, in which batch, and how each batch ended.

It is a SQLite file, because each step is then one transaction that a kill leaves done or undone. The store beside it
holds the accepted rows themselves; a file counts if, and only if, the journal says `accepted`.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from segmentation.errors import UserError
from segmentation.ownership import Mark

__all__ = ["HISTORY", "Arrival", "Batch", "Journal", "Origin", "StoredFile", "Watermark", "damaged_journal"]

Origin = Literal["landing", "history", "table"]
"""A landed file, what the inputs held before the first batch, or rows of a polled table."""

HISTORY: Final = 0
"""Number of arrival of all rows that an input held before: which of its files is the later one, nobody has told."""

_ARRIVALS_APART: Final = 10**9
"""Between the numbers of two files: the rows of a poll have an order of their own."""

_SCHEMA: Final = """
create table if not exists batches (
    batch_number integer primary key,
    started_at real not null,
    finished_at real,
    outcome text,
    reason text,
    seconds real,
    lag_seconds real,
    builds integer not null default 0,
    files_waiting integer
);
create table if not exists files (
    file_number integer primary key autoincrement,
    batch_number integer references batches,
    input text not null,
    file_name text not null,
    origin text not null,
    identity text not null,
    content_hash text not null,
    row_count integer not null,
    arrived_at real not null,
    outcome text not null,
    reason text,
    stored_name text
);
create index if not exists files_by_hash on files (input, content_hash);
create index if not exists files_by_batch on files (batch_number);
create table if not exists watermarks (input text primary key, watermark text, taken text not null);
create table if not exists merges (input text primary key, merged_name text not null, replaced text not null);
create table if not exists owner (mark text not null);
"""


@dataclass(frozen=True)
class Arrival:
    """A file that was read in full and waits in the store's folder `incoming` for its batch.

    Parameters
    ----------
    input : str
        Input that its rows belong to.
    name : str
        Name of the landed file, of the file of an input's history, or of the polled table.
    origin : {"landing", "history", "table"}
        Where it comes from.
    identity : str
        What tells a landed file from another one of the same name: inode, size and time of change.
    content_hash : str
        SHA-256 of its bytes.
    rows : int
        Number of rows.
    arrived_at : float
        Seconds since the epoch.
    """

    input: str
    name: str
    origin: Origin
    identity: str
    content_hash: str
    rows: int
    arrived_at: float

    @property
    def staged_name(self) -> str:
        """Name of the Parquet file in the folder `incoming`."""
        return f"{self.input}-{self.content_hash[:32]}.parquet"


@dataclass(frozen=True)
class StoredFile(Arrival):
    """A file that the journal knows, with the number it was given and the name that it has in the store."""

    file_number: int
    batch_number: int
    stored_name: str


@dataclass(frozen=True)
class Batch:
    """How one batch ended."""

    number: int
    outcome: str
    reason: str | None
    seconds: float
    lag_seconds: float
    rows: Mapping[str, int]
    files: int
    files_set_aside: int
    files_waiting: int


@dataclass(frozen=True)
class Watermark:
    """How far a polled table has been read.

    Parameters
    ----------
    value : str or None
        The highest value of the watermark column that was taken, as text; None before the first poll.
    taken : mapping of str to int
        The hash of every row that has this very value, and how many such rows were taken.
    """

    value: str | None
    taken: Mapping[str, int]


def damaged_journal(path: Path, found: str) -> str:
    """Return what to say of a journal that cannot be read.

    Parameters
    ----------
    path : Path
        The journal.
    found : str
        What SQLite says.
    """
    return (
        f"The journal {path} is damaged ({found}). It says which files of the store count, so nothing was touched. Put "
        f"it back from a backup of the same time as the store. Without one move the folder {path.parent} away: the "
        "next start makes a new store of what the inputs hold, and files that had landed have to land anew."
    )


class Journal:
    """The journal file of a store.

    Parameters
    ----------
    path : Path
        SQLite file; made where there is none.

    Raises
    ------
    UserError
        If the file is damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        try:
            # Every commit is on disk before the next step begins.
            self._connection.execute("pragma synchronous = full")
            self._connection.executescript(_SCHEMA)
            found = str(self._value("pragma quick_check(1)"))
        except sqlite3.OperationalError:
            # It may not be written, or the disk is full: the file itself is well.
            self._connection.close()
            raise
        except sqlite3.DatabaseError as error:
            found = str(error)
        if found != "ok":
            self._connection.close()
            raise UserError(damaged_journal(path, found))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    # --- owner ------------------------------------------------------------------------------------------------

    def mark(self) -> Mark | None:
        """Return whose the store is; None if nobody has said so yet."""
        row = self._connection.execute("select mark from owner").fetchone()
        return Mark.from_json(row["mark"]) if row else None

    def set_mark(self, mark: Mark) -> None:
        """Say whose the store is."""
        with self._transaction():
            self._connection.execute("delete from owner")
            self._connection.execute("insert into owner values (?)", [mark.to_json()])

    # --- batches -----------------------------------------------------------------------------------------------

    def open_batch(self, arrivals: Sequence[Arrival], watermarks: Mapping[str, Watermark]) -> int:
        """Accept files as one new batch, and with them how far tables were read; return the batch's number.

        Nothing has been moved yet: from here on a restart does what is left to do.
        """
        with self._transaction():
            number = 1 + self.last_batch_number()
            self._connection.execute(
                "insert into batches (batch_number, started_at) values (?, ?)", [number, time.time()]
            )
            for arrival in arrivals:
                file_number = self._insert(arrival, number, "accepted", None)
                name = f"{file_number:08d}-{arrival.content_hash[:16]}.parquet"
                self._connection.execute("update files set stored_name = ? where file_number = ?", [name, file_number])
            for name, mark in watermarks.items():
                self._connection.execute(
                    "insert or replace into watermarks values (?, ?, ?)", [name, mark.value, json.dumps(mark.taken)]
                )
        return number

    def count_build(self, number: int) -> None:
        """Note that one more build is about to begin for a batch."""
        self._connection.execute("update batches set builds = builds + 1 where batch_number = ?", [number])

    def close_batch(self, number: int, *, now: float) -> None:
        """Mark a batch as done."""
        accepted, refused = self.files_of(number, "accepted"), self.files_of(number, "set aside")
        outcome = "published" if not refused else "partly published" if accepted else "set aside"
        reason = "; ".join(dict.fromkeys(self.reason_of(file) for file in refused)) or None
        started = self._value("select started_at from batches where batch_number = ?", number)
        lag = now - min(file.arrived_at for file in (*accepted, *refused))
        self._connection.execute(
            """
            update batches
            set finished_at = ?, outcome = ?, reason = ?, seconds = ?, lag_seconds = ?
            where batch_number = ?
            """,
            [now, outcome, reason, round(now - started, 3), round(lag, 3), number],
        )

    def note_waiting(self, number: int, waiting: int) -> Batch:
        """Note how many files wait at the end of a batch, and return how it ended."""
        self._connection.execute("update batches set files_waiting = ? where batch_number = ?", [waiting, number])
        row = self._connection.execute("select * from batches where batch_number = ?", [number]).fetchone()
        accepted = self.files_of(number, "accepted")
        rows: dict[str, int] = {}
        for file in accepted:
            rows[file.input] = rows.get(file.input, 0) + file.rows
        return Batch(
            number=number,
            outcome=row["outcome"],
            reason=row["reason"],
            seconds=row["seconds"],
            lag_seconds=row["lag_seconds"],
            rows=rows,
            files=len(accepted),
            files_set_aside=len(self.files_of(number, "set aside")),
            files_waiting=waiting,
        )

    def withdraw_batch(self, number: int, reason: str) -> None:
        """End a batch without having taken anything: its files count as never seen."""
        with self._transaction():
            self._connection.execute("update files set outcome = 'withdrawn' where batch_number = ?", [number])
            self._connection.execute(
                """
                update batches
                set finished_at = ?, outcome = 'withdrawn', reason = ?, seconds = 0, lag_seconds = 0, files_waiting = 0
                where batch_number = ?
                """,
                [time.time(), reason, number],
            )

    def open_batch_number(self) -> int | None:
        """Return the number of the batch that was begun and not finished; None if there is none."""
        number = self._value("select max(batch_number) from batches where outcome is null")
        return None if number is None else int(number)

    def last_batch_number(self) -> int:
        """Return the number of the last batch, 0 before the first."""
        return int(self._value("select coalesce(max(batch_number), 0) from batches"))

    # --- files -------------------------------------------------------------------------------------------------

    def files_of(self, batch: int, outcome: str) -> list[StoredFile]:
        """Return the files of a batch that are `accepted`, were `set aside` or `withdrawn`, in their order."""
        found = self._connection.execute(
            "select * from files where batch_number = ? and outcome = ? order by file_number", [batch, outcome]
        )
        return [_stored(row) for row in found]

    def reason_of(self, file: StoredFile) -> str:
        """Return why a file was set aside."""
        return str(self._value("select reason from files where file_number = ?", file.file_number))

    def accepted_names(self) -> dict[str, set[str]]:
        """Return the names that the accepted files of each input have in the store."""
        names: dict[str, set[str]] = {}
        for row in self._connection.execute("select input, stored_name from files where outcome = 'accepted'"):
            names.setdefault(row["input"], set()).add(row["stored_name"])
        return names

    def find_accepted(self, name: str, content_hash: str) -> StoredFile | None:
        """Return the accepted file of an input with this content; None if there is none."""
        found = self._connection.execute(
            "select * from files where input = ? and content_hash = ? and outcome = 'accepted' limit 1",
            [name, content_hash],
        ).fetchone()
        return _stored(found) if found else None

    def next_arrival(self, waiting: int = 0) -> int:
        """Return the number of arrival of the next file: higher than those of all files before.

        Parameters
        ----------
        waiting : int, default 0
            How many files have been read for the batch that is being gathered.
        """
        last = int(self._value("select coalesce(max(file_number), 0) from files"))
        return (last + waiting + 1) * _ARRIVALS_APART

    def arrival_numbers(self) -> dict[tuple[str, str], int]:
        """Return the number of arrival of each stored file, by input and name; of a merged one, its latest part's."""
        rows = self._connection.execute(
            """
            select input, stored_name, max(case when origin = 'history' then 0 else file_number end) as number
            from files
            where outcome = 'accepted'
            group by input, stored_name
            """
        )
        return {(row["input"], row["stored_name"]): int(row["number"]) * _ARRIVALS_APART for row in rows}

    def has_history(self, name: str) -> bool:
        """Return whether what an input held before the first batch was taken."""
        query = "select count(*) from files where input = ? and origin = 'history' and outcome = 'accepted'"
        return bool(self._value(query, name))

    def note_set_aside(self, arrival: Arrival, reason: str) -> None:
        """Note a file that never came into a batch, with the reason."""
        self._insert(arrival, None, "set aside", reason)

    def note_duplicate(self, arrival: Arrival, batch: int) -> None:
        """Note a file whose content has been counted already, in a batch."""
        self._insert(arrival, None, "duplicate", f"the same content was counted in batch {batch}")

    def set_aside(self, file: StoredFile, reason: str) -> None:
        """Take an accepted file out of what counts, with the reason."""
        self._connection.execute(
            "update files set outcome = 'set aside', reason = ? where file_number = ?", [reason, file.file_number]
        )

    # --- tables and merges -------------------------------------------------------------------------------------

    def watermark(self, name: str) -> Watermark:
        """Return how far the table of an input has been read."""
        row = self._connection.execute("select * from watermarks where input = ?", [name]).fetchone()
        return Watermark(row["watermark"], json.loads(row["taken"])) if row else Watermark(None, {})

    def begin_merge(self, name: str, merged_name: str, replaced: Sequence[str]) -> None:
        """Note that files of an input are about to become one."""
        self._connection.execute(
            "insert or replace into merges values (?, ?, ?)", [name, merged_name, json.dumps(list(replaced))]
        )

    def end_merge(self, name: str) -> None:
        """Have the merged file stand for those it replaces."""
        merge = self.open_merges()[name]
        with self._transaction():
            self._connection.executemany(
                "update files set stored_name = ? where input = ? and stored_name = ?",
                [(merge[0], name, replaced) for replaced in merge[1]],
            )
            self._connection.execute("delete from merges where input = ?", [name])

    def cancel_merge(self, name: str) -> None:
        """Forget a merge that had not put its file in place."""
        self._connection.execute("delete from merges where input = ?", [name])

    def open_merges(self) -> dict[str, tuple[str, list[str]]]:
        """Return, for each input with an unfinished merge, the merged file's name and the names it replaces."""
        rows = self._connection.execute("select * from merges")
        return {row["input"]: (row["merged_name"], json.loads(row["replaced"])) for row in rows}

    # --- what is told ------------------------------------------------------------------------------------------

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query, for reports."""
        return [tuple(row) for row in self._connection.execute(query)]

    # --- inside ------------------------------------------------------------------------------------------------

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._connection.execute("rollback")
            raise
        self._connection.execute("commit")

    def _value(self, query: str, *arguments: Any) -> Any:
        return self._connection.execute(query, arguments).fetchone()[0]

    def _insert(self, arrival: Arrival, batch: int | None, outcome: str, reason: str | None) -> int:
        cursor = self._connection.execute(
            """
            insert into files (
                batch_number, input, file_name, origin, identity, content_hash, row_count, arrived_at, outcome, reason
            )
            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                batch,
                arrival.input,
                arrival.name,
                arrival.origin,
                arrival.identity,
                arrival.content_hash,
                arrival.rows,
                arrival.arrived_at,
                outcome,
                reason,
            ],
        )
        return int(cursor.lastrowid or 0)


def _stored(row: sqlite3.Row) -> StoredFile:
    return StoredFile(
        input=row["input"],
        name=row["file_name"],
        origin=row["origin"],
        identity=row["identity"],
        content_hash=row["content_hash"],
        rows=row["row_count"],
        arrived_at=row["arrived_at"],
        file_number=row["file_number"],
        batch_number=row["batch_number"] or 0,
        stored_name=row["stored_name"] or "",
    )
