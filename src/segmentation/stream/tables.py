"""Rows instead of files: what the inputs held before the first batch, and tables that are polled for new rows."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb

from segmentation.csv_files import PLAIN, Dialect
from segmentation.errors import UserError, did_you_mean
from segmentation.files import put_in_place
from segmentation.quoting import quote_identifier, quote_literal
from segmentation.stream.journal import HISTORY, Arrival, Watermark
from segmentation.stream.landing import content_hash
from segmentation.stream.reading import UnreadableError, engine, in_utc, write_relation, write_staged
from segmentation.stream.store import INPUTS, Store

__all__ = ["PolledTable", "history_sources", "read_tables_setting", "take_history"]

_KEYS: Final = ("database", "table", "watermark")
_OWN_COLUMNS: Final = ("stream_mark", "stream_hash", "stream_ordinal")


@dataclass(frozen=True)
class PolledTable:
    """A table or view of a DuckDB file whose new rows are taken at each poll.

    Parameters
    ----------
    input : str
        Input that the rows belong to.
    database : Path
        The DuckDB file. It is opened for reading alone, and only for the length of a poll.
    table : str
        ``schema.table`` or ``table``.
    watermark : str
        Column that never falls from one commit of the table's writer to the next, such as a time of loading. A row
        with a lower value than one that was taken before is not seen any more; nor is one without a value.
    """

    input: str
    database: Path
    table: str
    watermark: str

    def poll(
        self, mark: Watermark, store: Store, *, columns: Mapping[str, str], arrival_number: int
    ) -> tuple[Arrival, Watermark] | None:
        """Read the rows above the watermark into the store's folder `incoming`.

        Rows with the very value of the watermark may come in several polls: those that were taken are known by their
        hashes, and equal ones by their number. Points in time are compared, and hashed, as UTC.

        Parameters
        ----------
        mark : Watermark
            How far the table has been read.
        store : Store
            Where its rows go.
        columns : mapping of str to str
            Columns that the input has so far.
        arrival_number : int
            Number that this poll's rows carry, the lowest watermark's first: so a later version of a row wins, whether
            one poll finds both or two.

        Returns
        -------
        tuple of Arrival and Watermark, or None
            What was read, and how far the table has been read then. None: nothing is new, or its writer holds the file.

        Raises
        ------
        UserError
            If the file, the table or the column is not there, or a value does not fit its column in the store.
        """
        with engine() as connection:
            try:
                connection.execute(f"attach {quote_literal(str(self.database))} as polled (read_only)")
            except duckdb.IOException as error:
                if self.database.is_file() and "lock" in str(error).lower():
                    return None
                raise UserError(f"TABLES.{self.input}.database: {self.database} cannot be opened: {error}") from error
            connection.execute("begin transaction read only")
            self._select(connection, mark)
            count, highest = connection.execute(
                "select count(*), cast(max(stream_mark) as varchar) from fresh"
            ).fetchall()[0]
            if not count:
                return None
            staged = store.incoming / f"{self.input}-unfinished.parquet"
            ranked = f"{arrival_number} + dense_rank() over (order by stream_mark)"
            try:
                rows = write_relation(connection, "fresh", staged, columns=columns, arrival=ranked, hidden=_OWN_COLUMNS)
            except UnreadableError as error:
                raise UserError(f"TABLES.{self.input}: {self.table}: {error.reason}") from error
            at_mark = connection.execute(
                "select stream_hash, count(*) from fresh where cast(stream_mark as varchar) = ? group by all", [highest]
            ).fetchall()
        taken = {str(row_hash): int(number) for row_hash, number in at_mark}
        if highest == mark.value:
            for row_hash, number in mark.taken.items():
                taken[row_hash] = taken.get(row_hash, 0) + number
        place = f"{self.database.name}:{self.table}"
        arrival = Arrival(self.input, place, "table", "", content_hash(staged), rows, time.time())
        put_in_place(staged, store.incoming / arrival.staged_name)
        return arrival, Watermark(highest, taken)

    def _select(self, connection: duckdb.DuckDBPyConnection, mark: Watermark) -> None:
        place = ".".join(quote_identifier(part) for part in self.table.split("."))
        column = quote_identifier(self.watermark)
        try:
            names = [str(row[0]) for row in connection.execute(f"describe polled.{place}").fetchall()]
        except duckdb.CatalogException as error:
            raise UserError(f"TABLES.{self.input}.table: {self.database} has no table {self.table}.") from error
        if self.watermark.lower() not in {name.lower() for name in names}:
            raise UserError(
                f"TABLES.{self.input}.watermark: {self.table} has no column {self.watermark}; "
                f"{did_you_mean(self.watermark, names)}"
            )
        connection.execute("create temp table taken (stream_hash varchar, taken bigint)")
        if mark.taken:
            connection.executemany("insert into taken values (?, ?)", list(mark.taken.items()))
        above = "" if mark.value is None else f"and {column} >= {quote_literal(mark.value)}"
        at_mark = "false" if mark.value is None else f"{column} = {quote_literal(mark.value)}"
        connection.execute(f"""
            create temp table fresh as
            with candidates as (
                select
                    *,
                    {column} as stream_mark,
                    md5(cast(source as varchar)) as stream_hash,
                    row_number() over (partition by md5(cast(source as varchar))) as stream_ordinal
                from polled.{place} as source
                where {column} is not null {above}
            )
            select candidates.*
            from candidates
            left join taken on candidates.stream_hash = taken.stream_hash and {at_mark}
            where candidates.stream_ordinal > coalesce(taken.taken, 0)
        """)


def read_tables_setting(setting: Mapping[str, Any], *, inputs: Mapping[str, Any]) -> list[PolledTable]:
    """Read the setting TABLES: a mapping of inputs to database, table and watermark.

    Raises
    ------
    UserError
        If it names no input, lacks a key or has one too many.
    """
    tables = []
    for name, keys in setting.items():
        if name not in inputs:
            raise UserError(f"TABLES.{name}: the variables have no such input; {did_you_mean(name, inputs)}")
        example = "{database: shop.duckdb, table: main.orders, watermark: loaded_at}"
        if not isinstance(keys, Mapping) or set(keys) != set(_KEYS):
            raise UserError(f"TABLES.{name}: expected {', '.join(_KEYS)}, as in {example}; found {keys!r}")
        tables.append(PolledTable(name, Path(keys["database"]).absolute(), str(keys["table"]), str(keys["watermark"])))
    return sorted(tables, key=lambda table: INPUTS.index(table.input))


def history_sources(name: str, setting: Mapping[str, Any], warehouse: Path) -> Iterator[tuple[str, str]]:
    """Yield where an input's rows are that were there before the stream: pairs of a kind and a place.

    Parameters
    ----------
    name : str
        Input.
    setting : mapping
        What `vars.inputs` says of it.
    warehouse : Path
        The database of the builds, which holds what `ref` and `relation` name.

    Yields
    ------
    tuple of str and str
        ``("file", path)`` or ``("relation", schema.table)``.

    Raises
    ------
    UserError
        If a relation is not in the warehouse.
    """
    if "path" in setting:
        with engine() as connection:
            found = connection.execute("select file from glob(?) order by file", [str(setting["path"])]).fetchall()
        yield from (("file", str(path)) for (path,) in found)
        return
    wanted = str(setting.get("ref") or setting.get("relation")).split(".")
    places: list[tuple[str, str]] = []
    if warehouse.is_file():
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            places = connection.execute(
                """
                select schema_name, table_name from duckdb_tables() where not internal
                union all select schema_name, view_name from duckdb_views() where not internal
                """
            ).fetchall()
    matching = [place for place in sorted(places) if list(place)[-len(wanted) :] == wanted[-2:]]
    if not matching:
        raise UserError(
            f"vars.inputs.{name}: there is no {'.'.join(wanted)} in {warehouse}. Its rows are the first batch; load "
            "them first, with make build."
        )
    yield "relation", ".".join(quote_identifier(part) for part in matching[0])


def take_history(
    name: str,
    kind: str,
    place: str,
    *,
    warehouse: Path,
    store: Store,
    columns: Mapping[str, str],
    dialect: Dialect = PLAIN,
) -> Arrival:
    """Read one source of an input's history into the store's folder `incoming`: what was there before all arrivals.

    Raises
    ------
    UserError
        If it cannot be read.
    """
    staged = store.incoming / f"{name}-unfinished.parquet"
    try:
        if kind == "file":
            rows = write_staged(Path(place), staged, columns=columns, arrival=HISTORY, dialect=dialect)
        else:
            with duckdb.connect(str(warehouse), read_only=True) as connection:
                in_utc(connection)
                rows = write_relation(connection, place, staged, columns=columns, arrival=str(HISTORY))
    except UnreadableError as error:
        raise UserError(f"vars.inputs.{name}: {place}: {error.reason}") from error
    digest = content_hash(Path(place) if kind == "file" else staged)
    arrival = Arrival(name, place, "history", "", digest, rows, time.time())
    put_in_place(staged, store.incoming / arrival.staged_name)
    return arrival
