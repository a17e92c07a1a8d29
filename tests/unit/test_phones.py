"""What is read from a shape is what `phonenumbers` reads from the number itself."""

from __future__ import annotations

import random
import re

import pandas as pd
import phonenumbers
import pytest

from segmentation.phones import SCHEMA, Shape, deciding_digits, plain_international_prefix, read_shape, read_shapes

SAMPLES = 20
KINDS = range(11)
COUNTRIES = sorted(phonenumbers.SUPPORTED_REGIONS)


def directly(digits: str, country: str, has_plus: bool) -> str | None:
    """What the library makes of one number: its digits with the country's code, if the country's plan has it."""
    try:
        number = phonenumbers.parse(f"+{digits}" if has_plus else digits, None if has_plus else country)
    except phonenumbers.NumberParseException:
        return None
    read_in = phonenumbers.region_code_for_country_code(number.country_code or 0) if has_plus else country
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(read_in)
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    plan = metadata and metadata.general_desc and metadata.general_desc.national_number_pattern
    if not plan or not re.fullmatch(plan, phonenumbers.national_significant_number(number)):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164).removeprefix("+")


def by_shape(digits: str, country: str, has_plus: bool) -> str | None:
    """What SQL makes of it."""
    if has_plus:
        code = next(
            (digits[:size] for size in (1, 2, 3) if int(digits[:size]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE), ""
        )
        main = phonenumbers.region_code_for_country_code(int(code)) if code else "001"
        known = len(code) + (deciding_digits(main) if main != "001" else 0)
    else:
        code = str(phonenumbers.country_code_for_region(country))
        known = deciding_digits(country) + (len(code) if digits.startswith(code) else 0)
    read = read_shape(Shape("" if has_plus else country, has_plus, False, len(digits), digits[:known]))
    return None if read is None else read[1] + digits[read[0] :]


def any_digits(chance: random.Random, size: int) -> str:
    return "".join(chance.choice("0123456789") for _ in range(size))


def numbers(country: str, chance: random.Random) -> list[str]:
    """Digits as people of a country write them: numbers of every kind with other digits at the end, and any digits."""
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(country)
    trunk = (metadata and metadata.national_prefix) or ""
    found = [any_digits(chance, chance.randrange(7, 16)) for _ in range(SAMPLES)]
    for kind in KINDS:
        example = phonenumbers.example_number_for_type(country, kind)
        if example is None:
            continue
        national = phonenumbers.national_significant_number(example)
        for front in ("", trunk, str(example.country_code), f"{example.country_code}{trunk}"):
            kept = chance.randrange(1, len(national))
            tail = any_digits(chance, len(national) - kept + chance.choice((0, 0, 0, 1, -1)))
            found.append(front + national[:kept] + tail)
    return [number for number in found if 7 <= len(number) <= 17]


def test_every_number_is_read_as_the_library_reads_it() -> None:
    chance = random.Random(20261130)
    read = wrong = 0
    for country in COUNTRIES:
        abroad = plain_international_prefix(country)
        for digits in numbers(country, chance):
            for has_plus in (False, True):
                if has_plus and digits.startswith("0"):
                    continue
                if not has_plus and (not abroad or digits.startswith(abroad)) and dialled_abroad(digits, country):
                    continue
                expected = directly(digits, country, has_plus)
                got = by_shape(digits, country, has_plus)
                read += expected is not None
                if got != expected:
                    wrong += 1
                    print(country, has_plus, digits, expected, got)
    assert wrong == 0
    assert read > 5_000


def dialled_abroad(digits: str, country: str) -> bool:
    """Whether the library takes a prefix for calls abroad off; SQL has done so already, or leaves the number out."""
    try:
        number = phonenumbers.parse(digits, country, keep_raw_input=True)
    except phonenumbers.NumberParseException:
        return False
    return bool(number.country_code_source == phonenumbers.CountryCodeSource.FROM_NUMBER_WITH_IDD)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ("US . 11 14155", (0, "")),
        ("DE . 10 4930901", (0, "")),
        ("DE . 11 03090", (1, "49")),
        ("+ . 12 4903090", (3, "49")),
        ("+ 0 12 4903090", (3, "49")),
        # Portugal has no zero to drop, but people write it in brackets.
        ("+ 0 13 3510212", (4, "351")),
        ("+ . 13 3510212", (None, None)),
        # Italy keeps its zero.
        ("IT . 10 0698", (0, "39")),
        ("+ 0 12 390698", (0, "")),
        # Fewer digits than decide say nothing.
        ("DE . 11 0", (None, None)),
        ("DE . 4 0309", (None, None)),
    ],
)
def test_digits_that_are_lost_and_gained(shape: str, expected: tuple[int | None, str | None]) -> None:
    (row,) = read_shapes(pd.DataFrame({"shape": [shape]})).to_pylist()
    assert (row["dropped_digits"], row["put_before"]) == expected


def test_no_shape_is_an_empty_table() -> None:
    assert read_shapes(pd.DataFrame({"shape": []}, dtype=str)).schema == SCHEMA
