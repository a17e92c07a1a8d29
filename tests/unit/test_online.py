"""Online updates are decayed means and counts, whatever the order of rows and however batches are stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from clustering_cases import configured
from segmentation.columns import FloatArray, IntArray, TextArray
from segmentation.config.segmentations import Online
from segmentation.distances import MixedData, Prototypes, assign
from segmentation.online import LEAST_WEIGHT, Decay, Tally, add_batch, learner, tally_of, tally_rows, updated_rows
from segmentation.parameters import FittedModel, ParameterRow, rows_from_frame, to_table

K, P = 3, 2
NOBODY = Tally(np.zeros(K), np.zeros((K, P)), {})
HALF_LIVES = st.one_of(st.none(), st.floats(0.5, 1e6))


@st.composite
def batches(draw: st.DrawFn, least: int = 0) -> tuple[FloatArray, TextArray, IntArray]:
    """Return numbers, levels and labels of a batch."""
    n = draw(st.integers(least, 25))
    numbers = draw(arrays(np.float64, (n, P), elements=st.floats(-50, 50, width=32)))
    levels = draw(arrays(object, n, elements=st.sampled_from(["web", "shop", "(missing)"])))
    labels = draw(arrays(np.int64, n, elements=st.integers(0, K - 1)))
    return numbers, levels, labels


def counted(batch: tuple[FloatArray, TextArray, IntArray]) -> Tally:
    numbers, levels, labels = batch
    return tally_of(numbers, {"channel": levels}, labels, K)


@given(st.lists(st.tuples(batches(), st.floats(0, 400)), min_size=1, max_size=5), HALF_LIVES, HALF_LIVES)
def test_updates_equal_the_closed_form_of_decayed_means(
    history: list[tuple[tuple[FloatArray, TextArray, IntArray], float]],
    half_life_customers: float | None,
    half_life_days: float | None,
) -> None:
    decay = Decay(half_life_customers, half_life_days)
    tally = NOBODY
    for batch, days in history:
        now = counted(batch)
        tally = add_batch(tally, now, decay.factors(now.weights, days))
    for segment in range(K):
        # A customer weighs one half to the power of the half-lives that have passed since, over all rows at once.
        weights, numbers, webs = [], [np.empty((0, P))], []
        for place, ((values, levels, labels), _) in enumerate(history):
            later = history[place + 1 :]
            customers = sum(int(np.count_nonzero(batch[2] == segment)) for batch, _ in later)
            halvings = customers / half_life_customers if half_life_customers else 0.0
            halvings += sum(days for _, days in later) / half_life_days if half_life_days else 0.0
            own = labels == segment
            weights += [0.5**halvings] * int(np.count_nonzero(own))
            numbers.append(values[own])
            webs += (levels[own] == "web").tolist()
        w, x = np.array(weights), np.concatenate(numbers)
        np.testing.assert_allclose(tally.weights[segment], w.sum(), rtol=1e-9, atol=1e-12)
        if w.sum() > 1e-6:
            means = tally.means(np.zeros((K, P)))[segment]
            np.testing.assert_allclose(means, w @ x / w.sum(), rtol=1e-6, atol=1e-6)
        web = tally.levels.get("channel", {}).get("web", np.zeros(K))[segment]
        assert web == pytest.approx(w @ np.array(webs, dtype=float), abs=LEAST_WEIGHT)


@given(batches(least=1), st.randoms(use_true_random=False))
def test_the_order_of_rows_within_a_batch_does_not_matter(
    batch: tuple[FloatArray, TextArray, IntArray], random: object
) -> None:
    numbers, levels, labels = batch
    # Whole numbers add up exactly in every order, as the decimals of SQL do.
    whole = np.round(numbers)
    order = np.arange(len(labels))
    random.shuffle(order)  # type: ignore[attr-defined]
    one = tally_of(whole, {"channel": levels}, labels, K)
    other = tally_of(whole[order], {"channel": levels[order]}, labels[order], K)
    assert one.weights.tolist() == other.weights.tolist()
    assert one.sums.tolist() == other.sums.tolist()
    assert {level: counts.tolist() for level, counts in one.levels["channel"].items()} == {
        level: counts.tolist() for level, counts in other.levels["channel"].items()
    }


@given(batches(least=1), batches(least=1))
def test_without_decay_a_batch_in_two_parts_is_the_batch(
    first: tuple[FloatArray, TextArray, IntArray], second: tuple[FloatArray, TextArray, IntArray]
) -> None:
    together = counted(tuple(np.concatenate(pair) for pair in zip(first, second, strict=True)))  # type: ignore[arg-type]
    tally = NOBODY
    for batch in (first, second):
        now = counted(batch)
        tally = add_batch(tally, now, Decay().factors(now.weights, 1))
    np.testing.assert_allclose(tally.weights, together.weights)
    np.testing.assert_allclose(tally.sums, together.sums, atol=1e-9)
    for level, counts in together.levels["channel"].items():
        np.testing.assert_allclose(tally.levels["channel"][level], counts)


@given(batches(least=1), arrays(np.float64, (K, P), elements=st.floats(-50, 50, width=32)))
def test_everything_in_one_batch_is_a_step_of_lloyd(
    batch: tuple[FloatArray, TextArray, IntArray], centroids: FloatArray
) -> None:
    numbers, levels, _ = batch
    n = len(numbers)
    data = MixedData(numbers, np.ones(P), np.empty((n, 0), dtype=np.int64), np.empty(0))
    labels = assign(data, Prototypes(centroids, np.empty((K, 0), dtype=np.int64))).labels
    now = tally_of(numbers, {"channel": levels}, labels, K)
    moved = add_batch(NOBODY, now, Decay().factors(now.weights, 0)).means(centroids)
    for segment in range(K):
        own = numbers[labels == segment]
        np.testing.assert_allclose(moved[segment], own.mean(axis=0) if len(own) else centroids[segment], atol=1e-9)


def test_a_half_life_halves_the_weight() -> None:
    by_customers = Decay(half_life_customers=100).factors(np.array([100.0, 0.0, 200.0]), days=7)
    assert by_customers.tolist() == [0.5, 1.0, 0.25]
    by_days = Decay(half_life_days=30).factors(np.array([100.0, 0.0, 200.0]), days=30)
    assert by_days.tolist() == [0.5, 0.5, 0.5]
    assert Decay(half_life_days=30).factors(np.zeros(2), days=-5).tolist() == [1.0, 1.0]


def test_a_level_leads_only_when_it_weighs_more() -> None:
    modes = np.array(["web", "web", "shop"], dtype=object)
    levels = {"web": np.array([2.0, 2.0, 0.0]), "shop": np.array([2.0, 3.0, 0.0]), "app": np.array([1.0, 3.0, 0.0])}
    tally = Tally(np.array([5.0, 8.0, 0.0]), np.zeros((3, 0)), {"channel": levels})
    assert tally.leading_level("channel", modes).tolist() == ["web", "app", "shop"]
    assert tally.leading_level("region", modes).tolist() == modes.tolist()


def test_a_level_that_weighs_nothing_any_more_is_forgotten() -> None:
    before = Tally(np.ones(1), np.zeros((1, 0)), {"channel": {"fax": np.ones(1)}})
    batch = Tally(np.ones(1), np.zeros((1, 0)), {"channel": {"web": np.ones(1)}})
    assert set(add_batch(before, batch, np.array([0.5])).levels["channel"]) == {"fax", "web"}
    assert set(add_batch(before, batch, np.array([0.001])).levels["channel"]) == {"web"}


# --- Rows of a model ---------------------------------------------------------------------------------------------

MODEL = (
    ParameterRow("model", feature="status", value_string="fitted"),
    ParameterRow("center", feature="spend", value_double=3.0),
    ParameterRow("centroid", 2, "spend", value_double=1.0),
    ParameterRow("centroid", 7, "spend", value_double=-1.0),
    ParameterRow("mode", 2, "channel", value_string="web"),
    ParameterRow("mode", 7, "channel", value_string="web"),
    ParameterRow("segment", 2, "name", value_string="Spenders"),
    ParameterRow("segment", 2, "sample_size", value_double=10.0),
    ParameterRow("segment", 7, "sample_size", value_double=20.0),
)
COUNTED = (
    *MODEL,
    *tally_rows(
        Tally(
            np.array([8.0, 16.0]),
            np.zeros((2, 0)),
            {"channel": {"web": np.array([5.0, 16.0]), "shop": np.array([3.0, 0.0])}},
        ),
        [2, 7],
        as_of_date="2024-01-31",
        updates=3,
    ),
)


def batch_of(*rows: tuple[int, str | None, str | None, int, float | None], day: str = "2024-03-01") -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["segment_id", "feature", "level", "customers", "total"])
    return table.assign(segmentation="behavior", as_of_date=pd.Timestamp(day))


BATCH = batch_of(
    (2, None, None, 4, None),
    (2, "spend", None, 4, 12.0),
    (2, "channel", "shop", 3, None),
    (2, "channel", "app", 1, None),
)


def values(rows: Sequence[ParameterRow], kind: str) -> dict[tuple[int | None, str | None, str | None], object]:
    return {
        (row.segment_id, row.feature, row.level): row.value_double if row.value_string is None else row.value_string
        for row in rows
        if row.kind == kind
    }


def test_rows_of_a_model_move_and_keep_their_segments() -> None:
    moved = updated_rows(COUNTED, BATCH, Decay(half_life_days=30))
    # 30 days from 31 January to 1 March 2024: what was counted weighs half.
    assert values(moved, "segment_weight") == {(2, None, None): 8.0, (7, None, None): 8.0}
    assert values(moved, "centroid") == {(2, "spend", None): (4 * 1.0 + 12) / 8, (7, "spend", None): -1.0}
    assert values(moved, "level_weight") == {
        (2, "channel", "web"): 2.5,
        (2, "channel", "shop"): 4.5,
        (2, "channel", "app"): 1.0,
        (7, "channel", "web"): 8.0,
    }
    assert values(moved, "mode") == {(2, "channel", None): "shop", (7, "channel", None): "web"}
    assert values(moved, "counted") == {(None, "updates", None): 4.0, (None, "as_of_date", None): "2024-03-01"}
    untouched = ("model", "center", "segment")
    assert [row for row in moved if row.kind in untouched] == [row for row in COUNTED if row.kind in untouched]
    assert len({(row.kind, row.segment_id, row.feature, row.level) for row in moved}) == len(moved)


def test_an_update_for_an_earlier_date_does_not_turn_time_back() -> None:
    moved = updated_rows(COUNTED, BATCH.assign(as_of_date=pd.Timestamp("2023-01-01")), Decay(half_life_days=30))
    assert values(moved, "segment_weight") == {(2, None, None): 12.0, (7, None, None): 16.0}
    assert values(moved, "counted")[(None, "as_of_date", None)] == "2024-01-31"


def test_a_model_of_before_begins_with_the_sizes_of_its_fit() -> None:
    moved = updated_rows(MODEL, BATCH, Decay())
    assert values(moved, "segment_weight") == {(2, None, None): 14.0, (7, None, None): 20.0}
    assert values(moved, "centroid")[(2, "spend", None)] == (10 * 1.0 + 12) / 14
    assert values(moved, "level_weight")[(2, "channel", "web")] == 10.0
    assert values(moved, "counted")[(None, "updates", None)] == 1.0


def test_state_that_went_through_a_table_is_the_same_state() -> None:
    """A restart reads the rows from a table; two updates in one process and two with a restart between agree."""
    decay = Decay(half_life_customers=7.3)
    second = batch_of((7, None, None, 3, None), (7, "spend", None, 3, 0.1 + 0.2), (7, "channel", "app", 3, None))
    once = updated_rows(COUNTED, BATCH, decay)
    stored = to_table([FittedModel("behavior", "v", 2, is_new=True, rows=once)]).to_pandas()
    after = updated_rows(rows_from_frame(stored), second, decay)
    assert after == updated_rows(sorted(once, key=ParameterRow.sort_key), second, decay)


@pytest.mark.parametrize(("least", "moves"), [(4, True), (5, False)])
def test_a_model_moves_from_the_configured_number_of_customers_on(least: int, moves: bool) -> None:
    config = replace(configured("kprototypes"), name="behavior", online=Online(None, 30.0, least))
    model = FittedModel("behavior", "v", 1, is_new=False, rows=COUNTED)
    assert (learner(BATCH)(config, model) is not None) == moves
    assert learner(BATCH.assign(segmentation="other"))(config, model) is None
