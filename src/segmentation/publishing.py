"""Atomic publication: the marts as one read-only DuckDB file that readers may open at any time.

DuckDB lets one writer lock every other process out of a file, so what people read cannot be the file that a build
writes. Publication therefore copies the marts into a new file beside the old one and renames it into place: a reader
gets the old file or the new one, whole, and a build that dies on the way leaves the old one as it was.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from segmentation.files import put_in_place

__all__ = ["PUBLICATION_SCHEMA", "publish", "published_path", "quote_identifier", "quote_literal"]

PUBLICATION_SCHEMA: Final = pa.schema(
    [
        pa.field("published_file", pa.string()),
        pa.field("outcome", pa.string(), nullable=False),
        pa.field("relations", pa.int64(), nullable=False),
        pa.field("rows_published", pa.int64(), nullable=False),
        pa.field("content_digest", pa.string()),
    ]
)
"""Columns of the row that `publish` returns. No clock value: the same marts give the same row."""

_FOLDER: Final = "published"
_READ_ONLY: Final = 0o444


@dataclass(frozen=True)
class _Column:
    """A column as it is declared in the database that is published."""

    name: str
    data_type: str
    is_nullable: bool
    comment: str | None


@dataclass(frozen=True)
class _Relation:
    """A table or view, with what is carried over besides its rows."""

    schema: str
    name: str
    comment: str | None
    columns: tuple[_Column, ...]


def quote_identifier(name: str) -> str:
    """Return `name` as a quoted SQL identifier.

    Parameters
    ----------
    name : str
        Any name, as it is stored in the catalogue.

    Returns
    -------
    str
        The name between double quotes, with those inside doubled.

    Examples
    --------
    >>> quote_identifier('the "net" sales')
    '"the ""net"" sales"'
    """
    return '"' + name.replace('"', '""') + '"'


def quote_literal(text: str) -> str:
    """Return `text` as a SQL string literal.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        The text between single quotes, with those inside doubled.

    Examples
    --------
    >>> quote_literal("the shop's")
    "'the shop''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def published_path(database_path: str | Path, *, folder: str | Path | None = None) -> Path:
    """Return where the marts of a database are published.

    Parameters
    ----------
    database_path : str or Path
        The DuckDB file that builds write.
    folder : str or Path, optional
        Where published files lie. None or empty: the folder `published` beside the database. A relative folder
        is relative to the working directory.

    Returns
    -------
    Path
        Absolute path of a file that has the name of the database.
    """
    database = Path(database_path).absolute()
    home = Path(folder).absolute() if folder else database.parent / _FOLDER
    return home / f"{database.stem}.duckdb"


