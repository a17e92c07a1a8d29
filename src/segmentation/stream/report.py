"""What a stream tells: one line a batch, and two tables that anybody may read at any time.

The tables stand in a small DuckDB file of their own beside the published one, put in place by rename like it:
`published/<database>_stream.duckdb`, schema `stream`. They hold clock times, and the marts, which a full build must
give again row for row, hold none; and a batch that was refused publishes no marts, but has to be told.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

from segmentation.errors import UserError
from segmentation.files import put_in_place
from segmentation.ownership import Mark, claim, read_mark, write_mark
from segmentation.quoting import quote_identifier, quote_literal
from segmentation.stream.journal import Batch, Journal
from segmentation.stream.store import INPUTS

__all__ = ["batch_line", "check_report", "stream_path", "write_report"]

BATCH_COLUMNS: Final = {
    "batch_number": (pa.int64(), "1 for the first batch of the store."),
    "outcome": (
        pa.string(),
        (
            "published, partly published or set aside: none, some or all files were refused. withdrawn: the very first "
            "batch was refused, and is tried again. Null: the batch is open."
        ),
    ),
    "reason": (pa.string(), "Why files were set aside."),
    "files": (pa.int64(), "Files that count."),
    "files_set_aside": (pa.int64(), "Files that the build refused."),
    **{f"{name}_rows": (pa.int64(), f"Rows of {name} that were accepted.") for name in INPUTS},
    "builds": (pa.int64(), "Builds that were begun: more than one after a kill, or to find out what is refused."),
    "started_at": (pa.timestamp("ms"), "When the files were accepted, UTC."),
    "finished_at": (pa.timestamp("ms"), "When the batch was done, UTC."),
    "seconds": (pa.float64(), "From the one to the other."),
    "lag_seconds": (pa.float64(), "From the arrival of the earliest file of the batch to its end."),
    "files_waiting": (pa.int64(), "Files in the landing folder at the end, for the next batch."),
}
"""Columns of stream.stream_batches, with what they mean."""

FILE_COLUMNS: Final = {
    "file_number": (pa.int64(), "In the order in which files were dealt with."),
    "batch_number": (pa.int64(), "The batch; null for a file that came into none."),
    "input": (pa.string(), "Input that the file landed for."),
    "file_name": (pa.string(), "Its name, or the table that was polled."),
    "origin": (pa.string(), "landing, table, or history: what the inputs held before the first batch."),
    "outcome": (pa.string(), "accepted, set aside, duplicate, or withdrawn with the first batch."),
    "reason": (pa.string(), "Why it does not count."),
    "row_count": (pa.int64(), "Rows, 0 where it could not be read."),
    "content_hash": (pa.string(), "SHA-256 of its bytes: the same content counts once per input."),
    "arrived_at": (pa.timestamp("ms"), "When it came to be in the landing folder, UTC."),
}
"""Columns of stream.stream_files, with what they mean."""

_LATEST: Final = 10_000
"""So many batches and files are told; the journal knows all of them."""

_BATCHES: Final = f"""
    select
        batches.batch_number, batches.outcome, batches.reason,
        (select count(*) from files where batch_number = batches.batch_number and outcome = 'accepted'),
        (select count(*) from files where batch_number = batches.batch_number and outcome = 'set aside'),
        {
    ", ".join(
        "(select coalesce(sum(row_count), 0) from files "
        f"where batch_number = batches.batch_number and outcome = 'accepted' and input = '{name}')"
        for name in INPUTS
    )
},
        batches.builds,
        cast(started_at * 1000 as integer),
        cast(finished_at * 1000 as integer),
        batches.seconds, batches.lag_seconds, batches.files_waiting
    from (select * from batches order by batch_number desc limit {_LATEST}) as batches
    order by batches.batch_number
"""

_FILES: Final = f"""
    select
        file_number, batch_number, input, file_name, origin, outcome, reason, row_count, content_hash,
        cast(arrived_at * 1000 as integer)
    from (select * from files order by file_number desc limit {_LATEST}) as files
    order by file_number
