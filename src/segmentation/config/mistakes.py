"""Mistakes in the variables: how a validator tells several of them, and the sentences that people read.

pydantic finds the place of every mistake and goes on after each. Its own words name types of Python; here each mistake
is a sentence that says what was found and what to write instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

__all__ = ["Mistakes", "mistake", "sentences"]

Place = tuple[int | str, ...]


def mistake(sentence: str) -> PydanticCustomError:
    """Return the error of a validator that has found one thing wrong.

    Parameters
    ----------
    sentence : str
        What is wrong and what to write, as it ends ``segmentations.behavior.k: ...``.
    """
    return PydanticCustomError("mistake", "{sentence}", {"sentence": _writable(sentence)})


class Mistakes:
    """Collects what one validator has found, so that all of it is raised at once.

    Examples
    --------
    >>> mistakes = Mistakes()
    >>> mistakes.add("names a horizon twice", "horizons_days")
    >>> mistakes.raise_if_any()
    Traceback (most recent call last):
    ...
    pydantic_core._pydantic_core.ValidationError: 1 validation error for variables
    horizons_days
      names a horizon twice [type=mistake, input_value=None, input_type=NoneType]
    """

    def __init__(self) -> None:
        self._found: list[InitErrorDetails] = []

    def add(self, sentence: str, *place: int | str) -> None:
        """Note one mistake.

        Parameters
        ----------
        sentence : str
            What is wrong, and what to write instead.
        *place : int or str
            Keys and positions that lead to it from what is being validated.
        """
        self._found.append(InitErrorDetails(type=mistake(sentence), loc=_place(place), input=None))

    def take(self, validate: Callable[..., Any], *values: Any, at: int | str) -> Any:
        """Return what `validate` makes of values; None after mistakes, which are noted as standing at `at`."""
        try:
            return validate(*values)
        except ValidationError as error:
            for line in error.errors(include_url=False, include_input=False):
                self.add(line["msg"], at, *line["loc"])
        except PydanticCustomError as error:
            self.add(error.message(), at)
        return None

    def raise_if_any(self) -> None:
        """Raise all that was noted.

        Raises
        ------
        pydantic.ValidationError
            If anything was.
        """
        if self._found:
            raise self.error()

    def error(self) -> ValidationError:
        """Return all that was noted as one error of pydantic."""
        return ValidationError.from_exception_data("variables", self._found)


def sentences(error: ValidationError) -> Iterator[tuple[str, str]]:
    """Yield the place and the sentence of each mistake.

    Parameters
    ----------
    error : pydantic.ValidationError
        All that is wrong with the variables.

    Yields
    ------
    tuple of str and str
        A path such as ``segmentations.behavior.features[2]``, empty for the variables as a whole; what is wrong there.
    """
    for line in error.errors(include_url=False, include_input=False):
        yield _path(line["loc"]), line["msg"]


def _path(place: Sequence[int | str]) -> str:
    path = ""
    for step in place:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    return path


def _place(steps: Sequence[int | str]) -> Place:
    return tuple(_writable(step) if isinstance(step, str) else step for step in steps)


def _writable(text: str) -> str:
    """Return a text as UTF-8 has it: half of a surrogate pair, which a key may hold, is shown as its code."""
    return text.encode("utf-8", "backslashreplace").decode()
