"""Online updates are decayed means and counts, whatever the order of rows and however batches are stored."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from segmentation.columns import FloatArray, IntArray, TextArray
from segmentation.distances import MixedData, Prototypes, assign
from segmentation.online import LEAST_WEIGHT, Decay, Tally, add_batch, tally_of

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
