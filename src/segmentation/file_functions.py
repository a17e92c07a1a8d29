"""SQL functions for DuckDB by which macros ask about files and queries before they are read: a plugin of dbt-duckdb.

A profile names it: ``plugins: [{module: segmentation.file_functions}]``.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Final

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin

from segmentation.csv_files import Dialect, UnreadableError, csv_options, proved, remote_options

__all__ = ["Plugin", "problem_of_files"]

_TOLD: Final = 5
"""So many files are named, and the others counted."""


class Plugin(BasePlugin):
    """Adds the functions to the connection of a build."""

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Add them; every cursor of the connection has them."""
        files = duckdb.list_type("VARCHAR")
        conn.create_function("problem_of_csv_files", problem_of_files, [files, "VARCHAR"], "VARCHAR", side_effects=True)
        conn.create_function("options_of_csv_files", _options, [files, "VARCHAR"], "VARCHAR", side_effects=True)
        # Not the connection itself, which is busy with the query that asks.
        other = conn.cursor()
        conn.create_function(
            "error_of_query", partial(_error_of_query, other), ["VARCHAR"], "VARCHAR", side_effects=True
        )


def problem_of_files(files: list[str], setting: str = "{}") -> str:
    """Return what is wrong with some CSV files of one input; empty if every line of each can be read.

    Parameters
    ----------
    files : list of str
        Paths.
    setting : str, default '{}'
        What the variables say of the input, as JSON.
    """
    dialect = Dialect.of(json.loads(setting))
    problems = []
    for file in files:
        try:
            if not _is_remote(file):
                proved(Path(file), dialect)
            elif file.lower().endswith(".gz"):
                problems.append(f"{file}: a compressed file elsewhere cannot be proved to be whole; copy it here first")
        except UnreadableError as error:
            problems.append(f"{file}: {error.reason}")
        except OSError as error:
            problems.append(f"{file}: it cannot be read: {error.strerror}")
    if not problems:
        try:
            _options(files, setting)
        except UnreadableError as error:
            problems.append(error.reason)
    more = [f"and {len(problems) - _TOLD:,} more files"] if len(problems) > _TOLD else []
    return "; ".join(problems[:_TOLD] + more)


def _options(files: list[str], setting: str) -> str:
    dialect = Dialect.of(json.loads(setting))
    if any(map(_is_remote, files)):
        return remote_options(dialect)
    return csv_options([Path(file) for file in files], dialect)


def _error_of_query(connection: duckdb.DuckDBPyConnection, query: str) -> str:
    try:
        connection.execute(query)
    except duckdb.Error as error:
        return str(error)
    return ""


def _is_remote(file: str) -> bool:
    return "://" in file
