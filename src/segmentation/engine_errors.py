"""Keeps the values that DuckDB quotes in an error out of what dbt prints, logs and stores."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.duckdb.plugins import BasePlugin

from segmentation.messages import without_values

__all__ = ["Plugin"]


class Plugin(BasePlugin):
    """Makes dbt-duckdb print, log and store what the engine says without the values that it quotes.

    The profile names it. dbt-duckdb asks a plugin about connections and files, but not about errors, so it takes the
    place of the one method through which every error of a statement goes.
    """

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Put the method in place, once in a process."""
        del plugin_config
        if DuckDBConnectionManager.exception_handler is not _exception_handler:
            DuckDBConnectionManager.exception_handler = _exception_handler  # type: ignore[method-assign]


_told_by_adapter: Final = DuckDBConnectionManager.exception_handler


@contextmanager
def _exception_handler(self: DuckDBConnectionManager, sql: str, connection_name: str = "master") -> Iterator[None]:
    with _told_by_adapter(self, sql, connection_name):
        try:
            yield
        except duckdb.Error as error:
            raise type(error)(without_values(error)) from None
