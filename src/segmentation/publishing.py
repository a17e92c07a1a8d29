"""Atomic publication: the marts as one read-only DuckDB file that readers may open at any time.

DuckDB lets one writer lock every other process out of a file, so what people read cannot be the file that a build
writes. Publication therefore copies the marts into a new file beside the old one and renames it into place: a reader
gets the old file or the new one, whole, and a build that dies on the way leaves the old one as it was.

Where only some customers have changed, the new file begins as a copy of the old one, and the rows that differ are
replaced in it. They are looked for in the old one while it is being copied. A note beside the database says what it
published last; a published file that does not match it is written whole.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import re
import shlex
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa

from segmentation.errors import UserError
from segmentation.files import alone_in, put_in_place
from segmentation.ownership import (
    Mark,
    claim,
    identity_of,
    is_same_file,
    keep_identity,
    new_identity,
    read_mark,
    write_mark,
)
from segmentation.quoting import quote_identifier, quote_literal

__all__ = [
    "PUBLICATION_SCHEMA",
    "STORAGE",
    "Changes",
    "check_published_path",
    "claim_published_file",
    "last_digest",
    "publish",
    "published_path",
]

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
_NOTE: Final = ".published.json"
_SCORING_QUERIES: Final = "scoring_queries"
_READ_ONLY: Final = 0o444
STORAGE: Final = "v1.3.0"
"""The oldest DuckDB that can read the file: the first to compress a text by dictionary and FSST at once."""
_SMALL: Final = 100_000
"""Rows of a relation that is sooner written whole than compared."""
_OWN_NAMES: Final = frozenset({"rowid", "place", "row_hash", "published", "come", "stood"})
"""What the comparison calls columns and rows; a relation with a column of such a name is written whole."""


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

    @property
    def place(self) -> str:
        return f"{quote_identifier(self.schema)}.{quote_identifier(self.name)}"


@dataclass(frozen=True)
class Changes:
    """What a build has changed since this database was published last.

    Parameters
    ----------
    keys : mapping of str to str
        The column of each relation that holds the key of what changed. A relation that is not named is compared row by
        row with what is published.
    changed : tuple of (str, str)
        Schema and name of the table of changed keys: `key_hash`, DuckDB's `hash` of the key, and, where there are
        `dates`, `first_date`.
    published_digest : str or None
        `content_digest` of what this database published last.
    dates : mapping of str to str
        The column of the date in each relation, named in `keys` too, whose rows of a date before the first change of
        their key stand.
    all_changed_after : date, optional
        The last date of which nothing but changed keys is new, where that does not hold for the later ones. Relations
        without dates are then compared row by row.
    """

    keys: Mapping[str, str]
    changed: tuple[str, str]
    published_digest: str | None
    dates: Mapping[str, str] = field(default_factory=dict)
    all_changed_after: datetime.date | None = None

    def knows(self, name: str) -> bool:
        """Return whether it is known which rows of a relation may differ from those published."""
        return name in (self.keys if self.all_changed_after is None else self.dates)

    def condition(self, connection: Any, database: str, name: str) -> str:
        """Return the condition on the rows of a relation that may differ from those published."""
        changed = ".".join(map(quote_identifier, (database, *self.changed)))
        condition = f"hash({quote_identifier(self.keys[name])}) in (select key_hash from {changed})"
        if name not in self.dates:
            return condition
        date = quote_identifier(self.dates[name])
        # As a value: the engine then passes over the rows of earlier dates unread.
        first = connection.execute(f"select min(first_date) from {changed}").fetchall()[0][0]
        condition = f"{date} >= date '{first}' and {condition}" if first else "false"
        if self.all_changed_after is not None:
            condition = f"({date} > date '{self.all_changed_after}' or {condition})"
        return condition


@dataclass(frozen=True)
class _Content:
    """The number of rows of a relation and the sum of their hashes."""

    rows: int
    total: int


@dataclass(frozen=True)
class _Differences:
    """What became of a published relation.

    content : what it holds now, where that is known
    rows : the table of rows to take out, by their place, and to put in; empty where nothing is another than before,
        None where the relation is to be written whole
    """

    content: _Content | None
    rows: str | None = None


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
    changes: Changes | None = None,
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
    changes : Changes, optional
        What has changed since the last publication, where that is known: only rows that differ are then written, in
        relations with a key only those of changed keys. The content is the same as without.

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
    UserError
        If the published file would be the database itself, or is another database's.
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
    seen = _seen(target)
    identity = claim_published_file(connection, database=database, folder=folder) or new_identity()
    if identity_of(connection, database) != identity:
        keep_identity(connection, database, identity)
    mark = Mark(identity, str(source.absolute()), str(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(target)
    described = [_describe(connection, database, schema, name) for schema, name in wanted]
    temporary = _temporary(target, os.getpid())
    note = _note_of(source)
    known = _known_content(note, target, changes, described)
    try:
        if changes is not None and known:
            content = _renew(connection, database, described, target, temporary, known, changes, mark)
        else:
            content = _write(connection, database, described, temporary, mark)
        temporary.chmod(_READ_ONLY)
        with alone_in(target.parent):
            if _seen(target) != seen:
                # Another database may have published its first file here meanwhile.
                claim_published_file(connection, database=database, folder=folder)
            put_in_place(temporary, target)
    finally:
        _remove(temporary)
    digest = _digest(described, content)
    _write_note(note, target, digest, described, content, identity)
    rows = sum(part.rows for part in content.values())
    return _row("published", published_file=str(target), relations=len(described), rows=rows, digest=digest)


def last_digest(connection: Any, database: str, schema: str, name: str) -> str | None:
    """Return the `content_digest` that the publication before has left in its table; None where there is none."""
    if not hasattr(connection, "execute"):
        return None
    found = connection.execute(
        "select 1 from duckdb_tables() where (database_name, schema_name, table_name) = ($1, $2, $3)",
        [database, schema, name],
    ).fetchall()
    if not found:
        return None
    place = ".".join(map(quote_identifier, (database, schema, name)))
    rows = connection.execute(f"select content_digest from {place}").fetchall()
    return rows[0][0] if rows else None


def claim_published_file(connection: Any, *, database: str, folder: str | Path | None = None) -> str | None:
    """Return the identity under which a database may publish, and None if it has none yet and may.

    A published file without a mark is of a version before there were marks. It is taken for the database's own where
    the note beside the database tells its size and time of change; or where it stands in the folder `published` beside
    the database, holds marts alone, and no other database of that folder has noted it.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Where the database is attached.
    database : str
        Its name.
    folder : str or Path, optional
        Where published files lie; see `published_path`.

    Raises
    ------
    UserError
        If the published file would be the database itself, or is another database's.
    """
    source = _database_file(connection, database)
    if source is None:
        return None
    target = published_path(source, folder=folder)
    check_published_path(source, target)
    identity = identity_of(connection, database) or _told(_note_of(source)).get("identity")
    if not target.exists():
        return identity
    what, remedy = "The published file", _remedy(target)
    try:
        mark = read_mark(connection, target)
    except duckdb.Error as error:
        first_line = str(error).splitlines()[0]
        raise UserError(
            f"{target} stands where {source} is to be published, and it cannot be told whose it is: {first_line}. "
            f"{remedy}"
        ) from error
    if mark is not None:
        return claim(mark, identity=identity, database=source, place=target, what=what, remedy=remedy)
    if not _was_published_from(source, target):
        raise UserError(f"{target} stands where {source} is to be published, and does not come from it. {remedy}")
    return identity


def check_published_path(database: Path, target: Path) -> None:
    """See to it that a database is not published over itself.

    Raises
    ------
    UserError
        If both paths lead to one file.
    """
    if is_same_file(database, target):
        raise UserError(
            f"{target} would be both the database of the build and the file that it publishes, which would leave of "
            "the database its marts alone. Set SEGMENTATION_PUBLISHED to another folder than that of the database, or "
            "leave it out."
        )


def _remedy(target: Path) -> str:
    return (
        "Set SEGMENTATION_PUBLISHED to a folder of this database's own, or give the database another name. If nobody "
        f"needs the file, remove it: rm {shlex.quote(str(target))}"
    )


def _was_published_from(source: Path, target: Path) -> bool:
    """Return whether a file without a mark is what a database has published, as far as can be told."""
    with duckdb.connect() as connection:
        connection.execute(f"attach {quote_literal(str(target))} as published (type duckdb, read_only)")
        schemas = connection.execute(
            "select distinct schema_name from duckdb_tables() where database_name = 'published'"
        ).fetchall()
    if schemas != [("marts",)]:
        return False
    # A copy has another inode.
    signature = _signature(target)[1:]
    if _told(_note_of(source)).get("file", [])[1:] == signature:
        return True
    others = [path for path in source.parent.iterdir() if path.name.startswith(".") and path.name.endswith(_NOTE)]
    is_noted = any(_told(path).get("file", [])[1:] == signature for path in others)
    return is_same_file(target, published_path(source)) and not is_noted


def _note_of(database: Path) -> Path:
    return database.with_name(f".{database.name}{_NOTE}")


def _told(note: Path) -> dict[str, Any]:
    """Return what a note tells; nothing where there is none that can be read."""
    try:
        told = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


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


def _write(
    connection: Any, database: str, relations: Sequence[_Relation], file: Path, mark: Mark
) -> dict[str, _Content]:
    """Write the relations into a new database file."""
    alias = _alias("publication")
    storage = f"type duckdb, storage_version {quote_literal(STORAGE)}"
    connection.execute(f"attach {quote_literal(str(file))} as {alias} ({storage})")
    try:
        with _transaction(connection):
            for schema in sorted({relation.schema for relation in relations} - {"main"}):
                connection.execute(f"create schema if not exists {alias}.{quote_identifier(schema)}")
            content = {relation.place: _copy_relation(connection, database, alias, relation) for relation in relations}
        _finish(connection, alias, relations, mark)
    finally:
        connection.execute(f"detach {alias}")
    return content


def _renew(
    connection: Any,
    database: str,
    relations: Sequence[_Relation],
    target: Path,
    file: Path,
    known: Mapping[str, _Content],
    changes: Changes,
    mark: Mark,
) -> dict[str, _Content]:
    """Copy the published file, and make of the copy what the relations are now."""
    alias, published = _alias("publication"), _alias("published")
    content = {}
    with ExitStack() as stack:
        # What is published is read for differences while another thread copies it.
        copying = stack.enter_context(ThreadPoolExecutor(max_workers=1)).submit(shutil.copyfile, target, file)
        connection.execute(f"attach {quote_literal(str(target))} as {published} (type duckdb, read_only)")
        stack.callback(connection.execute, f"detach database if exists {published}")
        with _transaction(connection):
            found = {
                relation.place: _differences(connection, database, published, relation, before, changes, number)
                for number, relation in enumerate(relations)
                if (before := known.get(relation.place)) is not None and _is_comparable(relation)
            }
            copying.result()
            connection.execute(f"attach {quote_literal(str(file))} as {alias} (type duckdb)")
            # An error takes the transaction back, and with it the attachment.
            stack.callback(connection.execute, f"detach database if exists {alias}")
            for relation in relations:
                differences = found.get(relation.place, _Differences(None))
                after = differences.content
                if after is None or differences.rows is None:
                    after = _copy_relation(connection, database, alias, relation, after)
                elif differences.rows:
                    _apply(connection, f"{alias}.{relation.place}", differences.rows, relation)
                content[relation.place] = after
        _finish(connection, alias, relations, mark)
    return content


@contextmanager
def _transaction(connection: Any) -> Iterator[None]:
    """Commit what is done within, or nothing of it."""
    connection.execute("begin transaction")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        # The first error is the one to report; an interrupted transaction may already be gone.
        with suppress(Exception):
            connection.execute("rollback")
        raise


def _finish(connection: Any, alias: str, relations: Sequence[_Relation], mark: Mark) -> None:
    _create_scoring_macros(connection, alias, relations)
    write_mark(connection, alias, mark)
    connection.execute(f"checkpoint {alias}")


def _alias(name: str) -> str:
    return quote_identifier(f"{name}_{os.getpid()}")


def _copy_relation(
    connection: Any, database: str, alias: str, relation: _Relation, content: _Content | None = None
) -> _Content:
    """Copy one relation whole; its content is read from the copy where it is not known."""
    copy = f"{alias}.{relation.place}"
    columns = ", ".join(
        f"{quote_identifier(column.name)} {column.data_type}{'' if column.is_nullable else ' not null'}"
        for column in relation.columns
    )
    connection.execute(f"drop table if exists {copy}")
    connection.execute(f"create table {copy} ({columns})")
    connection.execute(f"insert into {copy} select * from {quote_identifier(database)}.{relation.place}")
    if relation.comment is not None:
        connection.execute(f"comment on table {copy} is {quote_literal(relation.comment)}")
    for column in relation.columns:
        if column.comment is not None:
            place_of_column = f"{copy}.{quote_identifier(column.name)}"
            connection.execute(f"comment on column {place_of_column} is {quote_literal(column.comment)}")
    return content or _content(connection, f"{copy} as published")


def _differences(
    connection: Any,
    database: str,
    published: str,
    relation: _Relation,
    before: _Content,
    changes: Changes,
    number: int,
) -> _Differences:
    """Look for what is published of a relation and is no longer so, and for what is new.

    Of changed keys alone where it is known which rows they are; else among all rows, where that is less work than to
    write them.
    """
    source = f"{quote_identifier(database)}.{relation.place}"
    place = f"{published}.{relation.place}"
    if not changes.knows(relation.name):
        after, is_alike = _compare(connection, source, place, before)
        if after == before:
            return _Differences(after, rows="")
        if not is_alike:
            return _Differences(after)
        rows = f"(select *, hash(published) as row_hash from {source} as published)"
        stood, differences = _differing_rows(connection, place, rows, relation, after, number)
        if differences and stood != before:
            connection.execute(f"drop table {differences}")
            differences = None
        return _Differences(after, differences)
    condition = f"where {changes.condition(connection, database, relation.name)}"
    # Kept, since whoever finds them has read the whole relation.
    rows = f"select *, hash(published) as row_hash from {source} as published {condition}"
    connection.execute(f"create temporary table publication_rows as {rows}")
    come = _content(connection, "temp.publication_rows", "row_hash")
    stood, differences = _differing_rows(connection, place, "temp.publication_rows", relation, come, number, condition)
    connection.execute("drop table temp.publication_rows")
    if differences is None:
        return _Differences(None)
    after = _Content(before.rows - stood.rows + come.rows, before.total - stood.total + come.total)
    return _Differences(after, differences)


def _compare(connection: Any, source: str, place: str, before: _Content) -> tuple[_Content, bool]:
    """Return the content of a relation, and whether it still has most rows of a sample of what is published."""
    if before.rows < _SMALL:
        return _content(connection, f"{source} as published"), False
    sample = f"select hash(published) as row_hash from {place} as published tablesample system (10 percent)"
    connection.execute(f"create temporary table publication_sample as {sample}")
    rows, total, kept, sampled = connection.execute(
        f"""
        select
            count(*), coalesce(sum(row_hash::hugeint), 0),
            count(*) filter (where row_hash in (select row_hash from temp.publication_sample)),
            (select count(distinct row_hash) from temp.publication_sample)
        from (select hash(published) as row_hash from {source} as published)
        """
    ).fetchall()[0]
    connection.execute("drop table temp.publication_sample")
    return _Content(int(rows), int(total)), 8 * kept > 7 * sampled


def _differing_rows(
    connection: Any, place: str, rows: str, relation: _Relation, after: _Content, number: int, condition: str = ""
) -> tuple[_Content, str | None]:
    """Return what stands of a relation under the condition, and the table of what has to go there and to come.

    Only rows whose hash the other side does not have are told, so a row of which there are more or fewer now would be
    missed: then there is no table.
    """
    connection.execute(
        f"""
        create temporary table publication_stood as
        select rowid as place, hash(published) as row_hash from {place} as published {condition}
        """
    )
    stood = _content(connection, "temp.publication_stood", "row_hash")
    columns = ", ".join(quote_identifier(column.name) for column in relation.columns)
    differences = f"temp.publication_differences_{number}"
    connection.execute(
        f"""
        create temporary table publication_differences_{number} as
        select stood.place, {columns}, coalesce(come.row_hash, stood.row_hash) as row_hash
        from {rows} as come
        full join temp.publication_stood as stood on come.row_hash = stood.row_hash
        where come.row_hash is null or stood.row_hash is null
        """
    )
    connection.execute("drop table temp.publication_stood")
    gone = _content(connection, f"{differences} where place is not null", "row_hash")
    come = _content(connection, f"{differences} where place is null", "row_hash")
    if _Content(stood.rows - gone.rows + come.rows, stood.total - gone.total + come.total) == after:
        return stood, differences
    connection.execute(f"drop table {differences}")
    return stood, None


def _apply(connection: Any, copy: str, differences: str, relation: _Relation) -> None:
    """Take out of a copy of what was published what has gone, and put in what has come."""
    columns = ", ".join(quote_identifier(column.name) for column in relation.columns)
    gone, come = connection.execute(f"select count(place), count(*) - count(place) from {differences}").fetchall()[0]
    if gone:
        places = f"select place from {differences} where place is not null"
        connection.execute(f"delete from {copy} where rowid in ({places})")
    if come:
        connection.execute(f"insert into {copy} select {columns} from {differences} where place is null")
    connection.execute(f"drop table {differences}")


def _is_comparable(relation: _Relation) -> bool:
    return _OWN_NAMES.isdisjoint(column.name.lower() for column in relation.columns)


def _content(connection: Any, rows: str, row_hash: str = "hash(published)") -> _Content:
    count, total = connection.execute(
        f"select count(*), coalesce(sum(({row_hash})::hugeint), 0) from {rows}"
    ).fetchall()[0]
    return _Content(int(count), int(total))


def _digest(relations: Sequence[_Relation], content: Mapping[str, _Content]) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    for relation in relations:
        part = content[relation.place]
        digest.update(repr((relation, part.rows, part.total)).encode())
    return digest.hexdigest()


def _signature(target: Path) -> list[int]:
    found = target.stat()
    return [found.st_ino, found.st_size, found.st_mtime_ns]


def _seen(target: Path) -> list[int] | None:
    return _signature(target) if target.exists() else None


def _write_note(
    note: Path,
    target: Path,
    digest: str,
    relations: Sequence[_Relation],
    content: Mapping[str, _Content],
    identity: str,
) -> None:
    """Say what the published file holds, and by which file it is known."""
    held = {
        relation.place: {"declared": repr(relation), "rows": part.rows, "total": str(part.total)}
        for relation in relations
        for part in [content[relation.place]]
    }
    temporary = note.with_name(f"{note.name}.tmp")
    told = {"file": _signature(target), "digest": digest, "identity": identity, "relations": held}
    temporary.write_text(json.dumps(told), encoding="utf-8")
    temporary.replace(note)


def _known_content(
    note: Path, target: Path, changes: Changes | None, relations: Sequence[_Relation]
) -> dict[str, _Content]:
    """Return what the published file holds, if it is what this database published last; else nothing."""
    if changes is None or changes.published_digest is None:
        return {}
    try:
        told = _told(note)
        if told["file"] != _signature(target) or told["digest"] != changes.published_digest:
            return {}
        names = {relation.place: repr(relation) for relation in relations}
        if set(told["relations"]) != set(names):
            return {}
        return {
            name: _Content(part["rows"], int(part["total"]))
            for name, part in told["relations"].items()
            if part["declared"] == names[name]
        }
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _create_scoring_macros(connection: Any, alias: str, relations: Sequence[_Relation]) -> None:
    """Make a table macro of every query of scoring_queries: customers are scored where the marts are read."""
    for schema in (relation.schema for relation in relations if relation.name == _SCORING_QUERIES):
        home = f"{alias}.{quote_identifier(schema)}"
        queries = connection.execute(
            f"select macro_name, query from {home}.{_SCORING_QUERIES} order by macro_name"
        ).fetchall()
        for name, query in queries:
            connection.execute(
                f"create or replace macro {home}.{quote_identifier(name)}(customers) as table "
                f"with customers_to_score as (select * from query_table(customers)) select * from ({query}) as scored"
            )


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
