"""Reading phone numbers as `phonenumbers` does, from the few shapes that they come in.

A shape is what decides how a number is read: the country it is dialled in, whether it is written with a plus, how many
digits it has, and the first of them. All numbers of one shape lose and gain the same digits at the front, so the
library reads one of each and SQL does the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

# The parsed form of a regular expression, as re itself compiles it.
from re import _constants as _code  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

import pandas as pd
import pyarrow as pa
from phonenumbers import (
    SUPPORTED_REGIONS,
    CountryCodeSource,
    NumberParseException,
    PhoneMetadata,
    PhoneNumber,
    ValidationResult,
    is_possible_number_with_reason,
    national_significant_number,
    parse,
    region_code_for_country_code,
)

SCHEMA = pa.schema(
    [
        pa.field("shape", pa.string(), nullable=False),
        pa.field("dropped_digits", pa.int32()),
        pa.field("put_before", pa.string()),
    ]
)

_LONGEST_CODE = 3
_FILLING = "123456789012345678901234567890"


@dataclass(frozen=True)
class Shape:
    """What decides how a phone number is read.

    Attributes
    ----------
    country : str
        Two letters of the country that the number is dialled in; empty where the number is written with a plus.
    has_plus : bool
        Whether the digits begin with the code of a country.
    has_optional_zero : bool
        Whether a zero stands in brackets behind the code, as in ``+49 (0)30 901820``.
    length : int
        Number of digits.
    digits : str
        The first digits.
    """

    country: str
    has_plus: bool
    has_optional_zero: bool
    length: int
    digits: str


def shape_of(text: str) -> Shape:
    """Read a shape as SQL writes it.

    Examples
    --------
    >>> shape_of("DE . 11 0170")
    Shape(country='DE', has_plus=False, has_optional_zero=False, length=11, digits='0170')
    >>> shape_of("+ 0 13 490301")
    Shape(country='', has_plus=True, has_optional_zero=True, length=13, digits='490301')
    """
    country, zero, length, digits = text.split(" ")
    return Shape("" if country == "+" else country, country == "+", zero == "0", int(length), digits)


def read_shapes(shapes: pd.DataFrame) -> pa.Table:
    """Say of each shape which digits its numbers lose and gain at the front to begin with their country's code.

    Parameters
    ----------
    shapes : pandas.DataFrame
        Column ``shape``, distinct.

    Returns
    -------
    pyarrow.Table
        The same shapes with ``dropped_digits`` and ``put_before``; both null where `phonenumbers` knows no number of
        the shape.
    """
    rows = [(shape, *(read_shape(shape_of(shape)) or (None, None))) for shape in sorted(shapes["shape"])]
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)], schema=SCHEMA
    )


def read_shape(shape: Shape) -> tuple[int, str] | None:
    """Return how many digits the numbers of a shape lose at the front, and which they gain; None where it is none.

    Examples
    --------
    >>> read_shape(shape_of("DE . 11 03090"))
    (1, '49')
    >>> read_shape(shape_of("+ . 11 4930"))
    """
    known = shape.digits[: shape.length]
    number = known + _FILLING[: shape.length - len(known)]
    found = _number(number, shape)
    if found is None and shape.has_optional_zero:
        # Of a country without a trunk zero, where the brackets are a habit of the writer.
        code = _calling_code(number)
        if code and number[len(code)] == "0":
            found = _number(code + number[len(code) + 1 :], shape)
    if found is None:
        return None
    digits = f"{found.country_code}{national_significant_number(found)}"
    kept = next(size for size in range(len(digits), -1, -1) if number.endswith(digits[len(digits) - size :]))
    # What decides lies within the digits that are known; of a shape that is too short nothing is known.
    deciding = _deciding_digits_of(found, shape)
    if len(known) < min(deciding, shape.length) or shape.length - kept > len(known):
        return None
    return shape.length - kept, digits[: len(digits) - kept]


def is_calling_code(code: str) -> bool:
    """Whether a country has the calling code.

    Examples
    --------
    >>> is_calling_code("49"), is_calling_code("999")
    (True, False)
    """
    return region_code_for_country_code(int(code)) in SUPPORTED_REGIONS


def _number(digits: str, shape: Shape) -> PhoneNumber | None:
    """Read digits with `phonenumbers`; None where the country's plan has no such number."""
    try:
        number = parse(f"+{digits}" if shape.has_plus else digits, shape.country or None, keep_raw_input=True)
    except NumberParseException:
        return None
    if number.country_code_source == CountryCodeSource.FROM_NUMBER_WITH_IDD:
        # SQL has taken off the prefixes that can be told by their digits alone; this one names a carrier.
        return None
    country = shape.country or _main_country(number)
    # The codes of no country, such as those of satellites, have no plan.
    if country not in SUPPORTED_REGIONS or is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return None
    return number if re.fullmatch(_plan(country), national_significant_number(number)) else None


