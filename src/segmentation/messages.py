"""What a message may tell of a value: its shape. Messages reach terminals, logs and tables that many may read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import duckdb

__all__ = ["shape_of", "without_values"]

_SPEAK_OF_SQL: Final = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.ParserException,
    duckdb.SyntaxException,
    duckdb.IOException,
    duckdb.TransactionException,
    duckdb.OutOfMemoryException,
    duckdb.InterruptException,
)
"""Errors that are raised before a row is read, or for want of something else than a value."""

_LINE_OF_FILE: Final = re.compile(r"^(\s*Original Line:).*$", re.MULTILINE)
_QUOTED: Final = re.compile(r"'((?:[^'\n]|'(?=\w))*)'|\"([^\"\n]*)\"")
_ADDRESS: Final = re.compile(r"\S+@\S+|[+(]?[0-9][0-9 ()/.-]{5,}[0-9]")
_SQL: Final = re.compile(r"^LINE [0-9]+:.*", re.MULTILINE | re.DOTALL)

_LONGEST_PATH: Final = 1_000


def shape_of(text: str) -> str:
    """Return the shape of a text, as the macro `shape_of` writes it.

    Parameters
    ----------
    text : str
        Any value.

    Returns
    -------
    str
        9 for a digit, x for whatever else is no punctuation mark.

    Examples
    --------
    >>> shape_of("ada.1@example.com")
    'xxx.9@xxxxxxx.xxx'
    """
    return re.sub(r"[^9 !-/:-@_]", "x", re.sub(r"[0-9]", "9", text))


def without_values(error: Exception) -> str:
    """Return what an engine says of an error, with the shapes of the values that it quotes in place of these.

    Parameters
    ----------
    error : Exception
        Raised by DuckDB.

    Returns
    -------
    str
        The message. One about SQL alone, a file or a lock stays as it is, and so do the names of files in others.
    """
    message = str(error)
    if isinstance(error, _SPEAK_OF_SQL):
        return message
    # The statement, which DuckDB puts last, is the project's own.
    statement = _SQL.search(message)
    said, sql = (message[: statement.start()], statement.group()) if statement else (message, "")
    said = _LINE_OF_FILE.sub(r"\1 (not shown)", said)
    quoted = {found.group()[1:-1] for found in _QUOTED.finditer(said)}
    # Some messages say a value twice, the second time bare.
    for text in sorted((text for text in quoted if text and not _is_file(text)), key=len, reverse=True):
        said = said.replace(text, shape_of(text))
    return _ADDRESS.sub(lambda found: shape_of(found.group()), said) + sql


def _is_file(text: str) -> bool:
    return "/" in text and len(text) <= _LONGEST_PATH and Path(text).exists()
