"""Segments keep their ids across refits: by the customers that they share, one to one."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from segmentation.identity import (
    LEAST_CONTAINED,
    LEAST_JACCARD,
    Relation,
    first_ids,
    last_segment_id,
    match,
    names_of,
)
from segmentation.parameters import FittedModel, ParameterRow

TABLES = st.tuples(st.integers(1, 6), st.integers(1, 6)).flatmap(
    lambda shape: arrays(np.int64, shape, elements=st.one_of(st.just(0), st.integers(0, 200)))
)


def ids_of(table: np.ndarray) -> list[int]:
    """Ids with gaps, as after some refits."""
    return [2 * row + 1 for row in range(len(table))]


def kinds(shared: list[list[int]], ids: list[int], *, last_id: int = 20) -> list[tuple[str, int | None, int | None]]:
    found = match(np.array(shared), ids, last_id=last_id)
    return [(one.kind, one.from_id, one.to_id) for one in found.relations]


def test_segments_in_another_order_keep_their_ids() -> None:
    found = match(np.array([[0, 0, 70], [1, 40, 2], [50, 3, 0]]), [1, 3, 7], last_id=7)
    assert found.segment_ids == (7, 3, 1)
    assert {one.kind for one in found.relations} == {"survived"}
    assert found.of_same_meaning() == {1, 3, 7}


def test_of_a_split_segment_the_larger_part_keeps_the_id() -> None:
    assert kinds([[30, 60, 0], [0, 0, 50]], [1, 3]) == [("split", 1, 21), ("survived", 1, 1), ("survived", 3, 3)]


def test_of_merged_segments_the_larger_one_goes_on() -> None:
    assert kinds([[60, 0], [40, 0], [0, 50]], [1, 3, 7]) == [("survived", 1, 1), ("survived", 7, 7), ("merged", 3, 1)]


def test_a_segment_of_several_is_born_and_one_that_scatters_is_retired() -> None:
    shared = [[50, 0, 0, 18], [0, 50, 0, 18], [0, 0, 50, 18], [7, 7, 7, 0]]
    assert kinds(shared, [1, 2, 3, 9]) == [
        *(("survived", one, one) for one in (1, 2, 3)),
        ("born", None, 21),
        ("retired", 9, None),
    ]


def test_a_remnant_does_not_inherit_the_id() -> None:
    """Nearly all of segment 5 went into segment 1; the ten that are left are a segment split from it."""
    assert kinds([[1000, 0], [990, 10]], [1, 5]) == [("survived", 1, 1), ("split", 5, 21), ("merged", 5, 1)]


def test_segments_that_have_nothing_to_do_with_each_other_share_no_id() -> None:
    rng = np.random.default_rng(0)
    shared = np.bincount(rng.integers(0, 3, 9000) * 3 + rng.integers(0, 3, 9000), minlength=9).reshape(3, 3)
    found = match(shared, [1, 2, 3], last_id=3)
    assert found.segment_ids == (4, 5, 6)
    assert {one.kind for one in found.relations} == {"born", "retired"}


def test_a_segment_that_is_mostly_new_keeps_the_id_and_not_the_name() -> None:
    found = match(np.array([[34, 33, 33]]), [4], last_id=4)
    assert found.segment_ids == (4, 5, 6)
    assert found.of_same_meaning() == frozenset()


def test_more_than_half_must_stay_together() -> None:
    """In figures: of two segments that exchange half of their customers neither goes on, with one more both do."""
    assert [kind for kind, *_ in kinds([[50, 50], [50, 50]], [1, 2])] == ["born", "born", "retired", "retired"]
    assert kinds([[51, 49], [49, 51]], [1, 2]) == [("survived", 1, 1), ("survived", 2, 2)]


def test_a_tenth_of_both_is_enough_to_be_the_same() -> None:
    """In figures: of ten equal parts the first keeps the id, of eleven none does, though all lie within the old one."""
    assert kinds([[10] * 10], [4])[0] == ("survived", 4, 4)
    assert kinds([[9] * 11], [4]) == [*(("split", 4, 20 + new) for new in range(1, 12)), ("retired", 4, None)]


def test_the_name_stays_with_half_of_the_customers_of_both() -> None:
    """In figures: 50 of the 100 customers of either are enough, 49 are not."""
    assert match(np.array([[50, 50, 0], [0, 0, 9]]), [1, 2], last_id=2).of_same_meaning() == {1, 2}
    assert match(np.array([[49, 26, 25], [0, 0, 40]]), [1, 2], last_id=2).of_same_meaning() == {2}


def test_ties_go_to_the_first() -> None:
    assert kinds([[50, 50]], [1]) == [("survived", 1, 1), ("split", 1, 21)]
    assert kinds([[50], [50]], [1, 2]) == [("survived", 1, 1), ("merged", 2, 1)]


def test_a_segment_without_customers_is_retired() -> None:
    assert kinds([[50], [0]], [1, 2]) == [("survived", 1, 1), ("retired", 2, None)]


@given(table=TABLES)
@settings(max_examples=300, deadline=None)
def test_every_segment_has_one_fate_and_every_id_is_unique(table: np.ndarray) -> None:
    ids = ids_of(table)
    found = match(table, ids, last_id=99)
    assert len(set(found.segment_ids)) == table.shape[1]
    survivors = [one for one in found.relations if one.kind == "survived"]
    assert all(one.from_id == one.to_id for one in survivors)
    # Old segments end or go on, once; new ones come from somewhere or nowhere, once.
    assert sorted(one.from_id for one in found.relations if one.kind in {"survived", "merged", "retired"}) == ids  # type: ignore[type-var]
    assert [one.to_id for one in found.relations if one.kind in {"survived", "split", "born"}] == list(
        found.segment_ids
    )
    assert set(found.segment_ids) - {one.to_id for one in survivors} == set(
        range(100, 100 + table.shape[1] - len(survivors))
    )
    for one in found.relations:
        before = table[ids.index(one.from_id)].sum() if one.from_id is not None else 0
        after = table[:, found.segment_ids.index(one.to_id)].sum() if one.to_id is not None else 0
        assert (one.from_customers, one.to_customers) == (before, after)
        assert 0 <= one.jaccard <= 1
        if one.kind == "survived":
            assert one.jaccard >= LEAST_JACCARD
            assert one.shared > LEAST_CONTAINED * min(before, after)
        if one.kind == "split":
            assert one.shared > LEAST_CONTAINED * after
        if one.kind == "merged":
            assert one.shared > LEAST_CONTAINED * before


@given(table=TABLES.filter(lambda table: max(table.shape) <= 5))
@settings(max_examples=150, deadline=None)
def test_no_other_pairing_shares_more(table: np.ndarray) -> None:
    """The oracle tries every pairing."""
    before, after = table.sum(axis=1, keepdims=True), table.sum(axis=0, keepdims=True)
    jaccard = table / np.maximum(before + after - table, 1)
    contained = table > LEAST_CONTAINED * np.minimum(before, after)
    value = np.where((jaccard >= LEAST_JACCARD) & contained, jaccard, 0.0)
    wide = value if value.shape[0] <= value.shape[1] else value.T
    rows = np.arange(len(wide))
    best = max(wide[rows, list(columns)].sum() for columns in permutations(range(wide.shape[1]), len(wide)))
    survived = [one for one in match(table, ids_of(table), last_id=99).relations if one.kind == "survived"]
    assert sum(one.jaccard for one in survived) == pytest.approx(best)


@given(sizes=st.lists(st.integers(1, 500), min_size=1, max_size=8), seed=st.integers(0, 1000))
@settings(max_examples=100, deadline=None)
def test_the_same_sets_always_keep_their_ids(sizes: list[int], seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(sizes))
    ids = [3 * row + 2 for row in range(len(sizes))]
    found = match(np.diag(sizes)[:, order], ids, last_id=max(ids))
    assert list(found.segment_ids) == [ids[row] for row in order]
    assert found.of_same_meaning() == set(ids)


def test_first_segments_are_born_with_ids_that_were_never_used() -> None:
    found = first_ids([9, 4], last_id=11)
    assert found.segment_ids == (12, 13)
    assert found.relations[0] == Relation("born", None, 12, 0, 0, 9)
    assert found.of_same_meaning() == frozenset()


def test_the_largest_id_ever_used_is_remembered() -> None:
    rows = [ParameterRow("segment", segment, "name", value_string=f"s{segment}") for segment in (3, 7)]
    model = FittedModel("behavior", "v", 4, is_new=False, rows=tuple(rows))
    assert last_segment_id(model) == 7
    assert names_of(model) == {3: "s3", 7: "s7"}
    remembered = ParameterRow("model", feature="last_segment_id", value_double=12.0)
    assert last_segment_id(FittedModel("behavior", "v", 4, is_new=False, rows=(*rows, remembered))) == 12
    assert last_segment_id(None) == 0


def test_a_relation_is_rows() -> None:
    rows = Relation("split", 3, 8, 30, 90, 40).to_rows()
    assert {(row.kind, row.segment_id, row.level) for row in rows} == {("lineage", 8, "3")}
    assert {row.feature: row.value_string or row.value_double for row in rows} == {
        "kind": "split",
        "shared_customers": 30.0,
        "from_customers": 90.0,
        "to_customers": 40.0,
    }
