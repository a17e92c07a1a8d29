"""Values that a variable may have, each with the sentence for what it is not.

A leaf stands in an annotation, ``Annotated[float, Number(0, high=1)]``: pydantic checks by it, the JSON schema of the
field follows from it, and whatever is wrong is told in its words.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, core_schema

from segmentation.config.mistakes import mistake
from segmentation.errors import did_you_mean, quote

__all__ = [
    "MAX_INTEGER",
    "Clip",
    "Date",
    "Entries",
    "Flag",
    "Items",
    "Leaf",
    "Number",
    "NumberOr",
    "OneOf",
    "Pattern",
    "Text",
    "Validate",
    "Whole",
    "chosen",
    "date_of",
    "name_mistake",
    "no_mapping",
]

MAX_INTEGER = 10**9
_MAX_NAME_LENGTH = 60  # leaves room for prefixes below PostgreSQL's limit of 63
_NAME = "[a-z][a-z0-9_]*"

Validate = Callable[[Any], Any]


class Leaf:
    """A validator that says what is wrong in its own words, around a core schema that describes what is right."""

    def read(self, value: Any) -> Any:
        """Return what a value means, and raise what is wrong with it."""
        return self._read(value, lambda right: right)

    def _read(self, value: Any, validate: Validate, /) -> Any:
        """Return what a value means; `validate` applies the schema of the annotated type."""
        raise NotImplementedError

    def _schema(self, source: Any, handler: GetCoreSchemaHandler, /) -> CoreSchema:
        """Return the schema of the annotated type."""
        return handler(source)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(self._read, self._schema(source, handler))


@dataclass(frozen=True)
class Whole(Leaf):
    """A whole number from `low` to `high`."""

    low: int
    high: int = MAX_INTEGER

    def _schema(self, _: Any, __: GetCoreSchemaHandler, /) -> CoreSchema:
        return core_schema.int_schema(ge=self.low, le=self.high, strict=True)

    def _read(self, value: Any, validate: Validate, /) -> Any:
        try:
            return validate(value)
        except ValidationError:
            raise mistake(self.sentence(value)) from None

    def sentence(self, value: Any) -> str:
        """Return what is wrong with a value that is none."""
        return f"must be a whole number from {self.low} to {self.high}, not {quote(value)}"


@dataclass(frozen=True)
class Number(Leaf):
    """A finite number from `low` to `high`; `above` leaves `low` itself out."""

    low: float
    high: float | None = None
    above: bool = False

    def _schema(self, _: Any, __: GetCoreSchemaHandler, /) -> CoreSchema:
        least, below = (None, self.low) if self.above else (self.low, None)
        return core_schema.float_schema(ge=least, gt=below, le=self.high, strict=True, allow_inf_nan=False)

    def _read(self, value: Any, validate: Validate, /) -> Any:
        try:
            return validate(value)
        except (ValidationError, OverflowError):
            bound = f"above {self.low:g}" if self.above else f"of at least {self.low:g}"
            bound += "" if self.high is None else f" and at most {self.high:g}"
            raise mistake(f"must be a number {bound}, not {quote(value)}") from None


class OneOf:
    """One of the texts of the annotated Literal."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        choices = get_args(source)
        return core_schema.no_info_wrap_validator_function(lambda value, _: chosen(value, choices), handler(source))


def chosen(value: Any, choices: Sequence[str]) -> str:
    """Return a value that is one of the choices, and raise what is wrong with another."""
    if isinstance(value, str) and value in choices:
        return value
    raise mistake(f"{quote(value)} is not one of its values; {did_you_mean(value, choices)}")


@dataclass(frozen=True)
class NumberOr(Leaf):
    """A number, or one of the texts of the annotated Literal, which `words` name to people."""

    words: Callable[[Any, Sequence[str]], str]
    choices: tuple[str, ...]
    above: float | None = None

    def _schema(self, _: Any, __: GetCoreSchemaHandler, /) -> CoreSchema:
        number = core_schema.float_schema(gt=self.above, strict=True, allow_inf_nan=False)
        return core_schema.union_schema([core_schema.literal_schema(list(self.choices)), number])

    def _read(self, value: Any, validate: Validate, /) -> Any:
        try:
            return validate(value)
        except (ValidationError, OverflowError):
            raise mistake(self.words(value, self.choices)) from None