def _main_country(number: PhoneNumber) -> str:
    """Return the country that numbers with this calling code are read by."""
    return region_code_for_country_code(number.country_code or 0)


def _plan(country: str) -> str:
    """Return the pattern of a country's numbers."""
    metadata = PhoneMetadata.metadata_for_region(country)
    if metadata is None or metadata.general_desc is None or metadata.general_desc.national_number_pattern is None:
        raise ValueError(f"phonenumbers knows no numbers of the country {country!r}")
    return str(metadata.general_desc.national_number_pattern)


def _calling_code(digits: str) -> str | None:
    """Return the calling code at the front of digits."""
    for size in range(1, _LONGEST_CODE + 1):
        if region_code_for_country_code(int(digits[:size])) != "ZZ":
            return digits[:size]
    return None


def _deciding_digits_of(number: PhoneNumber, shape: Shape) -> int:
    """Return how many digits at the front decide about the numbers of a shape."""
    code = len(str(number.country_code))
    if shape.has_plus:
        return code + deciding_digits(_main_country(number))
    return deciding_digits(shape.country) + (code if shape.digits.startswith(str(number.country_code)) else 0)


@lru_cache
def deciding_digits(country: str) -> int:
    """Return how many digits at the front decide how a number that is dialled in a country is read.

    Numbers of one length with these digits in common are read alike: no pattern that the library reads by looks at the
    later ones. The country's own code, where the number begins with it, comes on top.

    Examples
    --------
    >>> deciding_digits("US"), deciding_digits("FR")
    (4, 3)
    """
    number = _span(_plan(country))
    metadata = PhoneMetadata.metadata_for_region(country)
    abroad = _span(metadata.international_prefix if metadata else None)
    trunk = _span(metadata.national_prefix_for_parsing if metadata else None)
    # The digit after a prefix for calls abroad decides too: none begins with a zero.
    return max(abroad[1] + 1, trunk[0], min(trunk[1], trunk[0]) + number[0])


def plain_international_prefix(country: str) -> str:
    """Return the digits that are dialled for calls abroad, where these are always the same; else an empty text.

    Examples
    --------
    >>> plain_international_prefix("US"), plain_international_prefix("DE"), plain_international_prefix("BR")
    ('011', '00', '')
    """
    metadata = PhoneMetadata.metadata_for_region(country)
    prefix = (metadata.international_prefix or "") if metadata else ""
    return prefix if re.fullmatch("[0-9]{2,}", prefix) else ""


def _span(pattern: str | None) -> tuple[int, int]:
    """Return how many characters at the front a pattern tells apart, and how many it takes at most."""
    return _walk(_parser.parse(pattern), 0) if pattern else (0, 0)


def _walk(items: Iterable[tuple[Any, Any]], end: int) -> tuple[int, int]:
    """Return the last position that a part of a pattern looks at, and where it ends at the latest."""
    looked_at = 0
    for kind, value in items:
        last = 0
        if kind in (_code.MAX_REPEAT, _code.MIN_REPEAT):
            for _ in range(min(value[1], len(_FILLING))):
                last, end = _walk(value[2], end)
                looked_at = max(looked_at, last)
        elif kind is _code.SUBPATTERN:
            last, end = _walk(value[3], end)
        elif kind is _code.BRANCH:
            walked = [_walk(branch, end) for branch in value[1]]
            last, end = max(position for position, _ in walked), max(position for _, position in walked)
        elif kind is _code.IN and value == [(_code.CATEGORY, _code.CATEGORY_DIGIT)]:
            end += 1
        elif kind in (_code.IN, _code.LITERAL):
            end += 1
            last = end
        elif kind is not _code.AT:
            raise ValueError(f"a pattern of phonenumbers has a part of a kind that is not known here: {kind}")
        looked_at = max(looked_at, last)
    return looked_at, end
