"""What runs before dbt-duckdb opens the database, named under `plugins` in profiles.yml.

A database that cannot be opened is told at once, and one that would be overwritten by what is published, or would
overwrite what another has published, is refused before anything runs.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.flags import get_flags
from dbt_common.events.event_manager_client import add_callback_to_manager, get_event_manager
from dbt_common.exceptions import DbtRuntimeError

from segmentation.errors import UserError
from segmentation.opening import disk_is_full, open_when_free, patience_of
from segmentation.publishing import check_published_path, claim_published_file, published_path

__all__ = ["Plugin"]

_IN_MEMORY: Final = ":memory:"
_FIRST: Final = {"resolved_configuration", "raw_customers", "raw_orders", "raw_order_items", "raw_products"}
"""Models that refuse what cannot be built."""
_SKIPS: Final = {"SkippingDetails", "LogSkipBecauseError"}
"""What dbt says of a node that it does not build; the second of one behind an ephemeral model."""
_AGAIN: Final = 60.0
"""Seconds for which a database that could not be had is not waited for again: dbt asks more than once."""


class Plugin(BasePlugin):
    """Looks at the database and at where it is published.

    The configuration in profiles.yml has `published`, the folder of published files; empty: beside the database.
    """

    _given_up_at: dict[str, float] = {}  # noqa: RUF012 - of all plugins of the process

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Take the configuration."""
        self._folder = str(plugin_config.get("published") or "")
        self._is_full = False
        self._is_refused = False
        add_callback_to_manager(self._notice_full_disk)
        add_callback_to_manager(self._notice_refusal)

    def update_connection_config(self, creds: Any, config: dict[str, Any]) -> None:
        """Wait until the database is free, before dbt opens it."""
        if creds.path == _IN_MEMORY or creds.is_motherduck:
            return
        path = Path(creds.path)
        is_known = time.monotonic() - self._given_up_at.get(creds.path, -_AGAIN) < _AGAIN
        with _told_by_dbt():
            check_published_path(path, published_path(path, folder=self._folder))
            try:
                patience = 0 if is_known else patience_of(os.environ)
                open_when_free(path, patience=patience, say=_say, config=config).close()
            except duckdb.ConnectionException:
                # This process has it open already, in another way: that is dbt-duckdb's to settle.
                return
            except UserError:
                self._given_up_at[creds.path] = time.monotonic()
                raise

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Refuse, before anything is built, what could not be published."""
        if self.creds is not None and self.creds.path != _IN_MEMORY and _command() in {"build", "retry"}:
            with _told_by_dbt():
                claim_published_file(conn, database=str(self.creds.database), folder=self._folder)

    def _notice_full_disk(self, event: Any) -> None:
        """Say once, and in one sentence, that the disk is full, and have dbt begin nothing more.

        Every further model would fail too, in the engine's words.
        """
        if self._is_full or self.creds is None or event.info.name != "NodeFinished":
            return
        places = [Path(self.creds.path), published_path(self.creds.path, folder=self._folder)]
        sentence = disk_is_full(str(event.data.run_result.message), *places)
        if sentence:
            self._is_full = True
            _say(sentence)
            # dbt looks at this flag after each node.
            object.__setattr__(get_flags(), "FAIL_FAST", True)  # type: ignore[no-untyped-call]

    def _notice_refusal(self, event: Any) -> None:
        """Keep the terminal to what is wrong where configuration or inputs are refused.

        Everything rests on them, and dbt would name each of some four hundred nodes that it does not build. Its last
        line counts them, and its log file names them.
        """
        if self._is_refused or event.info.name != "NodeFinished":
            return
        node = event.data.node_info
        if str(event.data.run_result.status) == "error" and node.node_name in _FIRST:
            self._is_refused = True
            for logger in getattr(get_event_manager(), "loggers", []):
                # What is read by a program stays complete.
                if type(logger).__name__ == "_TextLogger" and logger.name == "stdout_log":
                    logger.filter = partial(_names_no_skipped_node, logger.filter)


def _names_no_skipped_node(shown: Callable[[Any], bool], event: Any) -> bool:
    return bool(event.info.name not in _SKIPS and shown(event))


@contextmanager
def _told_by_dbt() -> Iterator[None]:
    """Raise what dbt takes for an error of the connection, and prints without a traceback."""
    try:
        yield
    except UserError as error:
        raise DbtRuntimeError(str(error)) from error


def _command() -> str:
    return str(get_flags().WHICH)  # type: ignore[no-untyped-call]


def _say(line: str) -> None:
    # dbt's own log is silent with --quiet, and writes nothing to the terminal while a connection is being opened.
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
