"""The grid that gives a pair of RFM scores its segment, and the linter that proves an edited grid sound."""

from __future__ import annotations

import itertools

import pandas as pd

from segmentation.errors import quote

SCORES = range(1, 6)
NO_ORDERS_RANK = 0


def lint_grid(grid: pd.DataFrame, segments: pd.DataFrame) -> list[str]:
    """Prove that a grid gives each pair of scores one segment, uses every segment, and rewards recency.

    Parameters
    ----------
    grid : pandas.DataFrame
        One row for each cell: recency_score and frequency_monetary_score (1 to 5, 5 is best), segment_id.
    segments : pandas.DataFrame
        One row for each segment: segment_id, segment_name, activity_rank. The rank 0 marks the one segment of customers
        without orders, which has no cell; a higher rank is a livelier relation.

    Returns
    -------
    list of str
        What is wrong; empty if the grid is sound.

    Notes
    -----
    Monotone in recency means: at the same frequency and monetary score, a customer who bought more recently never gets
    a segment of lower activity_rank. Each column of the grid so puts its segments in order; the delivered ranks are one
    ranking that agrees with all five columns. It goes from those who left (Lost, Hibernating), over valuable customers
    who are leaving and customers who cool down, to recent customers of rising value, up to Champions.
    """
    ranks, problems = _ranks(segments)
    names = dict(zip(segments["segment_id"], segments["segment_name"], strict=True))
    cells: dict[tuple[int, int], int] = {}
    # As floats a null is NaN in every engine's integer type.
    columns = grid[["recency_score", "frequency_monetary_score", "segment_id"]].astype("float64")
    for recency, value, segment_id in columns.itertuples(index=False):
        if recency not in SCORES or value not in SCORES:
            problems.append(f"cell ({_shown(recency)}, {_shown(value)}) does not exist: scores run from 1 to 5")
        elif (int(recency), int(value)) in cells:
            problems.append(f"cell ({recency:.0f}, {value:.0f}) occurs more than once")
        elif segment_id not in names:
            unknown = "no segment_id" if pd.isna(segment_id) else f"the unknown segment_id {_shown(segment_id)}"
            problems.append(f"cell ({recency:.0f}, {value:.0f}) has {unknown}")
            cells[int(recency), int(value)] = -1
        else:
            cells[int(recency), int(value)] = int(segment_id)
    problems += [
        f"cell ({recency}, {value}) is missing"
        for recency, value in itertools.product(SCORES, SCORES)
        if (recency, value) not in cells
    ]
    used = set(cells.values())
    for segment_id, rank in ranks.items():
        if rank == NO_ORDERS_RANK and segment_id in used:
            problems.append(f"{quote(names[segment_id])} is for customers without orders and cannot have a cell")
        if rank != NO_ORDERS_RANK and segment_id not in used:
            problems.append(f"{quote(names[segment_id])} has no cell, so nobody can reach it")
    for value, recency in itertools.product(SCORES, SCORES[1:]):
        before, after = cells.get((recency - 1, value)), cells.get((recency, value))
        if before in ranks and after in ranks and ranks[after] < ranks[before]:
            problems.append(
                f"cell ({recency}, {value}) is {quote(names[after])} (activity_rank {ranks[after]}), below "
                f"{quote(names[before])} (activity_rank {ranks[before]}) of cell ({recency - 1}, {value}): "
                f"a more recent customer would fall"
            )
    return problems


def _ranks(segments: pd.DataFrame) -> tuple[dict[int, int], list[str]]:
    """Return activity_rank by segment_id, of the segments that have both, and what is wrong with the others."""
    problems: list[str] = []
    ranks: dict[int, int] = {}
    seen_names: set[str] = set()
    columns = segments[["segment_id", "segment_name", "activity_rank"]]
    for segment_id, name, rank in columns.itertuples(index=False):
        if pd.isna(segment_id) or pd.isna(name) or pd.isna(rank):
            problems.append(
                f"the segment ({_shown(segment_id)}, {_shown(name)}) needs an id, a name and an activity_rank"
            )
            continue
        if int(segment_id) in ranks:
            problems.append(f"segment_id {_shown(segment_id)} occurs more than once")
        if name in seen_names:
            problems.append(f"the segment name {quote(name)} occurs more than once")
        if rank < NO_ORDERS_RANK:
            problems.append(f"{quote(name)} has the activity_rank {_shown(rank)}; ranks are not negative")
        seen_names.add(name)
        ranks[int(segment_id)] = int(rank)
    if list(ranks.values()).count(NO_ORDERS_RANK) != 1:
        problems.append(f"exactly one segment has activity_rank {NO_ORDERS_RANK}: that of customers without orders")
    return ranks, problems


def _shown(value: object) -> str:
    return f"{value:.15g}" if isinstance(value, float) else str(value)
