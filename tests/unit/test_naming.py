"""Names of segments: what sets them apart, distinct, short."""

from __future__ import annotations

from typing import Any

import pytest

from segmentation.naming import (
    Phrase,
    Trait,
    category_trait,
    name_segments,
    numeric_trait,
    speaks_for_itself,
)

RECENCY = Phrase("lapsed", "recent", "adjective")
SPENDERS = Phrase("high spenders", "low spenders", "noun")


def test_names_tell_the_strongest_traits_in_the_words_of_the_catalogue() -> None:
    monetary = numeric_trait("monetary", 1.2, phrase=SPENDERS)
    recency = numeric_trait("recency_days", -0.9, phrase=RECENCY)
    category = category_trait("category", "electronics", share=0.6, overall_share=0.2, is_boolean=False)
    visits = numeric_trait("visits", -0.2)
    assert name_segments([[visits, recency, monetary, category], [visits], [numeric_trait("visits", 3.0)]]) == [
        "Recent high spenders, electronics",
        "Average customers",
        "Customers with very high visits",
    ]
    assert name_segments([[category], [recency], [recency, category]]) == [
        "Electronics customers",
        "Recent customers",
        "Recent customers, electronics",
    ]
    balance = Trait("balance", 2.0, "with high balance", "clause")
    loan = category_trait("loan", "true", share=0.9, overall_share=0.1, is_boolean=True)
    assert name_segments([[balance, loan]]) == ["Customers with loan and high balance"]


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("Electronics", True),
        ("New York", True),
        ("オンライン", True),
        ("Route 66", False),
        ("B2B customers", False),
        ("2024", False),
        ("DE", False),
        ("yes", False),
        ("Other", False),
        ("-", False),
    ],
)
def test_a_level_that_says_what_it_is_about_needs_no_feature_beside_it(level: str, expected: bool) -> None:
    assert speaks_for_itself(level) is expected


def test_names_are_distinct() -> None:
    first = [numeric_trait("a", 1.0), numeric_trait("b", 0.4)]
    second = [numeric_trait("a", 1.0), numeric_trait("b", -0.4)]
    assert name_segments([first, second]) == ["Customers with high a and high b", "Customers with high a and low b"]
    assert name_segments([first, first, []]) == [
        "Customers with high a and high b (1)",
        "Customers with high a and high b (2)",
        "Average customers",
    ]


def test_kept_names_stay_and_the_others_differ_from_them() -> None:
    first = [numeric_trait("a", 1.0), numeric_trait("b", 0.4)]
    alone = [numeric_trait("a", 1.0)]
    kept = {7: "Customers with high a", 3: "Whatever"}
    assert name_segments([alone, first, alone], segment_ids=[3, 7, 8], kept=kept) == [
        "Whatever",
        "Customers with high a",
        "Customers with high a (8)",
    ]
    assert name_segments([first, alone], segment_ids=[8, 7], kept=kept) == [
        "Customers with high a and high b",
        "Customers with high a",
    ]


def test_levels_that_do_not_speak_for_themselves_carry_their_feature() -> None:
    def phrase(level: str, **settings: Any) -> str:
        return category_trait(
            "paperless_billing", level, share=0.9, overall_share=0.3, is_boolean=False, **settings
        ).phrase

    assert phrase("No") == "without paperless billing"
    assert phrase("YES") == "with paperless billing"
    for level in ("T", "p", "12", "3.5", "A-17", "DE", "other", "High", "n/a", "2 to 5", "-"):
        assert phrase(level) == f"with paperless billing {level}"
    for level in ("electronics", "New York", "No internet service", "Île-de-France", "大阪"):
        assert phrase(level) == level
    assert phrase("Private", is_shared=True) == "with paperless billing Private"
    assert phrase("No", words="e-bills") == "without e-bills"
    assert phrase("No", shown="billed on paper") == "billed on paper"


def test_names_with_such_levels_read_as_sentences() -> None:
    charges = numeric_trait("monthly_charges", -1.2)
    billing = category_trait("paperless_billing", "No", share=0.9, overall_share=0.4, is_boolean=False)
    contract = category_trait("contract", "M", share=0.9, overall_share=0.4, is_boolean=False)
    assert name_segments([[charges, billing]]) == ["Customers with low monthly charges and without paperless billing"]
    assert name_segments([[billing, contract]]) == ["Customers with contract M and without paperless billing"]
    assert numeric_trait("monthly_charges", -1.2, words="bills").phrase == "with low bills"


def test_the_length_drops_no_trait_that_tells_two_segments_apart() -> None:
    shared = Trait("first", 2.0, "with high balance", "clause")
    short, long = (
        Trait("b", 1.5, "new", "adjective"),
        Trait("b", 1.5, "with very low number of visits to our shops in town", "clause"),
    )
    assert name_segments([[shared, short], [shared, long]]) == [
        "New customers with high balance",
        "Customers with high balance and very low number of visits to our shops in town",
    ]
    assert name_segments([[shared, long], [short]]) == ["Customers with high balance", "New customers"]


def test_levels_are_named_as_people_say_them() -> None:
    def phrase(feature: str, level: str, *, is_boolean: bool = False) -> str:
        return category_trait(feature, level, share=0.9, overall_share=0.3, is_boolean=is_boolean).phrase

    assert phrase("region", "Île-de-France") == "Île-de-France"
    assert phrase("consent", "true", is_boolean=True) == "with consent"
    assert phrase("consent", "false", is_boolean=True) == "without consent"
    assert phrase("region", "(missing)") == "with unknown region"
    assert len(phrase("region", "x\n" * 5000)) < 60
    assert category_trait("region", "x", is_boolean=False, share=0.2, overall_share=0.3).strength == 0
