"""Whose a store and what is published of it are: looked at before a stream takes anything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from segmentation.errors import UserError
from segmentation.opening import open_when_free
from segmentation.ownership import Mark, claim, identity_of, keep_identity, new_identity
from segmentation.publishing import STORAGE, check_published_path, claim_published_file, published_path
from segmentation.quoting import quote_literal
from segmentation.stream.journal import Journal
from segmentation.stream.report import check_report, stream_path
from segmentation.stream.store import Store

__all__ = ["claim_everything"]


def claim_everything(
    database: Path,
    *,
    folder: str | None,
    store: Store,
    journal: Journal,
    take_over: bool,
    patience: float,
    say: Callable[[str], None],
) -> None:
    """Make sure that store, published file and report are those of a database, and note it in the journal.

    A journal that names no owner and has batches is of a version before there were owners. It is the database's own if
    that reads the store, as it does once a stream has built it.

    Parameters
    ----------
    database : Path
        The database of the builds; made where there is none.
    folder : str or None
        Where published files lie; see `published_path`.
    store : Store
        The caller holds its lock.
    journal : Journal
        The store's journal.
    take_over : bool
        Whether the store is to be this database's from now on, whosesoever it was.
    patience : float
        Seconds to wait for whoever holds the database.
    say : callable
        Takes a sentence for people.

    Raises
    ------
    UserError
        If something is another database's, or the database cannot be opened.
    """
    published = published_path(database, folder=folder)
    report = stream_path(published)
    for target in (published, report):
        check_published_path(database, target)
    config = {"storage_compatibility_version": STORAGE}
    with open_when_free(database, patience=patience, say=say, config=config) as connection:
        name = str(connection.execute("select current_database()").fetchall()[0][0])
        identity = claim_published_file(connection, database=name, folder=folder)
        if not take_over:
            identity = _claim_store(connection, database, store, journal, identity)
        identity = identity or new_identity()
        if identity_of(connection, name) != identity:
            keep_identity(connection, name, identity)
    journal.set_mark(Mark(identity, str(database), str(store.folder)))
    check_report(journal, report)


def _claim_store(connection: Any, database: Path, store: Store, journal: Journal, identity: str | None) -> str | None:
    remedy = (
        "Give this stream a store of its own (STORE=folder). If the store is to be this database's from now on, start "
        "once with STREAM=--take-over-store."
    )
    mark = journal.mark()
    if mark is not None:
        return claim(mark, identity=identity, database=database, place=store.folder, what="The store", remedy=remedy)
    if journal.last_batch_number():
        # A view holds the path as a literal of SQL.
        folder = quote_literal(str(store.folder))[1:-1]
        readers = connection.execute("select count(*) from duckdb_views() where contains(sql, ?)", [folder]).fetchall()
        if not readers[0][0]:
            raise UserError(
                f"The store {store.folder} was filled by a stream of another database, or this database, {database}, "
                f"has been made anew: it has never read that store. {remedy}"
            )
    return identity
