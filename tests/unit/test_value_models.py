"""BG/NBD and gamma-gamma: the published values of CDNOW, an independent library, and what must hold everywhere."""

from __future__ import annotations

from pathlib import Path

import clvkit
import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad
from scipy.optimize import approx_fprime
from scipy.special import beta

from segmentation.columns import FloatArray
from segmentation.value import bg_nbd, gamma_gamma
from segmentation.value.bg_nbd import BgNbd, expected_orders, fit_bg_nbd, orders_if_alive, probability_alive
from segmentation.value.fitting import fit_value, tabulate_orders
from segmentation.value.gamma_gamma import GammaGamma, expected_value, fit_gamma_gamma

END_OF_CALIBRATION = "1997-09-30"
WEEKS_AHEAD = 39.0


@pytest.fixture(scope="module")
def cdnow(shared_data: Path) -> pd.DataFrame:
    """The published summary: repeat days and weeks of calibration, mean value of repeat days, orders of the holdout."""
    return duckdb.sql(
        f"""
        with days as (
            select sample_id, cast(date as date) as day, sum(value) as value
            from '{shared_data}/cdnow_sample.parquet' group by all
        ),
        firsts as (select sample_id, min(day) as first_day from days group by all)
        select
            sample_id,
            count(*) filter (where day > first_day and day <= date '{END_OF_CALIBRATION}') as x,
            coalesce(max(day - first_day) filter (where day <= date '{END_OF_CALIBRATION}'), 0) / 7 as t_x,
            any_value(date '{END_OF_CALIBRATION}' - first_day) / 7 as age,
            avg(value) filter (where day > first_day and day <= date '{END_OF_CALIBRATION}') as mean_value,
            count(*) filter (where day > date '{END_OF_CALIBRATION}') as later
        from days inner join firsts using (sample_id)
        group by sample_id order by sample_id
        """
    ).df()


def arrays(frame: pd.DataFrame, *names: str) -> list[FloatArray]:
    return [frame[name].to_numpy(dtype=np.float64) for name in names]


def test_the_published_bg_nbd_of_cdnow(cdnow: pd.DataFrame) -> None:
    """Fader, Hardie and Lee (2005), table 2, and the correlation of expected with later orders."""
    x, t_x, age, later = arrays(cdnow, "x", "t_x", "age", "later")
    assert len(x) == 2_357
    model = fit_bg_nbd(x, t_x, age, np.ones_like(x))
    assert model.converged
    assert [model.r, model.alpha, model.a, model.b] == pytest.approx([0.243, 4.414, 0.793, 2.426], abs=1e-3)
    assert model.log_likelihood == pytest.approx(-9582.4, abs=0.05)
    expected = expected_orders(model, x, t_x, age, WEEKS_AHEAD)
    assert np.corrcoef(expected, later)[0, 1] == pytest.approx(0.626, abs=1e-3)


def test_the_published_gamma_gamma_of_cdnow(cdnow: pd.DataFrame) -> None:
    x, mean_value = arrays(cdnow[cdnow["x"] > 0], "x", "mean_value")
    assert len(x) == 946
    model = fit_gamma_gamma(x, mean_value)
    assert model.converged
    assert model.p == pytest.approx(6.25, abs=0.005)
    assert model.q == pytest.approx(3.74, abs=0.005)
    assert model.v == pytest.approx(15.44, abs=0.005)