class Flag(Leaf):
    """True or false."""

    def _read(self, value: Any, _: Validate, /) -> Any:
        if isinstance(value, bool):
            return value
        raise mistake(f"must be true or false, not {quote(value)}")


class Date(Leaf):
    """A day: ISO text, or what YAML makes of one without quotes."""

    def _read(self, value: Any, _: Validate, /) -> Any:
        day = date_of(value)
        if day is None:
            raise mistake(f'must be a date in quotes, such as "2025-12-31", not {quote(value)}')
        return day


def date_of(value: Any) -> datetime.date | None:
    """Return the day that a variable names; None where it names none."""
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return value
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        try:
            return datetime.date.fromisoformat(value)
        except ValueError:
            return None
    return None


@dataclass(frozen=True)
class Text(Leaf):
    """A text that says something; `what` is what people call it."""

    what: str
    longest: int | None = None
    is_stripped: bool = False

    def _schema(self, _: Any, __: GetCoreSchemaHandler, /) -> CoreSchema:
        return core_schema.str_schema(min_length=1, max_length=self.longest)

    def _read(self, value: Any, _: Validate, /) -> Any:
        if not (isinstance(value, str) and value.strip()):
            hint = "; put it in quotes" if isinstance(value, int | float | datetime.date) else ""
            raise mistake(f"{self.what} must be a text, not {quote(value)}{hint}")
        if any(ord(character) < ord(" ") or "\ud800" <= character <= "\udfff" for character in value):
            raise mistake(f"{self.what} must not hold control characters, as {value!a} does")
        length = len(value.strip())
        if self.longest is not None and length > self.longest:
            raise mistake(f"{self.what} has at most {self.longest} characters, and this has {length}")
        return value.strip() if self.is_stripped else value


class Pattern(Text):
    """A regular expression."""

    def __init__(self) -> None:
        super().__init__("a pattern")

    def _read(self, value: Any, validate: Validate, /) -> Any:
        text = super()._read(value, validate)
        try:
            re.compile(text)
        except (re.error, OverflowError, RecursionError) as error:
            raise mistake(f"{quote(value)} is no regular expression: {error}") from None
        return text


class Clip(Leaf):
    """Two quantiles, the lower one first."""

    def _schema(self, _: Any, __: GetCoreSchemaHandler, /) -> CoreSchema:
        quantile = core_schema.float_schema(ge=0, le=1, strict=True, allow_inf_nan=False)
        return core_schema.tuple_schema([quantile, quantile])

    def _read(self, value: Any, validate: Validate, /) -> Any:
        try:
            low, high = validate(tuple(value) if isinstance(value, list) else value)
        except (ValidationError, OverflowError):
            low, high = 1, 0
        if low < high:
            return low, high
        raise mistake(f"must be two quantiles from 0 to 1, such as [0.01, 0.99], or null, not {quote(value)}")


@dataclass(frozen=True)
class Items(Leaf):
    """A list; `when_empty` is what to say of one without items, where it must have some."""

    when_empty: str = ""

    def _schema(self, source: Any, handler: GetCoreSchemaHandler, /) -> CoreSchema:
        return {**handler(source), "min_length": 1} if self.when_empty else handler(source)

    def _read(self, value: Any, validate: Validate, /) -> Any:
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            raise mistake(f"must be a list such as [a, b], not {quote(value)}")
        if self.when_empty and not value:
            raise mistake(self.when_empty)
        return validate(list(value))


class Entries(Leaf):
    """A mapping of keys that are the user's own."""

    def _read(self, value: Any, validate: Validate, /) -> Any:
        if not isinstance(value, Mapping):
            raise mistake(no_mapping(value))
        return validate(dict(value))


def no_mapping(value: Any) -> str:
    """Return what is wrong with a value that should be a mapping."""
    return f"must be a mapping (write {{}} for none), not {quote(value)}"


def name_mistake(value: Any) -> str | None:
    """Return what is wrong with a name that tables and columns are named by; None where it is valid."""
    if isinstance(value, str) and re.fullmatch(_NAME, value) and len(value) <= _MAX_NAME_LENGTH:
        return None
    return (
        f"the name {quote(value)} must begin with a lower-case letter and hold only a-z, 0-9 and _, "
        f"at most {_MAX_NAME_LENGTH} characters"
    )
