"""Reads a file that has landed, whole, into a Parquet file with the column types that its input has in the store."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

import duckdb

from segmentation.csv_files import PLAIN, Dialect, UnreadableError, is_csv, proved, read_csv, without_pattern
from segmentation.errors import UserError
from segmentation.messages import shape_of, without_values
from segmentation.quoting import quote_identifier, quote_literal

__all__ = [
    "ARRIVAL_COLUMN",
    "ENDINGS",
    "UnreadableError",
    "engine",
    "in_utc",
    "parquet_columns",
    "write_relation",
    "write_staged",
]

ENDINGS: Final = (".parquet", ".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz")
"""Names of files that can be read."""

ARRIVAL_COLUMN: Final = "arrival_number"
"""Column of every stored file, and of every input: of two rows with one key the higher number arrived later."""

_TEXT: Final = "VARCHAR"
_NUMBERS: Final = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
)
_FRACTIONS: Final = ("DECIMAL", "DOUBLE", "FLOAT")
_TIMES: Final = ("DATE", "TIMESTAMP")


def engine() -> duckdb.DuckDBPyConnection:
    """Return a DuckDB of this process's own, in memory, to read and write files with."""
    connection = duckdb.connect(
        config={
            "memory_limit": os.environ.get("SEGMENTATION_MEMORY_LIMIT", "6GB"),
            "threads": os.environ.get("SEGMENTATION_THREADS", "2"),
        }
    )
    # The terminal is for one line a batch.
    connection.execute("set enable_progress_bar = false")
    return in_utc(connection)


