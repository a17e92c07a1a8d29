"""Whose a published file, a store and a report are: nothing replaces or reads another's."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import duckdb
import pytest

from segmentation.errors import UserError
from segmentation.publishing import publish
from segmentation.quoting import quote_literal
from segmentation.stream.__main__ import main
from segmentation.stream.journal import Arrival, Journal
from segmentation.stream.owning import claim_everything
from segmentation.stream.report import write_report
from segmentation.stream.store import Store

MARTS = [("marts", "shops")]


def build(database: Path, shop: str) -> None:
    """Make a database with one mart, as a build would, or build it again."""
    database.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(database)) as connection:
        connection.execute("create schema if not exists marts")
        connection.execute("create or replace table marts.shops as select $1 as shop", [shop])
        connection.execute("create table if not exists precious as select 1 as x")


def published(database: Path, folder: Path | None = None) -> Path:
    """Publish a database, and return the file."""
    with duckdb.connect(str(database)) as connection:
        (row,) = publish(connection, database=database.stem, relations=MARTS, folder=folder).to_pylist()
    assert row["outcome"] == "published"
    return Path(row["published_file"])


def shop_in(file: Path) -> str:
    with duckdb.connect(str(file), read_only=True) as connection:
        return str(connection.execute("select shop from marts.shops").fetchall()[0][0])


def without_mark(file: Path) -> None:
    """Make of a published file what the version before marks has left."""
    file.chmod(0o644)
    with duckdb.connect(str(file)) as connection:
        (name,) = connection.execute("select function_name from duckdb_functions() where not internal").fetchall()[0]
        connection.execute(f"drop macro {name}")


def forget(database: Path) -> None:
    """Make of a database what the version before identities has left."""
    with duckdb.connect(str(database)) as connection:
        connection.execute("drop table publication.database_identity")


# --- the database itself -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["as it is", "relative", "a linked folder", "a linked database", "a hard link", "case"])
def test_a_database_is_not_published_over_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    database = tmp_path / "dwh" / "shop.duckdb"
    build(database, "A")
    folder, opened = database.parent, database
    if way == "relative":
        monkeypatch.chdir(tmp_path)
        folder = Path("dwh/../dwh")
    elif way == "a linked folder":
        folder = tmp_path / "bi"
        folder.symlink_to(database.parent)
    elif way == "a linked database":
        opened = tmp_path / "shop.duckdb"
        opened.symlink_to(database)
    elif way == "a hard link":
        folder = tmp_path / "bi"
        folder.mkdir()
        os.link(database, folder / "shop.duckdb")
    elif way == "case":
        opened = database.with_name("shop.DuckDB")
        database.rename(opened)
    before = opened.read_bytes()
    with pytest.raises(UserError, match="both the database of the build and the file that it publishes"):
        published(opened, folder)
    assert opened.read_bytes() == before


# --- the published file ------------------------------------------------------------------------------------------


def test_two_databases_of_one_name_do_not_replace_each_others_file(tmp_path: Path) -> None:
    for shop in "AB":
        build(tmp_path / shop / "shop.duckdb", shop)
    file = published(tmp_path / "A" / "shop.duckdb", tmp_path / "bi")
    with pytest.raises(UserError, match=r"belongs to another database, .*/A/shop.duckdb.*rm ") as raised:
        published(tmp_path / "B" / "shop.duckdb", tmp_path / "bi")
    assert str(file) in str(raised.value)
    assert shop_in(file) == "A"
    build(tmp_path / "A" / "shop.duckdb", "A, again")
    published(tmp_path / "A" / "shop.duckdb", tmp_path / "bi")
    assert shop_in(file) == "A, again"
    file.unlink()
    published(tmp_path / "B" / "shop.duckdb", tmp_path / "bi")
    assert shop_in(file) == "B"


def test_another_ones_database_is_no_published_file(tmp_path: Path) -> None:
    """Not beside the own database either, where published files stand by default."""
    victim, database = tmp_path / "published" / "shop.duckdb", tmp_path / "shop.duckdb"
    for path in (victim, database):
        build(path, path.parent.name)
    with pytest.raises(UserError, match="does not come from it"):
        published(database)
    with duckdb.connect(str(victim)) as connection:
        assert connection.execute("select * from precious").fetchall() == [(1,)]
        with pytest.raises(UserError, match="cannot be told whose it is"):
            published(database)
    victim.write_text("notes", encoding="utf-8")
    with pytest.raises(UserError, match="cannot be told whose it is"):
        published(database)
    assert victim.read_text(encoding="utf-8") == "notes"


@pytest.mark.parametrize("change", ["moved", "made anew", "made anew and unnoted", "restored", "moved with its files"])
def test_a_database_that_moved_or_came_back_goes_on(tmp_path: Path, change: str) -> None:
    database, bi = tmp_path / "A" / "shop.duckdb", tmp_path / "bi"
    build(database, "A")
    backup = tmp_path / "backup.duckdb"
    shutil.copyfile(database, backup)  # of the time before it had an identity
    file = published(database, bi)
    if change == "moved":
        (tmp_path / "A").rename(tmp_path / "A2")
        database = tmp_path / "A2" / "shop.duckdb"
    elif change.startswith("made anew"):
        database.unlink()
        if change == "made anew and unnoted":
            shutil.rmtree(tmp_path / "A")
    elif change == "restored":
        shutil.copyfile(backup, database)
    else:
        shutil.copytree(tmp_path, tmp_path.with_name(f"{tmp_path.name}-copy"))
        database = tmp_path.with_name(f"{tmp_path.name}-copy") / "A" / "shop.duckdb"
        bi, file = database.parents[1] / "bi", database.parents[1] / "bi" / "shop.duckdb"
    build(database, "A, later")
    assert published(database, bi) == file
    assert shop_in(file) == "A, later"


def test_a_copy_does_not_publish_where_the_original_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original, copy, bi = tmp_path / "A" / "shop.duckdb", tmp_path / "test" / "shop.duckdb", tmp_path / "bi"
    build(original, "A")
    file = published(original, bi)
    copy.parent.mkdir()
    shutil.copyfile(original, copy)
    build(copy, "a trial")
    with pytest.raises(UserError, match="is a copy of that database"):
        published(copy, bi)
    assert shop_in(file) == "A"
    assert shop_in(published(copy)) == "a trial"
    # Whoever says so means it.
    monkeypatch.setenv("SEGMENTATION_OWNER", "nightly")
    file.unlink()
    assert shop_in(published(original, bi)) == "A"
    assert shop_in(published(copy, bi)) == "a trial"
    build(tmp_path / "made anew" / "shop.duckdb", "A of today")
    assert shop_in(published(tmp_path / "made anew" / "shop.duckdb", bi)) == "A of today"


@pytest.mark.parametrize("folder", ["beside", "elsewhere"])
def test_a_file_of_the_version_before_is_taken_over_where_it_is_the_databases_own(tmp_path: Path, folder: str) -> None:
    bi = None if folder == "beside" else tmp_path / "bi"
    for shop in "AB":
        build(tmp_path / shop / "shop.duckdb", shop)
    database, other = tmp_path / "A" / "shop.duckdb", tmp_path / "B" / "shop.duckdb"
    file = published(database, bi)
    without_mark(file)
    forget(database)
    note = tmp_path / "A" / ".shop.duckdb.published.json"
    if folder == "elsewhere":
        # The note beside the database still tells time and size of the file that stands there.
        told = note.read_text(encoding="utf-8")
        with pytest.raises(UserError, match="does not come from it"):
            published(database, bi)
        status = file.stat()
        old = told.split('"file": [')[1].split("]")[0]
        fresh = f"{status.st_ino}, {status.st_size}, {status.st_mtime_ns}"
        note.write_text(told.replace(old, fresh), encoding="utf-8")
        with pytest.raises(UserError, match="does not come from it"):
            published(other, bi)
    else:
        note.unlink()
    build(database, "A, later")
    assert published(database, bi) == file
    assert shop_in(file) == "A, later"


def test_two_files_of_one_stem_side_by_side_are_two_databases(tmp_path: Path) -> None:
    for name in ("shop.duckdb", "shop.db"):
        build(tmp_path / name, name)
    file = published(tmp_path / "shop.duckdb")
    with pytest.raises(UserError, match=r"belongs to another database, .*/shop\.duckdb, and not to .*/shop\.db\."):
        published(tmp_path / "shop.db")
    assert shop_in(file) == "shop.duckdb"


# --- the stream --------------------------------------------------------------------------------------------------


def begin(database: Path, store: Store, *, folder: Path | None = None, take_over: bool = False) -> Journal:
    """Do what a stream does before it takes anything."""
    journal = Journal(store.journal_file)
    claim_everything(
        database,
        folder=str(folder) if folder else None,
        store=store,
        journal=journal,
        take_over=take_over,
        patience=0,
        say=print,
    )
    return journal


def take_a_batch(journal: Journal) -> None:
    journal.open_batch([Arrival("orders", "a.csv", "landing", "1-1-1", "ab" * 32, 5, 0.0)], {})


def test_a_store_is_of_one_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = Store(tmp_path / "store" / "shop")
    first, second = tmp_path / "A" / "shop.duckdb", tmp_path / "B" / "shop.duckdb"
    for database in (first, second):
        build(database, database.parent.name)
    take_a_batch(begin(first, store))
    begin(first, store)
    words = ["--store", str(store.folder), "--database", str(second), "--landing", str(tmp_path)]
    assert main(words) == 1
    told = capsys.readouterr().err
    assert f"The store {store.folder} belongs to another database, {first}" in told
    assert "STORE=folder" in told
    # A database made anew where the first was reads the store on; one that is told to takes it over.
    first.unlink()
    begin(first, store)
    begin(second, store, take_over=True)
    with pytest.raises(UserError, match=f"belongs to another database, {second}"):
        begin(first, store)


def test_a_store_of_the_version_before_is_the_databases_that_reads_it(tmp_path: Path) -> None:
    store, journal_file = Store(tmp_path / "the shop's store"), "journal.sqlite"
    take_a_batch(Journal(store.folder / journal_file))
    mine, other = tmp_path / "A" / "shop.duckdb", tmp_path / "B" / "shop.duckdb"
    for database in (mine, other):
        build(database, database.parent.name)
    with duckdb.connect(str(mine)) as connection:
        rows = store.folder / "orders" / "1.parquet"
        rows.parent.mkdir()
        connection.execute(f"copy (select 1 as order_id) to {quote_literal(str(rows))}")
        connection.execute(f"create view raw_orders as from read_parquet({quote_literal(str(rows))})")
    with pytest.raises(UserError, match=r"has never read that store.*--take-over-store"):
        begin(other, store)
    begin(mine, store)
    with pytest.raises(UserError, match="belongs to another database"):
        begin(other, store)


def test_batches_are_not_told_in_the_file_of_another_stream(tmp_path: Path) -> None:
    bi = tmp_path / "bi"
    stores = {shop: Store(tmp_path / shop / "store") for shop in "AB"}
    journals = {}
    for shop in "AB":
        build(tmp_path / shop / "shop.duckdb", shop)
    journals["A"] = begin(tmp_path / "A" / "shop.duckdb", stores["A"], folder=bi)
    take_a_batch(journals["A"])
    report = bi / "shop_stream.duckdb"
    write_report(journals["A"], report)
    write_report(journals["A"], report)
    before = report.read_bytes()
    with pytest.raises(UserError, match=r"The file of a stream's batches .* belongs to another database"):
        begin(tmp_path / "B" / "shop.duckdb", stores["B"], folder=bi)
    # Of the version before: known by the files that it tells of.
    without_mark(report)
    with pytest.raises(UserError, match="tells of another stream's"):
        begin(tmp_path / "B" / "shop.duckdb", stores["B"], folder=bi)
    begin(tmp_path / "A" / "shop.duckdb", stores["A"], folder=bi)
    assert report.stat().st_size == len(before)
