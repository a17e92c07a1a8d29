"""What the feeds know of addresses, countries and names is what the libraries of the field know."""

from __future__ import annotations

import csv
import re

import phonenumbers
import pytest
from email_validator import EmailNotValidError, validate_email
from nameparser.config.suffixes import SUFFIX_ACRONYMS, SUFFIX_WORDS
from nameparser.config.titles import TITLES

from contact_cases import EMAILS
from harness import ROOT
from segmentation.reference import COLUMNS, composed_letters, countries, write_composed_letters, write_countries

SEED = ROOT / "seeds" / "reference" / "countries.csv"


def table() -> list[dict[str, str]]:
    with SEED.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_table_of_countries_is_what_the_libraries_write(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("reference")
    write_countries(folder / "countries.csv", countries())
    assert (folder / "countries.csv").read_bytes() == SEED.read_bytes(), "run `make reference`"
    write_composed_letters(folder / "letters.sql", composed_letters())
    macro = ROOT / "macros" / "engine" / "composed_letters.sql"
    assert (folder / "letters.sql").read_bytes() == macro.read_bytes(), "run `make reference`"


def test_countries_go_by_the_names_that_people_write() -> None:
    names = {name: row["country_code"] for row in table() for name in row["names"].split("|")}
    assert list(table()[0]) == [*COLUMNS]
    written = {"uk": "GB", "deutschland": "DE", "usa": "US", "unitedstates": "US", "namibia": "NA", "na": "NA"}
    written |= {"österreich": "AT", "czechrep": "CZ", "türkei": "TR", "turkey": "TR", "niger": "NE", "southkorea": "KR"}
    assert {name: names.get(name) for name in written} == written


def test_a_calling_code_is_told_by_its_digits() -> None:
    macro = (ROOT / "macros" / "feeds" / "phone_number.sql").read_text(encoding="utf-8")
    (pattern,) = re.findall(r"'\^(\(\[17\].*)'", macro)
    for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
        found = re.match(pattern, f"{code}123456789")
        assert found is not None
        assert found[1] == str(code)


def test_forms_of_address_and_suffixes_are_those_of_nameparser() -> None:
    macro = (ROOT / "macros" / "feeds" / "without_titles.sql").read_text(encoding="utf-8")
    titles, suffixes = (re.findall(r'"([^"]+)"', text) for text in re.findall(r"set \w+ = \[([^\]]+)\]", macro))
    assert len(titles) > 20
    assert set(titles) <= set(TITLES)
    assert len(suffixes) > 10
    assert set(suffixes) <= SUFFIX_WORDS | SUFFIX_ACRONYMS


@pytest.mark.parametrize("email", EMAILS)
def test_what_leaves_is_an_address_and_what_is_refused_is_none(email: str) -> None:
    """The rules are those of email-validator, which SQL cannot ask."""
    leaving = EMAILS[email]
    if leaving is None:
        with pytest.raises(EmailNotValidError):
            validate_email(email, check_deliverability=False, strict=True)
    else:
        assert validate_email(leaving, check_deliverability=False, strict=True).normalized == leaving