def in_utc(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Have a connection write points in time as UTC text, as builds do, whatever the time zone of the machine."""
    connection.execute("set TimeZone = 'UTC'")
    return connection


def write_staged(
    source: Path, target: Path, *, columns: Mapping[str, str], arrival: int, dialect: Dialect = PLAIN
) -> int:
    """Read a file in full and write its rows as Parquet.

    CSV is read as text throughout, as a build reads it, once each of its lines has been proved. A column that its input
    already has keeps the type that it has there: text that holds such values is cast, and a text column takes numbers
    and dates as text. Where a value would be lost, the file is refused.

    Parameters
    ----------
    source : Path
        A file whose name ends in one of `ENDINGS`.
    target : Path
        The Parquet file to write.
    columns : mapping of str to str
        Names and DuckDB types of the columns that the input has so far.
    arrival : int
        Number of the arrival, which its rows carry.
    dialect : Dialect
        What its input says of how CSV files are written.

    Returns
    -------
    int
        Number of rows.

    Raises
    ------
    UnreadableError
        If the file is empty, cannot be read, or holds values that its input's columns cannot hold.
    UserError
        If the target cannot be written: that is no fault of the file.
    """
    if not source.name.lower().endswith(ENDINGS):
        raise UnreadableError(f"its name ends in none of {', '.join(ENDINGS)}")
    if source.stat().st_size == 0:
        raise UnreadableError("it is empty (0 bytes)", may_be_unfinished=True)
    if is_csv(source) and not source.name.lower().endswith(".gz") and not _ends_its_last_line(source):
        raise UnreadableError(
            "its last line has no end, so it may be half written; end it with a line break", may_be_unfinished=True
        )
    if is_csv(source):
        proved(source, dialect)
        relation = read_csv(source, dialect)
    else:
        relation = f"read_parquet({quote_literal(without_pattern(source))}, hive_partitioning = false)"
    try:
        with engine() as connection:
            if is_csv(source):
                _check_written(connection, relation, dialect, columns)
            rows = write_relation(connection, relation, target, columns=columns, arrival=str(arrival))
    except duckdb.Error as error:
        if str(target) in str(error):
            raise UserError(f"The store cannot be written: {error}") from error
        # The first line says what is wrong; further lines hold the rows around it.
        first_line = without_values(error).splitlines()[0]
        raise UnreadableError(f"it cannot be read: {first_line[:300]}", may_be_unfinished=True) from error
    if rows == 0:
        raise UnreadableError("it holds no rows", may_be_unfinished=is_csv(source))
    return rows


def _check_written(
    connection: duckdb.DuckDBPyConnection, relation: str, dialect: Dialect, columns: Mapping[str, str]
) -> None:
    """Refuse text that staging alone can read where the input's column has numbers or dates: 1.234 may be 1234."""
    names = {str(row[0]).lower() for row in connection.execute(f"describe select * from {relation}").fetchall()}
    settings: dict[str, tuple[str, ...]] = {
        "decimal": _NUMBERS + _FRACTIONS if dialect.decimal != "." else (),
        "date_format": _TIMES if dialect.has_date_format else (),
    }
    for name, data_type in columns.items():
        for setting, families in settings.items():
            if name.lower() in names and data_type.startswith(families):
                raise UnreadableError(
                    f"column {name}: expected {data_type}, as in the files before, and what the input's {setting} says "
                    "is for text. Land it as Parquet with that type"
                )


def parquet_columns(path: Path | str) -> dict[str, str]:
    """Return names and DuckDB types of the columns of a Parquet file, or of all files that a glob matches."""
    with engine() as connection:
        described = connection.execute(
            f"describe select * from read_parquet({quote_literal(str(path))}, union_by_name = true, "
            "hive_partitioning = false)"
        ).fetchall()
    return {str(row[0]): str(row[1]) for row in described}


def write_relation(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    target: Path,
    *,
    columns: Mapping[str, str],
    arrival: str,
    hidden: Collection[str] = (),
) -> int:
    """Write a relation's rows as Parquet, with the column types that its input has; return their number.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Where `relation` is known.
    relation : str
        What stands after `from` in SQL.
    target : Path
        The Parquet file to write.
    columns : mapping of str to str
        Names and DuckDB types of the columns that the input has so far.
    arrival : str
        SQL that gives the number of each row's arrival.
    hidden : collection of str
        Columns that are not written.

    Raises
    ------
    UnreadableError
        If it holds values that its input's columns cannot hold.
    """
    described = connection.execute(f"describe select * from {relation}").fetchall()
    # What arrived when is known to the stream alone: a column of that name in the file would tell of another one.
    left_out = {ARRIVAL_COLUMN, *hidden}
    described = [row for row in described if str(row[0]).lower() not in left_out]
    known = {name.lower(): (name, data_type) for name, data_type in columns.items()}
    selected = []
    checks: list[tuple[str, str, str, str]] = []
    for name, found in ((str(row[0]), str(row[1])) for row in described):
        name_there, wanted = known.get(name.lower(), (name, found))
        column = quote_identifier(name)
        expression = column if found == wanted or _is_widened(found, wanted) else _cast(column, found, wanted)
        if expression != column:
            checks.append((name, found, wanted, expression))
        selected.append(f"{expression} as {quote_identifier(name_there)}")
    for name, found, wanted, expression in checks:
        column = quote_identifier(name)
        filled = f"nullif(trim({column}), '')" if found == _TEXT else column
        lost = connection.execute(
            f"select any_value({column}), count(*) from {relation} where {filled} is not null and {expression} is null"
        ).fetchall()
        if lost[0][1]:
            raise UnreadableError(
                f"column {name}: expected {wanted}, as in the files before; {lost[0][1]:,} values are none, such as "
                f"one of the form '{shape_of(str(lost[0][0]))}'"
            )
    selected.append(f"cast({arrival} as bigint) as {ARRIVAL_COLUMN}")
    connection.execute(
        f"copy (select {', '.join(selected)} from {relation}) to {quote_literal(str(target))} "
        "(format parquet, compression zstd)"
    )
    written = f"read_parquet({quote_literal(without_pattern(target))}, hive_partitioning = false)"
    counted = connection.execute(f"select count(*) from {written}").fetchall()
    return int(counted[0][0])


def _is_widened(found: str, wanted: str) -> bool:
    """Return whether files of these two types may stand side by side: a build reads the wider of two number types."""
    return any(found.startswith(family) and wanted.startswith(family) for family in (_NUMBERS, _TIMES))


def _cast(column: str, found: str, wanted: str) -> str:
    if wanted == _TEXT and found.startswith(_FRACTIONS):
        # An id column with gaps often arrives as 17850.0.
        whole = f"{column} = round({column}) and abs({column}) < 1e18"
        return f"case when {whole} then cast(cast({column} as bigint) as varchar) else cast({column} as varchar) end"
    if found == _TEXT:
        return f"try_cast(nullif(trim({column}), '') as {wanted})"
    return f"try_cast({column} as {wanted})"


def _ends_its_last_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - 2, 0))
        # In UTF-16 the last byte is 0.
        return file.read().rstrip(b"\0")[-1:] in {b"\n", b"\r"}