"""


def stream_path(published: Path) -> Path:
    """Return where the tables of a stream stand, beside the published marts.

    Parameters
    ----------
    published : Path
        The published file of the marts.

    Examples
    --------
    >>> stream_path(Path("published/shop.duckdb")).as_posix()
    'published/shop_stream.duckdb'
    """
    return published.with_name(f"{published.stem}_stream.duckdb")


def batch_line(batch: Batch) -> str:
    """Return a batch as one line for the terminal.

    Examples
    --------
    >>> print(batch_line(Batch(7, "published", None, 9.84, 10.21, {"orders": 1000, "order_items": 2480}, 2, 0, 1)))
    batch 7: published in 9.8 s: 2 files (1,000 orders, 2,480 order_items); lag 10.2 s, 1 file waiting
    """
    counts = ", ".join(f"{batch.rows[name]:,} {name}" for name in INPUTS if name in batch.rows)
    line = f"batch {batch.number}: {batch.outcome} in {batch.seconds:.1f} s: {_files(batch.files)}"
    line += f" ({counts})" if counts else ""
    line += f"; lag {batch.lag_seconds:.1f} s, {_files(batch.files_waiting)} waiting"
    if batch.files_set_aside:
        line += f"; {_files(batch.files_set_aside)} set aside: {batch.reason}"
    return line


def write_report(journal: Journal, target: Path) -> None:
    """Write the tables of a stream into one read-only DuckDB file and put it in place by rename.

    Parameters
    ----------
    journal : Journal
        What has happened.
    target : Path
        The file.

    Raises
    ------
    UserError
        If the file is another database's.
    """
    check_report(journal, target)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.tmp")
    for leftover in (temporary, temporary.with_name(f"{temporary.name}.wal")):
        leftover.unlink(missing_ok=True)
    with duckdb.connect(str(temporary)) as connection:
        connection.execute("create schema stream")
        for name, columns, query in (
            ("stream_batches", BATCH_COLUMNS, _BATCHES),
            ("stream_files", FILE_COLUMNS, _FILES),
        ):
            _create(connection, f"stream.{name}", columns, journal.rows(query))
        mark = journal.mark()
        if mark is not None:
            name = str(connection.execute("select current_database()").fetchall()[0][0])
            write_mark(connection, quote_identifier(name), Mark(mark.identity, mark.database, str(target)))
    temporary.chmod(0o444)
    put_in_place(temporary, target)


def check_report(journal: Journal, target: Path) -> None:
    """See to it that the tables of a stream do not replace another's.

    Parameters
    ----------
    journal : Journal
        The stream's own journal.
    target : Path
        Where its tables are to stand. A file of a version before there were marks is the stream's own if the journal
        knows each file that it tells of.

    Raises
    ------
    UserError
        If something else stands there.
    """
    owner = journal.mark()
    if owner is None or not target.exists():
        return
    what = "The file of a stream's batches"
    remedy = (
        "Set SEGMENTATION_PUBLISHED to a folder of this database's own, or give the database another name. If nobody "
        f"needs the file, remove it: rm {shlex.quote(str(target))}"
    )
    with duckdb.connect() as connection:
        try:
            mark = read_mark(connection, target)
            is_known = mark is not None or _tells_of(connection, target, journal)
        except duckdb.Error as error:
            raise UserError(f"{target} stands where batches are to be told, and is none of ours. {remedy}") from error
    if not is_known:
        raise UserError(f"{target} stands where batches are to be told, and tells of another stream's. {remedy}")
    if mark is not None:
        claim(mark, identity=owner.identity, database=Path(owner.database), place=target, what=what, remedy=remedy)


def _tells_of(connection: duckdb.DuckDBPyConnection, target: Path, journal: Journal) -> bool:
    connection.execute(f"attach {quote_literal(str(target))} as told (type duckdb, read_only)")
    told = connection.execute("select file_number, content_hash from told.stream.stream_files").fetchall()
    return set(told) <= set(journal.rows("select file_number, content_hash from files"))


def _create(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    columns: dict[str, tuple[pa.DataType, str]],
    rows: list[tuple[Any, ...]],
) -> None:
    arrays = [pa.array([row[i] for row in rows], data_type) for i, (data_type, _) in enumerate(columns.values())]
    table = pa.table(arrays, names=list(columns))
    connection.register("reported", table)
    connection.execute(f"create table {name} as select * from reported")
    connection.unregister("reported")
    for column, (_, description) in columns.items():
        connection.execute(f"comment on column {name}.{quote_identifier(column)} is {quote_literal(description)}")


def _files(count: int) -> str:
    return f"{count:,} file{'' if count == 1 else 's'}"
