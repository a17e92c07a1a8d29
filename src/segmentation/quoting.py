"""Names and texts of others as parts of a SQL statement."""

from __future__ import annotations

__all__ = ["quote_identifier", "quote_literal"]


def quote_identifier(name: str) -> str:
    """Return `name` as a quoted SQL identifier.

    Parameters
    ----------
    name : str
        Any name, as it is stored in the catalogue.

    Returns
    -------
    str
        The name between double quotes, with those inside doubled.

    Examples
    --------
    >>> quote_identifier('the "net" sales')
    '"the ""net"" sales"'
    """
    return '"' + name.replace('"', '""') + '"'


def quote_literal(text: str) -> str:
    """Return `text` as a SQL string literal.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        The text between single quotes, with those inside doubled.

    Examples
    --------
    >>> quote_literal("the shop's")
    "'the shop''s'"
    """
    return "'" + text.replace("'", "''") + "'"
