"""Whose a file is: what one database has published or stored, no other database replaces or reads.

A database has an identity, a random text in its table `publication.database_identity`. Whatever is written on its
behalf outside of it (the published file, the report of a stream, the journal of a store) carries a mark: that identity,
the path of the database, and the place that was written. The identity moves and is copied with the database; the paths
tell a copy from the original.
"""

from __future__ import annotations

import json
import os
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from segmentation.errors import UserError
from segmentation.quoting import quote_identifier, quote_literal

__all__ = ["Mark", "claim", "identity_of", "is_same_file", "keep_identity", "new_identity", "read_mark", "write_mark"]

_SCHEMA: Final = "publication"
_TABLE: Final = "database_identity"
_MACRO: Final = "published_by"
"""The mark of a DuckDB file is a macro: readers who list its tables and columns do not come across it."""


@dataclass(frozen=True)
class Mark:
    """Whose a file or folder is.

    Parameters
    ----------
    identity : str
        Identity of the database that it was written for.
    database : str
        Path that this database had.
    place : str
        Path at which it was written. Another one than where it is found: it has been moved or copied.
    """

    identity: str
    database: str
    place: str

    def to_json(self) -> str:
        """Return the mark as text."""
        return json.dumps(asdict(self), ensure_ascii=True)

    @classmethod
    def from_json(cls, text: str) -> Mark:
        """Return the mark that `to_json` has written.

        Examples
        --------
        >>> mark = Mark("1f2e", "/data/shop.duckdb", "/data/published/shop.duckdb")
        >>> Mark.from_json(mark.to_json()) == mark
        True
        """
        return cls(**json.loads(text))


def new_identity() -> str:
    """Return the identity of a database that has none: the setting SEGMENTATION_OWNER, or a random text."""
    return os.environ.get("SEGMENTATION_OWNER") or uuid.uuid4().hex


def identity_of(connection: Any, database: str) -> str | None:
    """Return the identity of an attached database; None if it has none yet.

    A database that is made anew for every build has another one each time, so that its user may say whose it is
    (SEGMENTATION_OWNER); that holds before what the database itself says.
    """
    declared = os.environ.get("SEGMENTATION_OWNER")
    if declared:
        return declared
    found = connection.execute(
        "select 1 from duckdb_tables() where (database_name, schema_name, table_name) = ($1, $2, $3)",
        [database, _SCHEMA, _TABLE],
    ).fetchall()
    if not found:
        return None
    rows = connection.execute(f"select identity from {quote_identifier(database)}.{_SCHEMA}.{_TABLE}").fetchall()
    return str(rows[0][0]) if rows else None


def keep_identity(connection: Any, database: str, identity: str) -> None:
    """Write the identity of an attached database into it."""
    home = f"{quote_identifier(database)}.{_SCHEMA}"
    connection.execute(f"create schema if not exists {home}")
    connection.execute(f"create or replace table {home}.{_TABLE} as select {quote_literal(identity)} as identity")
    connection.execute(f"comment on table {home}.{_TABLE} is 'One row: by what this database knows the files it wrote'")


def write_mark(connection: Any, catalog: str, mark: Mark) -> None:
    """Write a mark into an attached DuckDB file, of which `catalog` is the name as it stands in SQL."""
    connection.execute(f"create or replace macro {catalog}.main.{_MACRO}() as {quote_literal(mark.to_json())}")


def read_mark(connection: Any, file: Path) -> Mark | None:
    """Return the mark of a DuckDB file, which is attached for a moment; None if it has none.

    Raises
    ------
    duckdb.Error
        If it cannot be read as a DuckDB file.
    """
    alias = f"marked_{os.getpid()}"
    connection.execute(f"attach {quote_literal(str(file))} as {alias} (type duckdb, read_only)")
    try:
        found = connection.execute(
            "select 1 from duckdb_functions() where (database_name, schema_name, function_name) = ($1, $2, $3)",
            [alias, "main", _MACRO],
        ).fetchall()
        if not found:
            return None
        return Mark.from_json(str(connection.execute(f"select {alias}.main.{_MACRO}()").fetchall()[0][0]))
    finally:
        connection.execute(f"detach {alias}")


def claim(mark: Mark, *, identity: str | None, database: Path, place: Path, what: str, remedy: str) -> str:
    """Return the identity under which a database may use what carries a mark.

    Parameters
    ----------
    mark : Mark
        What was found.
    identity : str or None
        Identity of the database. One that has none yet, because its file was deleted or is a backup of a time before
        identities, takes that of the mark if the mark names its path.
    database : Path
        Where it is.
    place : Path
        Where the mark was found.
    what : str
        What carries the mark, for the message: "The published file".
    remedy : str
        What to do about it, a sentence.

    Raises
    ------
    UserError
        If it is another database's, or that of the database that this one is a copy of.
    """
    is_here = is_same_path(Path(mark.database), database)
    if identity is None and is_here:
        return mark.identity
    if identity != mark.identity:
        raise UserError(f"{what} {place} belongs to another database, {mark.database}, and not to {database}. {remedy}")
    is_declared = os.environ.get("SEGMENTATION_OWNER") == identity
    if not is_declared and not is_here and Path(mark.database).exists() and is_same_path(Path(mark.place), place):
        raise UserError(
            f"{what} {place} belongs to {mark.database}, and {database} is a copy of that database. Both would write "
            f"it in turn. {remedy}"
        )
    return mark.identity


def is_same_path(one: Path, other: Path) -> bool:
    """Return whether two paths lead to one file, or would if there were one."""
    return one.resolve() == other.resolve() or is_same_file(one, other)


def is_same_file(one: Path, other: Path) -> bool:
    """Return whether two paths lead to one file: through links, relative parts, or another case of their letters.

    A file that is not there yet counts as the one of which it has the folder and, but for case, the name: where case
    does not matter it would become that one.
    """
    try:
        return one.samefile(other)
    except OSError:
        one, other = one.resolve(), other.resolve()
    if one.name.casefold() != other.name.casefold():
        return False
    try:
        return one.parent.samefile(other.parent)
    except OSError:
        return str(one).casefold() == str(other).casefold()