def test_an_independent_library_agrees(cdnow: pd.DataFrame, shared_data: Path) -> None:
    transactions = duckdb.sql(
        f"""
        select sample_id as customer_id, date, value as amount from '{shared_data}/cdnow_sample.parquet'
        where date <= '{END_OF_CALIBRATION}'
        """
    ).df()
    base = clvkit.CustomerBase.from_transactions(
        transactions, time_unit="W", collapse="D", observation_period_end=END_OF_CALIBRATION
    )
    theirs = clvkit.BGNBD().fit(base)
    x, t_x, age = arrays(cdnow, "x", "t_x", "age")
    ours = fit_bg_nbd(x, t_x, age, np.ones_like(x))
    assert theirs.params_ is not None
    assert theirs.log_likelihood_ is not None
    r, alpha, a, b = (float(value) for value in theirs.params_)
    assert [ours.r, ours.alpha, ours.a, ours.b] == pytest.approx([r, alpha, a, b], rel=1e-3)
    assert ours.log_likelihood >= theirs.log_likelihood_ - 1e-3
    same = BgNbd(r, alpha, a, b)
    alive = theirs.probability_alive(base).to_pandas().sort_index().to_numpy().ravel()
    assert probability_alive(same, x, t_x, age) == pytest.approx(alive, rel=1e-9)
    orders = theirs.predict(WEEKS_AHEAD, base).to_pandas().sort_index().to_numpy().ravel()
    assert expected_orders(same, x, t_x, age, WEEKS_AHEAD) == pytest.approx(orders, rel=1e-9)


def test_equal_customers_are_counted_and_the_unit_of_time_does_not_matter(cdnow: pd.DataFrame) -> None:
    x, t_x, age = arrays(cdnow, "x", "t_x", "age")
    one_by_one = fit_bg_nbd(x, t_x, age, np.ones_like(x))
    distinct = cdnow.groupby(["x", "t_x", "age"], as_index=False).size()
    counted = fit_bg_nbd(*arrays(distinct, "x", "t_x", "age", "size"))
    in_days = fit_bg_nbd(x, 7 * t_x, 7 * age, np.ones_like(x))
    assert len(distinct) < len(cdnow)
    for other, unit in ((counted, 1.0), (in_days, 7.0)):
        assert [other.r, other.alpha / unit, other.a, other.b] == pytest.approx(
            [one_by_one.r, one_by_one.alpha, one_by_one.a, one_by_one.b], rel=1e-4
        )


parameters = st.floats(0.2, 8.0)


