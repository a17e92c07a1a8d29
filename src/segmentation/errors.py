"""Errors that the user of the project can mend, and the wording that they share."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from types import TracebackType


class UserError(Exception):
    """A mistake in the configuration or the input: its message says what is wrong and what to do about it.

    dbt-duckdb prints a failed Python model with ``traceback.format_exception``. Frames of this package would bury the
    one sentence that helps, so the exception shows neither its traceback nor what it was raised from. The interpreter
    keeps both, and a debugger or pytest still finds them.
    """

    @property
    def __traceback__(self) -> TracebackType | None:
        return None

    @__traceback__.setter
    def __traceback__(self, value: TracebackType | None) -> None:
        """Accept the assignment that `contextlib` makes."""

    @property
    def __cause__(self) -> BaseException | None:
        return None

    @__cause__.setter
    def __cause__(self, value: BaseException | None) -> None:
        """Accept `raise ... from`."""

    @property
    def __context__(self) -> BaseException | None:
        return None

    @__context__.setter
    def __context__(self, value: BaseException | None) -> None:
        """Accept what `contextlib.ExitStack` assigns."""


# The traceback module leaves the module out for names of builtins: the line then starts with "UserError:".
UserError.__module__ = "builtins"


class Problems:
    """Collects mistakes, so that all of them are reported at once.

    Examples
    --------
    >>> problems = Problems()
    >>> problems.add("snapshot_count", "must not be negative")
    >>> len(problems)
    1
    """

    def __init__(self) -> None:
        self.messages: list[str] = []

    def __len__(self) -> int:
        return len(self.messages)

    def add(self, where: str, what: str) -> None:
        """Note one mistake.

        Parameters
        ----------
        where : str
            Path of the variable, such as ``segmentations.behavior.features[2]``; empty if there is none.
        what : str
            What is wrong, and what to write instead.
        """
        message = f"{where}: {what}" if where else what
        if message not in self.messages:
            self.messages.append(message)

    def raise_if_any(self, heading: str) -> None:
        """Raise all that was noted as one numbered message.

        Parameters
        ----------
        heading : str
            First line of the message, without a number or a colon.

        Raises
        ------
        UserError
            If anything was noted.
        """
        if self.messages:
            count = "1 problem" if len(self.messages) == 1 else f"{len(self.messages)} problems"
            lines = [f"  {number}. {message}" for number, message in enumerate(self.messages, start=1)]
            raise UserError("\n".join([f"{heading} ({count}):", *lines]))


def did_you_mean(word: object, choices: Iterable[str]) -> str:
    """Name the valid choice nearest to a word, or all of them where none is near.

    Parameters
    ----------
    word : object
        What was written.
    choices : iterable of str
        What may be written.

    Returns
    -------
    str
        A clause to end a sentence with, such as ``did you mean "frequency"?``.
    """
    valid = sorted(set(choices))
    if not valid:
        return "nothing may stand here"
    by_lower = {choice.lower(): choice for choice in reversed(valid)}
    # Beyond a hundred characters nothing is a misspelling, and the comparison is quadratic in the length.
    near = difflib.get_close_matches(str(word)[:100].lower(), by_lower, n=1, cutoff=0.6)
    if near:
        return f'did you mean "{by_lower[near[0]]}"?'
    return f"valid: {', '.join(valid)}"


def quote(value: object, *, limit: int = 80) -> str:
    """Show a value of the user in a message, shortened.

    Parameters
    ----------
    value : object
        Whatever was written.
    limit : int, default 80
        Longest text to show.
    """
    try:
        text = f'"{value}"' if isinstance(value, str) else repr(value)
    except ValueError:  # an integer of thousands of digits
        text = f"a very long {type(value).__name__}"
    return text if len(text) <= limit else f"{text[: limit - 3]}..."
