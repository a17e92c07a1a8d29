"""The stream's command: ``python -m segmentation.stream --landing landing --database shop.duckdb``."""

from __future__ import annotations

import argparse
import os
import signal
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import duckdb

from segmentation.csv_files import Dialect
from segmentation.errors import UserError
from segmentation.opening import disk_is_full, patience_of
from segmentation.publishing import published_path
from segmentation.stream.journal import Journal, damaged_journal
from segmentation.stream.landing import Landing
from segmentation.stream.loop import Stopper, Stream, Timing
from segmentation.stream.owning import claim_everything
from segmentation.stream.report import stream_path
from segmentation.stream.store import Store
from segmentation.stream.tables import read_tables_setting
from segmentation.variables import build_variables, read_mapping


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a stream until a signal ends it.

    Parameters
    ----------
    arguments : sequence of str, optional
        Command line without the program's name; the process's own by default.

    Returns
    -------
    int
        Exit code: 0 after SIGTERM or SIGINT, or where nothing is left with ``--until-idle``; 1 after a message on the
        error stream.
    """
    options = _parser().parse_args(arguments)
    store = Store(options.store or Path("store") / options.database.absolute().stem)
    try:
        _run(options, store)
    except (UserError, OSError, sqlite3.Error, duckdb.Error) as error:
        sys.stderr.write(f"Error: {_told(error, options, store)}\n")
        return 1
    return 0


def _told(error: Exception, options: argparse.Namespace, store: Store) -> str:
    """Return what to say of an error that ended the stream."""
    full = disk_is_full(str(error), store.folder, options.database)
    if full:
        return full
    if isinstance(error, sqlite3.OperationalError):
        return f"The journal {store.journal_file} cannot be written: {error}"
    return damaged_journal(store.journal_file, str(error)) if isinstance(error, sqlite3.Error) else str(error)


def _run(options: argparse.Namespace, store: Store) -> None:
    timing = Timing(options.poll, options.settle, options.patience, options.grace)
    stopper = Stopper(timing.grace, _say)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stopper)
    database = options.database.absolute()
    os.environ["SEGMENTATION_DATABASE"] = str(database)
    folder = os.environ.get("SEGMENTATION_PUBLISHED")
    overrides = read_mapping(options.vars, "VARS")
    variables = build_variables(options.example, data=options.data, overrides=overrides)
    with ExitStack() as held:
        held.enter_context(store.locked())
        journal = held.enter_context(closing(Journal(store.journal_file)))
        claim_everything(
            database,
            folder=folder,
            store=store,
            journal=journal,
            take_over=options.take_over_store,
            patience=patience_of(os.environ),
            say=_say,
        )
        # Importing dbt takes seconds, and a second stream on the same store is told at once.
        from segmentation.stream.building import WarmProject  # noqa: PLC0415

        project = WarmProject(options.project.absolute(), store.folder / "dbt", variables, store)
        inputs = project.inputs()
        landing = Landing(
            options.landing,
            inputs=inputs,
            settle_seconds=timing.settle,
            patience_seconds=timing.patience,
            dialects={name: Dialect.of(setting) for name, setting in inputs.items()},
        )
        held.enter_context(landing.locked())
        tables = read_tables_setting(read_mapping(options.tables, "TABLES"), inputs=inputs)
        report = stream_path(published_path(database, folder=folder))
        stream = Stream(
            inputs,
            project=project,
            store=store,
            journal=journal,
            landing=landing,
            tables=tables,
            warehouse=database,
            report=report,
            timing=timing,
            stopper=stopper,
            say=_say,
        )
        _say(f"Streaming from {landing.folder} into {database}; batches are told in {report}")
        stream.run(until_idle=options.until_idle)
        _say("Stopped")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="segmentation.stream", description="Build what arrives, batch by batch.")
    default = Timing()
    parser.add_argument("--landing", type=Path, default=Path("landing"), help="folder with a folder for each input")
    parser.add_argument("--store", type=Path, help="folder of accepted rows (default: store/<database>)")
    parser.add_argument("--database", type=Path, default=Path("customer_segmentation.duckdb"), help="database to build")
    parser.add_argument("--project", type=Path, default=Path(), help="folder of the project (default: here)")
    parser.add_argument("--example", type=Path, help="YAML file with variables")
    parser.add_argument("--data", type=Path, help="folder that the file's {data} stands for")
    parser.add_argument("--vars", default="", help="further variables, YAML or JSON")
    parser.add_argument("--tables", default="", help="tables to poll, YAML or JSON: see docs/streaming.md")
    parser.add_argument(
        "--take-over-store",
        action="store_true",
        help="have the store be this database's from now on, whosesoever it was",
    )
    parser.add_argument("--until-idle", action="store_true", help="end once nothing is left to do")
    for name, text in (
        ("poll", "between two looks at what has arrived"),
        ("settle", "that a file must have been left alone before it is read"),
        ("patience", "that an unreadable file must have been left alone before it is set aside"),
        ("grace", "that a batch may still take after a signal to stop"),
    ):
        parser.add_argument(
            f"--{name}",
            type=float,
            default=getattr(default, name),
            metavar="SECONDS",
            help=f"seconds {text} (default {getattr(default, name):g})",
        )
    return parser


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