@given(r=parameters, alpha=parameters, a=parameters, b=parameters, seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_derivatives_are_those_of_the_likelihoods(r: float, alpha: float, a: float, b: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 6, 20).astype(np.float64)
    age = rng.uniform(1, 10, 20)
    t_x = np.where(x > 0, age * rng.random(20), 0.0)
    point = np.array([r, alpha, a, b])
    histories = bg_nbd._Histories.of(x, t_x, age, np.ones(20))
    for rates in (bg_nbd._GAMMA_RATES, bg_nbd._ONE_RATE):
        for stops in (bg_nbd._BETA_STOPS, bg_nbd._HELD_STOPS, bg_nbd._ONE_STOP, bg_nbd._NO_STOPS):
            own = point[: len(rates.starts[0]) + len(stops.starts[0])]
            _, gradient = bg_nbd._log_likelihood(own, histories, rates, stops)
            numeric = approx_fprime(
                own, lambda p, *parts: bg_nbd._log_likelihood(p, histories, *parts)[0], 1e-6, rates, stops
            )
            assert gradient == pytest.approx(numeric, rel=1e-3, abs=1e-3)
    values = rng.gamma(2.0, 5.0, 20) + 0.1
    orders = gamma_gamma._Orders.of(x + 1, values)
    _, gradient = gamma_gamma._log_likelihood(point[:3], orders)
    numeric = approx_fprime(point[:3], lambda p: gamma_gamma._log_likelihood(p, orders)[0], 1e-6)
    assert gradient == pytest.approx(numeric, rel=1e-3, abs=1e-3)


@given(
    r=parameters,
    alpha=parameters,
    a=st.floats(1.2, 5.0),
    b=parameters,
    age=st.floats(0.5, 20.0),
    x=st.integers(0, 30),
    horizon=st.floats(0.1, 30.0),
)
@settings(max_examples=60, deadline=None)
def test_expected_orders_are_the_integral_over_the_customers_rates(
    r: float, alpha: float, a: float, b: float, age: float, x: int, horizon: float
) -> None:
    """An independent way: a customer alive with rate and stopping probability gives (1 - exp(-rate p t)) / p orders.

    Alive, the rate is gamma(r + x, alpha + age) and the probability to stop beta(a, b + x), independently.
    """
    model = BgNbd(r, alpha, a, b)
    one = np.array([float(x)])
    found = float(bg_nbd.orders_if_alive(model, one, np.array([age]), horizon)[0])

    def given_stopping(p: float) -> float:
        orders = (1 - (1 + horizon * p / (alpha + age)) ** -(r + x)) / p
        return float(orders * p ** (a - 1) * (1 - p) ** (b + x - 1))

    top = quad(given_stopping, 0, 1, limit=200)[0]
    bottom = quad(lambda p: p ** (a - 1) * (1 - p) ** (b + x - 1), 0, 1, limit=200)[0]
    assert found == pytest.approx(top / bottom, rel=1e-5)


@given(x=st.integers(1, 40), mean_value=st.floats(0.01, 1e4))
def test_the_expected_value_lies_between_the_customers_own_and_that_of_all(x: int, mean_value: float) -> None:
    model = GammaGamma(6.25, 3.74, 15.44)
    everybody = float(expected_value(model, np.array([0.0]), np.array([0.0]))[0])
    found = float(expected_value(model, np.array([float(x)]), np.array([mean_value]))[0])
    assert min(everybody, mean_value) - 1e-9 <= found <= max(everybody, mean_value) + 1e-9


def simulated(model: BgNbd, customers: int, seed: int, *, days: float = 730.0) -> pd.DataFrame:
    """Draw customers as the model says they are: repeat_orders, days_to_last_order and age_days, in whole days."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(model.r, 1 / model.alpha, customers)
    stops = rng.beta(model.a, model.b, customers) if model.a > 0 else np.zeros(customers)
    age = rng.uniform(30, days, customers)
    now, x, t_x = np.zeros(customers), np.zeros(customers), np.zeros(customers)
    active = np.ones(customers, dtype=bool)
    while active.any():
        now[active] += rng.exponential(1 / rate[active])
        active &= now < age
        x[active] += 1
        t_x[active] = now[active]
        active &= rng.random(customers) >= stops
    return pd.DataFrame({"repeat_orders": x, "days_to_last_order": t_x.round(), "age_days": age.round()}, dtype="int64")


def as_sample(customers: pd.DataFrame, mean_value: FloatArray | float = 20.0) -> pd.DataFrame:
    """Return what `fit_value` takes, the same history for both data sets."""
    values = np.where(customers["repeat_orders"] > 0, mean_value, np.nan)
    frame = customers.assign(mean_order_value=values, customers=1)
    return pd.concat([frame.assign(dataset=name) for name in ("calibration", "current")], ignore_index=True)


def found(sample: pd.DataFrame, model: str) -> dict[str, float | str]:
    """Return the parameters, texts included, of one model of the current data set."""
    rows = fit_value(sample).to_pylist()
    return {
        row["parameter"]: row["value_string"] if row["value_double"] is None else row["value_double"]
        for row in rows
        if (row["dataset"], row["model"]) == ("current", model)
    }


def test_planted_parameters_are_found() -> None:
    planted = BgNbd(0.8, 60.0, 0.9, 3.0)
    customers = simulated(planted, 20_000, seed=5)
    x, t_x, age = (customers[name].to_numpy(dtype=np.float64) for name in customers.columns)
    model = fit_bg_nbd(x, t_x, age, np.ones_like(x))
    assert model.converged
    assert not model.is_held
    assert not model.nobody_stops
    assert [model.r, model.alpha, model.a, model.b] == pytest.approx([0.8, 60.0, 0.9, 3.0], rel=0.15)


def test_where_customers_stop_at_once_or_never_the_spread_is_held_and_said_so() -> None:
    """The likelihood rises without end as a and b fall to zero; who ordered twice would be alive for ever."""
    always = simulated(BgNbd(5.0, 500.0, 0.0, 1.0), 3_000, seed=6)
    once = always["repeat_orders"].clip(upper=1)
    stopped = always.assign(repeat_orders=once, days_to_last_order=once * 5)
    customers = pd.concat([always, stopped.head(1_000)], ignore_index=True)
    x, t_x, age = (customers[name].to_numpy(dtype=np.float64) for name in always.columns)
    model = fit_bg_nbd(x, t_x, age, np.ones_like(x))
    assert model.is_held
    assert model.converged
    assert model.a + model.b == pytest.approx(1.0)
    rows = found(as_sample(customers), "bg_nbd")
    assert rows["status"] == "fitted"
    assert "held at a + b = 1" in str(rows["note"])
    orders = expected_orders(model, x, t_x, age, 365.0)
    assert np.isfinite(orders).all()
    # Whoever keeps the usual pace is taken to be alive, and whoever has long been silent is not.
    silent = probability_alive(model, np.array([1.0, 6.0]), np.array([5.0, 100.0]), np.array([700.0, 700.0]))
    steady = probability_alive(model, np.array([6.0]), np.array([650.0]), np.array([700.0]))
    assert (silent < 0.6).all()
    assert steady > 0.9


def test_where_nobody_stops_everybody_is_alive() -> None:
    customers = simulated(BgNbd(1.5, 90.0, 0.0, 1.0), 5_000, seed=7)
    x, t_x, age = (customers[name].to_numpy(dtype=np.float64) for name in customers.columns)
    model = fit_bg_nbd(x, t_x, age, np.ones_like(x))
    assert model.converged
    assert model.nobody_stops
    assert [model.r, model.alpha] == pytest.approx([1.5, 90.0], rel=0.1)
    assert (probability_alive(model, x, t_x, age) == 1).all()
    # Without stopping the model is the negative binomial one, whose expectation is known.
    assert expected_orders(model, x, t_x, age, 90.0) == pytest.approx((model.r + x) / (model.alpha + age) * 90.0)


@pytest.mark.parametrize(
    ("r", "alpha", "a", "b", "seed", "limits", "note"),
    [
        (1e9, 4e10, 0.9, 3.0, 11, {"rate": 1 / 40}, "one rate holds for all"),
        (0.8, 60.0, 2e8, 8e8, 13, {"stop": 0.2}, "one probability to stop after an order holds for all"),
        (1e9, 4e10, 2e8, 8e8, 12, {"rate": 1 / 40, "stop": 0.2}, "one rate holds for all; stopping hardly differs"),
        (1e9, 4e10, 0.0, 1.0, 11, {"rate": 1 / 40, "stop": 0.0}, "one rate holds for all; nobody seems to stop"),
        (0.8, 60.0, 1e9, 0.1, 11, {"stop": 1.0}, "everybody counts as gone after a second order"),
    ],
)
def test_where_customers_hardly_differ_the_limit_of_the_model_answers(
    r: float, alpha: float, a: float, b: float, seed: int, limits: dict[str, float], note: str
) -> None:
    """Of samples of such customers about half happen to differ more than chance would have it, and half less: these."""
    customers = simulated(BgNbd(r, alpha, a, b), 3_000, seed=seed)
    x, t_x, age = (customers[name].to_numpy(dtype=np.float64) for name in customers.columns)
    model = fit_bg_nbd(x, t_x, age, np.ones_like(x))
    rows = found(as_sample(customers), "bg_nbd")
    assert rows["status"] == "fitted"
    assert note in str(rows["note"])
    assert np.isfinite(float(rows["log_likelihood"]))
    for name, value in limits.items():
        assert float(rows[name]) == pytest.approx(value, rel=0.1, abs=1e-12)
    assert not rows.keys() & ({"r", "alpha"} if "rate" in limits else {"rate"})
    assert not rows.keys() & ({"a", "b"} if "stop" in limits else {"stop"})
    if a == 0 or b < 1:
        return
    # Customers who differ by a ten-thousandth are told the same by the model itself.
    near = BgNbd(
        *((model.r, model.alpha) if model.rate is None else (1e8, 1e8 / model.rate)),
        *((model.a, model.b) if model.stop is None else (1e8 * model.stop, 1e8 * (1 - model.stop))),
    )
    assert probability_alive(model, x, t_x, age) == pytest.approx(probability_alive(near, x, t_x, age), rel=1e-3)
    expected = expected_orders(model, x, t_x, age, 365.0)
    assert expected == pytest.approx(expected_orders(near, x, t_x, age, 365.0), rel=1e-3)


def test_expected_orders_agree_with_fifty_digits_on_whole_half_and_other_numbers() -> None:
    """Equation 10 by mpmath 1.3.0 with 50 digits, also where arguments or their differences are whole numbers."""
    grid = pd.read_csv(Path(__file__).parents[1] / "data" / "expected_orders.csv")
    assert len(grid) > 150
    for r, alpha, a, b, x, age, horizon, expected in grid.to_numpy(dtype=np.float64).tolist():
        orders = orders_if_alive(BgNbd(r, alpha, a, b), np.array([x]), np.array([age]), horizon)
        assert orders[0] == pytest.approx(expected, rel=1e-9), (r, alpha, a, b, x, age, horizon)


def test_many_customers_and_horizons_at_once_are_told_the_same_as_one_by_one() -> None:
    model = BgNbd(0.8, 0.02, 0.9, 3.0)
    x, age = np.array([3.0, 0.0, 3.0, 1.0]), np.array([400.0, 0.0, 90.0, 1.0])
    together = orders_if_alive(model, x[:, None], age[:, None], np.array([30.0, 365.0]))
    alone = [
        [float(orders_if_alive(model, x[i : i + 1], age[i : i + 1], horizon)[0]) for horizon in (30.0, 365.0)]
        for i in range(len(x))
    ]
    assert together == pytest.approx(np.array(alone), rel=1e-9)


def test_of_nobody_no_orders_are_expected() -> None:
    """A batch in which no buyer has changed has a table of values without rows."""
    nobody = np.empty((0, 1))
    assert orders_if_alive(BgNbd(0.8, 0.02, 0.9, 3.0), nobody, nobody, np.array([30.0, 365.0])).shape == (0, 2)


@given(
    sum_of_both=st.floats(10.0, 3e5),
    chance=st.floats(0.05, 0.95),
    r=st.floats(0.3, 5.0),
    x=st.integers(0, 100),
    age=st.floats(0.0, 700.0),
    horizon=st.floats(1.0, 730.0),
)
@settings(deadline=None, max_examples=40)
@example(sum_of_both=234_723.0, chance=0.387, r=0.8, x=0, age=155.0, horizon=365.0)
def test_expected_orders_are_numbers_where_customers_hardly_differ_in_stopping(
    sum_of_both: float, chance: float, r: float, x: int, age: float, horizon: float
) -> None:
    """Of whoever is alive the chance to stop is Beta(a, b + x): the mean of the orders over all chances."""
    model = BgNbd(r, 75.0, sum_of_both * chance, sum_of_both * (1 - chance))
    found = orders_if_alive(model, np.array([float(x)]), np.array([age]), horizon)[0]
    chances = stats.beta(model.a, model.b + x).ppf((np.arange(20_000) + 0.5) / 20_000)
    orders = -np.expm1((r + x) * -np.log1p(chances * horizon / (75.0 + age))) / chances
    assert found == pytest.approx(orders.mean(), rel=1e-4)


@given(a=st.floats(0.01, 0.99), x=st.integers(0, 5), away=st.sampled_from([0.0, 5e-8, -1e-7, 1e-7, 1e-3]))
def test_expected_orders_have_no_pole(a: float, x: int, away: float) -> None:
    """At a + b = 1 the terms of the expectation are 0 / 0 for whoever has no repeat order."""
    model = BgNbd(4.7, 496.0, a, 1.0 - a + away)
    orders = float(orders_if_alive(model, np.array([float(x)]), np.array([300.0]), 365.0)[0])

    def given_stopping(p: float) -> float:
        limit = (model.r + x) * 365.0 / (model.alpha + 300.0)
        return float((1 - (1 + 365.0 * p / (model.alpha + 300.0)) ** -(model.r + x)) / p) if p > 0 else limit

    integral = quad(given_stopping, 0, 1, weight="alg", wvar=(a - 1, model.b + x - 1), limit=200)[0]
    assert orders == pytest.approx(integral / beta(a, model.b + x), rel=1e-5)


@pytest.mark.parametrize(
    ("change", "model", "reason"),
    [
        ({"repeat_orders": 0, "days_to_last_order": 0}, "bg_nbd", "nobody has bought a second time"),
        ({"repeat_orders": 0, "days_to_last_order": 0}, "gamma_gamma", "repeat orders of positive value"),
        ({"age_days": 0, "days_to_last_order": 0}, "bg_nbd", "all first orders are of the last day"),
        ({"mean_order_value": -1.0}, "gamma_gamma", "repeat orders of positive value"),
    ],
)
def test_data_that_break_an_assumption_get_a_reason_and_no_number(
    change: dict[str, float], model: str, reason: str
) -> None:
    sample = as_sample(simulated(BgNbd(0.8, 60.0, 0.9, 3.0), 1_000, seed=8)).assign(**change)
    rows = found(sample, model)
    assert rows["status"] == "not fitted"
    assert reason in str(rows["reason"])
    assert not rows.keys() & {"r", "alpha", "a", "b", "p", "q", "v"}


def buyers(customers: int, seed: int) -> tuple[np.random.Generator, FloatArray]:
    rng = np.random.default_rng(seed)
    return rng, rng.integers(1, 15, customers).astype(np.float64)


def test_one_price_is_what_every_order_is_worth() -> None:
    customers = simulated(BgNbd(0.8, 60.0, 0.9, 3.0), 1_000, seed=12)
    # As the warehouse works means out: sums divided by numbers of orders.
    orders = np.maximum(customers["repeat_orders"].to_numpy(dtype=np.float64), 1)
    rows = found(as_sample(customers, 9.99 * orders / orders), "gamma_gamma")
    assert rows["status"] == "fitted"
    assert "all orders are worth the same" in str(rows["note"])
    assert rows["mean_value"] == pytest.approx(9.99)
    assert not rows.keys() & {"p", "q", "v", "prior_orders", "log_likelihood"}
    model = fit_gamma_gamma(np.array([1.0, 2.0, 3.0]), np.array([9.99, 9.99, 9.99 * 3 / 3]))
    assert expected_value(model, np.array([0.0, 5.0]), np.array([0.0, 12.0])) == pytest.approx([9.99, 9.99])


def test_where_everybody_pays_one_of_two_prices_the_customers_own_counts() -> None:
    rng, x = buyers(2_000, 13)
    prices = np.where(rng.random(len(x)) < 0.5, 9.99, 19.99)
    model = fit_gamma_gamma(x, prices)
    assert model.converged
    assert expected_value(model, x, prices) == pytest.approx(prices)
    # The values are inverse gamma: their density, by scipy, at the parameters, and at any other is lower.
    scale = model.mean_value * (model.q - 1)
    assert stats.invgamma(model.q, scale=scale).logpdf(prices).sum() == pytest.approx(model.log_likelihood)
    q, _, other_scale = stats.invgamma.fit(prices, floc=0)
    assert [model.q, scale] == pytest.approx([q, other_scale], rel=1e-3)
    # Of whoever has no repeat order nothing is known but the mean of that distribution.
    assert expected_value(model, np.zeros(1), np.zeros(1))[0] == pytest.approx(scale / (model.q - 1))


def test_where_customers_pay_now_one_price_and_now_the_other_the_mean_of_all_counts() -> None:
    rng, x = buyers(2_000, 14)
    values = 9.99 + 10 * rng.binomial(x.astype(np.int64), 0.5) / x
    model = fit_gamma_gamma(x, values)
    assert model.converged
    mean = (x * values).sum() / x.sum()
    assert expected_value(model, np.array([0.0, 14.0]), np.array([0.0, 19.99])) == pytest.approx([mean, mean])
    density = stats.gamma(model.p * x, scale=mean / (model.p * x)).logpdf(values).sum()
    assert density == pytest.approx(model.log_likelihood)
    rows = found(
        pd.DataFrame({"dataset": "current", "repeat_orders": x, "mean_order_value": values, "customers": 1}).assign(
            days_to_last_order=50, age_days=100
        ),
        "gamma_gamma",
    )
    assert "the mean of all holds for everybody" in str(rows["note"])
    assert rows["mean_value"] == pytest.approx(mean)


@pytest.mark.parametrize("planted", [0.5, 0.8])
def test_a_mean_that_is_not_finite_is_no_model(planted: float) -> None:
    """The mean of all is p v / (q - 1): below 1 a customer would be expected to pay less than nothing an order."""
    rng, x = buyers(3_000, 15)
    values = rng.gamma(6.0 * x) / x / rng.gamma(planted, 1 / 15.0, len(x))
    model = fit_gamma_gamma(x, values)
    assert model.q < 1
    assert not model.converged
    for q in (1.0, 0.9, model.q):
        with pytest.raises(ValueError, match="not finite"):
            expected_value(GammaGamma(6.0, q, 15.0), np.array([0.0, 3.0]), np.array([0.0, 10.0]))
    frame = pd.DataFrame({"dataset": "current", "repeat_orders": x, "mean_order_value": values, "customers": 1})
    rows = found(frame.assign(days_to_last_order=50, age_days=100), "gamma_gamma")
    assert rows["status"] == "not fitted"
    assert "must be above 1" in str(rows["reason"])
    assert not rows.keys() & {"p", "q", "v", "mean_value", "prior_orders"}


def test_values_that_go_with_the_number_of_orders_get_a_reason_and_the_evidence() -> None:
    customers = simulated(BgNbd(0.8, 60.0, 0.9, 3.0), 2_000, seed=9)
    rng = np.random.default_rng(9)
    values = 10.0 * customers["repeat_orders"].to_numpy() + rng.gamma(5.0, 2.0, len(customers))
    rows = found(as_sample(customers, values), "gamma_gamma")
    assert rows["status"] == "not fitted"
    assert "the value of an order goes with the number of orders" in str(rows["reason"])
    assert float(rows["correlation"]) > 0.3
    assert "p" not in rows


def test_without_a_purchase_both_data_sets_say_so() -> None:
    nobody = as_sample(simulated(BgNbd(0.8, 60.0, 0.9, 3.0), 10, seed=1)).head(0)
    rows = [row for row in fit_value(nobody).to_pylist() if row["parameter"] == "reason"]
    assert [(row["dataset"], row["model"]) for row in rows] == [
        (dataset, model) for dataset in ("calibration", "current") for model in ("bg_nbd", "gamma_gamma")
    ]
    assert all("fewer than 100 customers" in row["value_string"] for row in rows)


def test_the_table_of_orders_is_the_expectation_and_its_discounted_sum() -> None:
    customers = simulated(BgNbd(0.8, 60.0, 0.9, 3.0), 500, seed=10)
    parameters = fit_value(as_sample(customers)).to_pandas()
    pairs = as_sample(customers)[["dataset", "repeat_orders", "age_days"]].drop_duplicates()
    horizons = {"current": [90, 365], "calibration": [180]}
    rows = tabulate_orders(parameters, pairs, horizons, 0.1).to_pandas()
    assert len(rows) == len(pairs[pairs["dataset"] == "current"]) * 2 + len(pairs[pairs["dataset"] == "calibration"])
    rates = found(as_sample(customers), "bg_nbd")
    r, alpha, a, b = (float(rates[name]) for name in ("r", "alpha", "a", "b"))
    model = BgNbd(r, alpha, a, b)
    year = rows[(rows["dataset"] == "current") & (rows["horizon_days"] == 365)]
    x, age = (year[name].to_numpy(dtype=np.float64) for name in ("repeat_orders", "age_days"))
    assert year["orders_if_alive"].to_numpy() == pytest.approx(orders_if_alive(model, x, age, 365.0), abs=1e-8)
    # Day by day, each day's orders discounted by its own distance.
    by_day = np.array([orders_if_alive(model, x, age, float(day)) for day in range(366)])
    discounts = 1.1 ** -((np.arange(365) + 0.5) / 365)
    assert year["discounted_orders_if_alive"].to_numpy() == pytest.approx(discounts @ np.diff(by_day, axis=0), rel=1e-4)


def test_without_repeat_orders_there_is_no_model() -> None:
    nobody = np.zeros(5)
    with pytest.raises(ValueError, match="no repeat orders"):
        fit_bg_nbd(nobody, nobody, np.ones(5), np.ones(5))
    with pytest.raises(ValueError, match="no repeat orders of positive value"):
        fit_gamma_gamma(np.empty(0), np.empty(0))
