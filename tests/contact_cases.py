"""How people are written down, and what of it leaves for the platforms."""

from __future__ import annotations

HEADER = (
    "customer_id",
    "email",
    "phone",
    "first_name",
    "last_name",
    "city",
    "region",
    "postal_code",
    "country",
    "marketing_consent",
)

CUSTOMERS = {
    # email, phone, first name, last name, city, region, postal code, country
    "vector": (" AlexZ@Example.com ", "+1 (800) 555-0100", " Ann ", "O'Hara", "New York", "NY", "10001-1234", "us"),
    "gmail": (
        "J.o.Hn+News@GMail.com",
        "0049 (0)30 12 34 56",
        "Jörg",
        "Müller-Lüdenscheidt",
        "Köln",
        "NRW",
        "50667",
        "DE",
    ),
    "national": ("no address", "030 123456", "Eva", "", "", "", "", "Germany"),
    "letters": ("a@b", "call me", "", "", "", "", "", ""),
    "titled": ("", "", "Mrs. Ann  Mary", "Lee, Jr.", "", "California", "'94105", "U.S.A."),
    "british": ("", "", "Dean", "Sr", "London", "London", "sw1a 1aa", "UK"),
    # Nothing is left of signs, and no sign of a name leaves.
    "signs": ("", "", "---", "!?", "...", "", " - ", "DE"),
    # The same texts, the letters composed in one and taken apart in the other.
    "composed": ("", "", "Zoë", "Nuñez", "Ålesund", "", "", "NO"),
    "decomposed": ("", "", "Zoe\u0308\u200b", "\u00a0Nun\u0303ez\t", "A\u030alesund", "", "", "NO"),
    "greek": ("", "", "ΝΊΚΟΣ", "ΑΣΣΟΣ'", "İzmir", "", "", "GR"),
    "greek_typed": ("", "", "νίκοσ", "\u03b1\u03c3\u03c3\u03bf\u03c3", "i\u0307zmir", "", "", "GR"),
    "greek_too": ("", "", "νίκος", "ασσος", "i\u0307zmir", "", "", "GR"),
}

EMAILS: dict[str, str | None] = {
    # As it came: as it leaves, or None where it does not.
    "mailto:a.person@example.com": "a.person@example.com",
    "MAILTO:A.Person@example.com?subject=Hello": "a.person@example.com",
    "<a.person@example.com>": "a.person@example.com",
    "A Person <a.person@example.com>": "a.person@example.com",
    "'a.person@example.com'": "a.person@example.com",
    '"a.person@example.com"': "a.person@example.com",
    "“a.person@example.com”": "a.person@example.com",
    "a.per\tson@example.com": "a.person@example.com",
    "a.person@\u00a0example.com\r": "a.person@example.com",
    "a.person\u200b@example.com": "a.person@example.com",
    "jo'hara@example.com": "jo'hara@example.com",
    "jürgen@bücher.example.com": "jürgen@bücher.example.com",
    "a.person@example..com": None,
    "a..person@example.com": None,
    ".person@example.com": None,
    "person.@example.com": None,
    "a.person@-example.com": None,
    "a.person@example.123": None,
    "a.person@localhost": None,
    "a.person@shop.invalid": None,
    "a.person@example.com,b@example.com": None,
    "a@person@example.com": None,
    "=1+1": None,
    "a" * 65 + "@example.com": None,
}

PHONES = {
    # Number and country as they came: digits that leave, or why none do. The calling code of numbers without one is 1.
    ("1-415-555-0100", ""): "14155550100",
    ("4155550100.0", ""): "14155550100",
    ("(415) 555-0100 ext. 12", ""): "14155550100",
    ("011 44 20 7946 0018", ""): "442079460018",
    ("00 44 20 7946 0018", "Atlantis"): "not a number of its country",
    ("49 30 901820", "DE"): "4930901820",
    ("+49 030 901820", "DE"): "4930901820",
    ("+49 ( 0 ) 30 901820", "US"): "4930901820",
    ("+0049 30 901820", "US"): "4930901820",
    ("tel:+49-30-901820", ""): "4930901820",
    ("+49\u00a030\u202f901820", ""): "4930901820",
    ("030\u2013901820", "DE"): "4930901820",
    ("\uff0b49 30 90\uff11820", ""): "4930901820",
    ("'030 901820", "Deutschland"): "4930901820",
    ('="030901820"', "DEU"): "4930901820",
    ("06 6982 1234", "IT"): "390669821234",
    ("+39 (0)6 6982 1234", ""): "390669821234",
    ("+351 (0)21 346 0000", ""): "351213460000",
    ("01 42 68 53 00", "France"): "33142685300",
    ("011 15 2345-6789", "AR"): "5491123456789",
    ("030 90", "DE"): "not a phone number",
    ("0000000000", "US"): "not a number of its country",
    ("4155550100", "DE"): "494155550100",
    ("a.person@example.com", "DE"): "not a phone number",
    ("+4930901820/+493012345", "DE"): "not a phone number",
    ("+030 901820", "DE"): "not a number of its country",
}

ZIPS: dict[tuple[str, str], tuple[str, str] | str] = {
    # Postal code and country as they came: in Google's feed and in Meta's, or why in neither.
    ("10115.0", "DE"): ("10115", "10115"),
    ("'10115", "DE"): ("10115", "10115"),
    ('="10115"', "DE"): ("10115", "10115"),
    ("DE-10115", "DE"): ("10115", "10115"),
    ("\uff11\uff10\uff11\uff11\uff15", "DE"): ("10115", "10115"),
    ("10001\u20131234", "US"): ("10001-1234", "10001"),
    ("SW1A 1AA", "GB"): ("SW1A 1AA", "sw1a1"),
    ("1012 ab", "NL"): ("1012 AB", "1012ab"),
    ("LV-1010", "LV"): ("LV-1010", "lv1010"),
    ("=1+1", "DE"): "not a postal code of its country",
    ("-1", "DE"): "not a postal code of its country",
    ("a.person@example.com", "US"): "not a postal code of its country",
    ("+49 30 901820", "DE"): "not a postal code of its country",
    ("1011", "DE"): "not a postal code of its country",
    ("12345", "AE"): "not a postal code of its country",
    ("10115", "Atlantis"): "no country to read it by",
    ("10115", ""): "no country to read it by",
}

ONE_KEY = ("C9", "C9\t", "\u00a0C9\u2003", "C\u200b9\r\n")


def contact_rows() -> list[list[str]]:
    """Rows under HEADER: the customers by name, and one for each email, phone number and postal code by number."""
    rows = [[name, *values] for name, values in CUSTOMERS.items()]
    rows += [[f"email {number}", email, *[""] * 7] for number, email in enumerate(EMAILS)]
    rows += [[f"phone {number}", "", phone, *[""] * 5, country] for number, (phone, country) in enumerate(PHONES)]
    rows += [[f"zip {number}", "", "", "A", "B", "", "", code, country] for number, (code, country) in enumerate(ZIPS)]
    rows += [[key, *[""] * 8] for key in ONE_KEY]
    return [[*row, "true"] for row in rows]
