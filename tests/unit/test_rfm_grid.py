"""The RFM grid: as delivered it is sound, and every edit that breaks it is found."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.rfm import lint_grid

REFERENCE = Path(__file__).parents[2] / "seeds" / "reference"
GRID = pd.read_csv(REFERENCE / "rfm_grid.csv")
SEGMENTS = pd.read_csv(REFERENCE / "rfm_segments.csv")

EXPECTED = {
    "Champions": "55 54 45",
    "Loyal Customers": "53 44 35 34",
    "Potential Loyalists": "52 42 33 43",
    "New Customers": "51",
    "Promising": "41 31",
    "Needing Attention": "32 23 22",
    "About To Sleep": "21",
    "At Risk": "25 24 13",
    "Can't Lose Them": "15 14",
    "Hibernating": "12",
    "Lost": "11",
}


def test_the_delivered_grid_is_sound() -> None:
    assert lint_grid(GRID, SEGMENTS) == []


def test_the_delivered_grid_is_the_known_table() -> None:
    named = GRID.merge(SEGMENTS, on="segment_id")
    cells = named["recency_score"].astype(str) + named["frequency_monetary_score"].astype(str)
    assert {name: set(group) for name, group in cells.groupby(named["segment_name"])} == {
        name: set(codes.split()) for name, codes in EXPECTED.items()
    }


def is_sound(grid: pd.DataFrame) -> bool:
    """Say the same in another way: a 5 by 5 matrix of ranks that is full, onto and never falls along recency."""
    ranks = SEGMENTS.set_index("segment_id")["activity_rank"]
    pairs = list(zip(grid["recency_score"], grid["frequency_monetary_score"], strict=True))
    if sorted(pairs) != list(itertools.product(range(1, 6), range(1, 6))):
        return False
    if set(grid["segment_id"]) != set(ranks.index[ranks > 0]):
        return False
    ordered = grid.sort_values(["recency_score", "frequency_monetary_score"])
    matrix = ordered["segment_id"].map(ranks).to_numpy().reshape(5, 5)
    return bool((np.diff(matrix, axis=0) >= 0).all())


def test_every_mutation_of_one_cell_is_judged_rightly() -> None:
    broken = 0
    for row, column in itertools.product(range(len(GRID)), GRID.columns):
        for value in (0, 1, 2, 3, 5, 6, 8, 11, 12, 13):
            grid = GRID.copy()
            grid.loc[row, column] = value
            assert (lint_grid(grid, SEGMENTS) == []) == is_sound(grid), (row, column, value)
            broken += not is_sound(grid)
    assert broken > 600


@given(st.lists(st.tuples(st.integers(0, 24), st.integers(1, 11)), max_size=4), st.integers(0, 1000))
def test_edits_of_several_cells_are_judged_rightly_in_any_row_order(edits: list[tuple[int, int]], seed: int) -> None:
    grid = GRID.copy()
    for row, segment_id in edits:
        grid.loc[row, "segment_id"] = segment_id
    grid = grid.sample(frac=1, random_state=seed)
    assert (lint_grid(grid, SEGMENTS) == []) == is_sound(grid)


@pytest.mark.parametrize("row", range(25))
def test_a_missing_and_a_repeated_cell_are_found(row: int) -> None:
    recency, value = divmod(row, 5)
    recency, value = recency + 1, value + 1  # the seed is sorted
    assert f"cell ({recency}, {value}) is missing" in lint_grid(GRID.drop(index=row), SEGMENTS)
    twice = pd.concat([GRID, GRID.loc[[row]]])
    assert lint_grid(twice, SEGMENTS) == [f"cell ({recency}, {value}) occurs more than once"]


def test_a_fall_names_both_cells() -> None:
    grid = GRID.copy()
    grid.loc[(grid["recency_score"] == 4) & (grid["frequency_monetary_score"] == 1), "segment_id"] = 11
    [problem] = lint_grid(grid, SEGMENTS)
    assert problem.startswith(
        'cell (4, 1) is "Lost" (activity_rank 1), below "Promising" (activity_rank 7) of cell (3, 1)'
    )


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("activity_rank", None, "needs an id, a name and an activity_rank"),
        ("activity_rank", 0, "exactly one segment has activity_rank 0"),
        ("activity_rank", -1, "ranks are not negative"),
        ("segment_id", 2, "segment_id 2 occurs more than once"),
        ("segment_name", "Lost", 'the segment name "Lost" occurs more than once'),
    ],
)
def test_a_wrong_row_of_segments_is_found(column: str, value: Any, expected: str) -> None:
    segments = SEGMENTS.astype(object)
    segments.loc[0, column] = value
    assert any(expected in problem for problem in lint_grid(GRID, segments))


def test_empty_and_null_seeds_are_reported() -> None:
    assert len(lint_grid(GRID.head(0), SEGMENTS)) == 25 + 11
    assert lint_grid(GRID, SEGMENTS.head(0))
    nulls = GRID.astype("Int64")
    nulls.loc[0, "segment_id"] = pd.NA
    nulls.loc[1, "recency_score"] = pd.NA
    problems = lint_grid(nulls, SEGMENTS)
    assert any("cell (1, 1) has no segment_id" in problem for problem in problems)
    assert any("scores run from 1 to 5" in problem for problem in problems)
