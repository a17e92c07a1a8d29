"""The rule that chooses k."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from segmentation.choose_k import KTrial, choose_k


def trials(*rows: tuple[int, float | None, float | None]) -> list[KTrial]:
    return [KTrial(k, silhouette=silhouette, smallest_share=share) for k, silhouette, share in rows]


def separated(k: int, depth: float, strength: float, share: float = 0.2, silhouette: float = 0.3) -> KTrial:
    return KTrial(k, silhouette=silhouette, smallest_share=share, valley_depth=depth, valley_strength=strength)


def test_the_largest_number_of_groups_with_a_valley_between_every_two_wins() -> None:
    k, reason = choose_k(
        [
            separated(2, 0.9, 9.0, silhouette=0.8),
            separated(3, 0.2, 9.0),
            separated(4, 0.6, 5.0),
            separated(5, 0.5, 2.0),
        ],
        min_share=0.03,
    )
    assert k == 4
    assert reason == (
        "Among the k whose smallest segment holds at least 3.00%, k = 4 is the largest number of groups of which every "
        "two are separated by a valley, the shallowest 60% deep."
    )


def test_separated_segments_that_are_too_small_do_not_count() -> None:
    assert choose_k([separated(2, 0.9, 9.0), separated(3, 0.9, 9.0, share=0.01)], min_share=0.03)[0] == 2


def test_every_criterion_is_a_column_of_the_mart() -> None:
    """The macro lists what the parameter rows are named by."""
    macro = (Path(__file__).parents[2] / "macros" / "segments" / "k_criteria.sql").read_text()
    assert re.findall(r'"(\w+)"', macro) == [field.name for field in fields(KTrial) if field.name != "k"]


def test_the_highest_silhouette_wins() -> None:
    k, reason = choose_k(trials((2, 0.3, 0.4), (3, 0.5, 0.2), (4, 0.4, 0.1)), min_share=0.03)
    assert k == 3
    assert reason == (
        "Among the k whose smallest segment holds at least 3.00%, k = 3 has the highest silhouette, 0.500, as no "
        "number of groups has valleys between all of them."
    )


def test_the_smaller_of_equals_wins() -> None:
    k, reason = choose_k(trials((2, 0.3, 0.4), (3, 0.495, 0.2), (4, 0.5, 0.1)), min_share=0.03)
    assert k == 3
    assert "within 0.01 of the highest, 0.500 at k = 4" in reason


def test_a_k_with_too_small_a_segment_is_passed_over() -> None:
    assert choose_k(trials((2, 0.3, 0.4), (3, 0.9, 0.02)), min_share=0.03)[0] == 2


def test_a_smallest_segment_of_just_the_share_is_enough() -> None:
    assert choose_k(trials((2, 0.3, 0.4), (3, 0.9, 0.03)), min_share=0.03)[0] == 3
    assert choose_k(trials((2, 0.3, 0.4), (3, 0.9, 0.029999)), min_share=0.03)[0] == 2
    assert choose_k([separated(2, 0.9, 9.0), separated(3, 0.9, 9.0, share=0.03)], min_share=0.03)[0] == 3


def test_where_no_k_qualifies_the_best_is_taken_and_the_reason_says_so() -> None:
    k, reason = choose_k(trials((2, 0.3, 0.01), (3, 0.9, 0.02)), min_share=0.03)
    assert k == 3
    assert reason.startswith("No k gives every segment 3.00% of the customers")


def test_a_pinned_k_is_taken() -> None:
    assert choose_k(trials((5, 0.1, 0.2)), min_share=0.03, is_pinned=True) == (
        5,
        "k = 5 is pinned by the configuration.",
    )
    assert "its smallest segment holds 1.00%" in choose_k(trials((5, 0.1, 0.01)), min_share=0.03, is_pinned=True)[1]


def test_a_k_that_was_not_fitted_cannot_win() -> None:
    assert choose_k(trials((2, None, 0.4), (3, None, None)), min_share=0.03)[0] == 2
    with pytest.raises(ValueError, match="no k was fitted"):
        choose_k(trials((3, None, None)), min_share=0.03)