def publish(
    connection: Any,
    *,
    database: str,
    relations: Iterable[tuple[str, str]],
    folder: str | Path | None = None,
    command: str = "build",
    is_past_gate: bool = True,
) -> pa.Table:
    """Copy relations into one DuckDB file and put it in place by rename.

    All relations are copied in one transaction, hence from one state of the database, with their column types,
    not-null constraints and comments. Views become tables. The file is checkpointed and written to disk before it
    replaces the one published before, and it is read-only.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection or session of another engine
        The build's own DuckDB connection or cursor, outside a transaction. A session without `execute` belongs
        to another engine: nothing is published then, and the returned row says so.
    database : str
        Name of the attached database that holds the relations.
    relations : iterable of (str, str)
        Pairs of schema and table name. Every one must exist.
    folder : str or Path, optional
        Where published files lie; see `published_path`.
    command : str, default "build"
        The dbt command that runs. `run` executes no test, so nothing vouches for the relations: it publishes nothing.
    is_past_gate : bool, default True
        Whether this very build has passed the gate. A selection of models that leaves the gate out has not: what
        stands in the relations may be what an earlier build refused.

    Returns
    -------
    pyarrow.Table
        One row with the columns of `PUBLICATION_SCHEMA`. `content_digest` depends on names, types and rows, not
        on the order of rows; it is comparable between builds with one version of DuckDB.

    Raises
    ------
    LookupError
        If a relation or the database does not exist. What is published stays as it was after this and every
        other error.
    """
    wanted = sorted(set(relations))
    if command == "run":
        return _row("not published: `dbt run` tests nothing; use `dbt build`")
    if not is_past_gate:
        return _row("not published: the gate was not part of this build; build the whole project")
    if not hasattr(connection, "execute"):
        return _row("not published: the engine keeps its tables where they are")
    source = _database_file(connection, database)
    if source is None:
        return _row("not published: the database is in memory")

    target = published_path(source, folder=folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(target)
    described = [_describe(connection, database, schema, name) for schema, name in wanted]
    temporary = _temporary(target, os.getpid())
    try:
        rows, digest = _copy(connection, database, described, temporary)
        temporary.chmod(_READ_ONLY)
        put_in_place(temporary, target)
    finally:
        _remove(temporary)
    return _row("published", published_file=str(target), relations=len(described), rows=rows, digest=digest)


def _row(
    outcome: str, *, published_file: str | None = None, relations: int = 0, rows: int = 0, digest: str | None = None
) -> pa.Table:
    values = (published_file, outcome, relations, rows, digest)
    return pa.table([[value] for value in values], schema=PUBLICATION_SCHEMA)


def _database_file(connection: Any, database: str) -> Path | None:
    found = connection.execute("select path from duckdb_databases() where database_name = ?", [database]).fetchall()
    if not found:
        raise LookupError(f"There is no database {database!r} to publish from.")
    return Path(found[0][0]) if found[0][0] else None


def _describe(connection: Any, database: str, schema: str, name: str) -> _Relation:
    found = connection.execute(
        """
        select comment from duckdb_tables() where (database_name, schema_name, table_name) = ($1, $2, $3)
        union all
        select comment from duckdb_views() where (database_name, schema_name, view_name) = ($1, $2, $3)
        """,
        [database, schema, name],
    ).fetchall()
    if not found:
        raise LookupError(f"There is no relation {schema}.{name} to publish; build it first.")
    columns = connection.execute(
        """
        select column_name, data_type, is_nullable, comment
        from duckdb_columns()
        where (database_name, schema_name, table_name) = ($1, $2, $3)
        order by column_index
        """,
        [database, schema, name],
    ).fetchall()
    return _Relation(schema, name, found[0][0], tuple(_Column(*column) for column in columns))


def _copy(connection: Any, database: str, relations: Sequence[_Relation], file: Path) -> tuple[int, str]:
    """Write the relations into a new database file; return the number of rows and a digest of the content."""
    alias = f"publication_{os.getpid()}"
    rows = 0
    digest = hashlib.md5(usedforsecurity=False)
    connection.execute(f"attach {quote_literal(str(file))} as {quote_identifier(alias)} (type duckdb)")
    try:
        connection.execute("begin transaction")
        try:
            for schema in sorted({relation.schema for relation in relations}):
                if schema != "main":
                    connection.execute(f"create schema {quote_identifier(alias)}.{quote_identifier(schema)}")
            for relation in relations:
                count, content = _copy_relation(connection, database, alias, relation)
                rows += count
                digest.update(repr((relation, count, content)).encode())
            connection.execute("commit")
        except BaseException:
            # The first error is the one to report; an interrupted transaction may already be gone.
            with suppress(Exception):
                connection.execute("rollback")
            raise
        connection.execute(f"checkpoint {quote_identifier(alias)}")
    finally:
        connection.execute(f"detach {quote_identifier(alias)}")
    return rows, digest.hexdigest()


def _copy_relation(connection: Any, database: str, alias: str, relation: _Relation) -> tuple[int, int]:
    """Copy one relation; return its number of rows and the sum of the rows' hashes."""
    place = f"{quote_identifier(relation.schema)}.{quote_identifier(relation.name)}"
    source, copy = f"{quote_identifier(database)}.{place}", f"{quote_identifier(alias)}.{place}"
    columns = ", ".join(
        f"{quote_identifier(column.name)} {column.data_type}{'' if column.is_nullable else ' not null'}"
        for column in relation.columns
    )
    connection.execute(f"create table {copy} ({columns})")
    connection.execute(f"insert into {copy} select * from {source}")
    if relation.comment is not None:
        connection.execute(f"comment on table {copy} is {quote_literal(relation.comment)}")
    for column in relation.columns:
        if column.comment is not None:
            place_of_column = f"{copy}.{quote_identifier(column.name)}"
            connection.execute(f"comment on column {place_of_column} is {quote_literal(column.comment)}")
    count, content = connection.execute(
        f"select count(*), coalesce(sum(hash(published)::hugeint), 0) from {copy} as published"
    ).fetchall()[0]
    return int(count), int(content)


def _temporary(target: Path, process: int) -> Path:
    return target.with_name(f".{target.name}.{process}.tmp")


def _remove_leftovers(target: Path) -> None:
    """Remove what builds of this database left behind when they were killed, and nothing of a build that lives."""
    pattern = re.compile(rf"\.{re.escape(target.name)}\.([0-9]+)\.tmp(\.wal)?")
    for path in target.parent.iterdir():
        match = pattern.fullmatch(path.name)
        # In a container every build may have the same process id: our own number on a file is an earlier life's.
        if match and (int(match[1]) == os.getpid() or not _is_alive(int(match[1]))):
            path.unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _remove(temporary: Path) -> None:
    temporary.unlink(missing_ok=True)
    temporary.with_name(temporary.name + ".wal").unlink(missing_ok=True)
