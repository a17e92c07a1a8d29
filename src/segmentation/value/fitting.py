"""What the Python models of customer value do: parameters from a bounded sample, and a table of expected orders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from segmentation.columns import FloatArray, require_columns
from segmentation.value.bg_nbd import BgNbd, fit_bg_nbd, orders_if_alive
from segmentation.value.gamma_gamma import GammaGamma, fit_gamma_gamma

DATASETS = ("calibration", "current")
"""Both get a row, also where nobody has bought."""

FEWEST_CUSTOMERS = 100
"""Fewer customers say too little about the spread of four parameters."""

HIGHEST_CORRELATION = 0.3
"""The gamma-gamma model takes the value of an order to be independent of the number of orders."""

DECIMALS = 10
"""Of parameters: what the last bits of a search for a maximum are worth."""

BG_NBD = ("r", "alpha", "a", "b", "rate", "stop")
"""Parameters of the model of orders; of a limit there are only those that have an end."""

DAYS_PER_YEAR = 365.0
STEP_DAYS = 30.0
"""Expected orders are discounted in steps as long."""

PARAMETERS = pa.schema(
    [
        pa.field("dataset", pa.string(), nullable=False),
        pa.field("model", pa.string(), nullable=False),
        pa.field("parameter", pa.string(), nullable=False),
        pa.field("value_double", pa.float64()),
        pa.field("value_string", pa.string()),
    ]
)

FACTORS = pa.schema(
    [
        pa.field("dataset", pa.string(), nullable=False),
        pa.field("repeat_orders", pa.int64(), nullable=False),
        pa.field("age_days", pa.int64(), nullable=False),
        pa.field("horizon_days", pa.int32(), nullable=False),
        pa.field("orders_if_alive", pa.float64(), nullable=False),
        pa.field("discounted_orders_if_alive", pa.float64(), nullable=False),
    ]
)


@dataclass(frozen=True, slots=True)
class _Fit:
    """Parameters by name, or why there are none."""

    model: str
    parameters: dict[str, float]
    reason: str | None = None
    note: str | None = None


def fit_value(sample: pd.DataFrame) -> pa.Table:
    """Fit both models to every data set of the sample.

    Parameters
    ----------
    sample : DataFrame
        One row per data set of `DATASETS` and distinct customer: dataset, repeat_orders, days_to_last_order, age_days,
        mean_order_value (of the repeat orders; null without any) and customers, how many it stands for.

    Returns
    -------
    pyarrow.Table
        Rows of `PARAMETERS`, ordered. Parameter `status` is fitted or not fitted, `reason` says why not, and `note`
        what a fitted model had to take for granted, in words.
    """
    columns = ["dataset", "repeat_orders", "days_to_last_order", "age_days", "mean_order_value", "customers"]
    require_columns(sample, columns, table="value_sample")
    rows: list[dict[str, object]] = []
    for dataset in DATASETS:
        own = sample[sample["dataset"] == dataset].sort_values(columns[1:], kind="stable", na_position="first")
        for fit in (_orders(own), _values(own)):
            facts: list[tuple[str, float | None, str | None]] = [
                ("status", None, "not fitted" if fit.reason else "fitted"),
                *((name, None, text) for name, text in (("reason", fit.reason), ("note", fit.note)) if text),
                *((name, round(value, DECIMALS), None) for name, value in fit.parameters.items()),
            ]
            rows += [dict(zip(PARAMETERS.names, (dataset, fit.model, *fact), strict=True)) for fact in facts]
    return pa.Table.from_pylist(rows, schema=PARAMETERS)


def _floats(frame: pd.DataFrame, name: str) -> FloatArray:
    return frame[name].to_numpy(dtype=np.float64, na_value=np.nan)


def _orders(sample: pd.DataFrame) -> _Fit:
    """Fit BG/NBD, or say why the data do not hold it."""
    keys = ["repeat_orders", "days_to_last_order", "age_days"]
    distinct = sample.groupby(keys)["customers"].sum().reset_index()
    x, t_x, age = (_floats(distinct, name) for name in keys)
    counts = _floats(distinct, "customers")
    if counts.sum() < FEWEST_CUSTOMERS:
        return _Fit("bg_nbd", {}, f"fewer than {FEWEST_CUSTOMERS} customers have bought")
    if not (x > 0).any():
        return _Fit("bg_nbd", {}, "nobody has bought a second time")
    if not (age > 0).any():
        return _Fit("bg_nbd", {}, "all first orders are of the last day")
    model = fit_bg_nbd(x, t_x, age, counts)
    if not model.converged:
        return _Fit("bg_nbd", {}, "the likelihood has no maximum: order rates differ beyond what the model can hold")
    found = {name: value for name in BG_NBD if (value := getattr(model, name)) is not None and np.isfinite(value)}
    evidence = {"log_likelihood": model.log_likelihood, "customers": float(counts.sum())}
    return _Fit("bg_nbd", {**found, **evidence}, note=_note(model))


def _note(model: BgNbd) -> str | None:
    """Return what the model is the limit of, and what the likelihood alone could not tell."""
    notes = []
    if model.rate is not None:
        notes.append("order rates hardly differ between customers, so one rate holds for all")
    if model.nobody_stops:
        notes.append("nobody seems to stop, so everybody counts as alive")
    elif model.stop == 1:
        notes.append("nobody has ordered a third time, so everybody counts as gone after a second order")
    elif model.stop is not None:
        notes.append(
            "stopping hardly differs between customers, so one probability to stop after an order holds for all"
        )
    if model.is_held:
        notes.append("customers seem to stop at once or never, so the spread of stopping is held at a + b = 1")
    return "; ".join(notes) or None


def _values(sample: pd.DataFrame) -> _Fit:
    """Fit gamma-gamma, or say why the data do not hold it."""
    repeated = sample[(_floats(sample, "repeat_orders") > 0) & (_floats(sample, "mean_order_value") > 0)]
    counts = repeated["customers"].to_numpy(dtype=np.int64)
    x = np.repeat(_floats(repeated, "repeat_orders"), counts)
    mean_value = np.repeat(_floats(repeated, "mean_order_value"), counts)
    if len(x) < FEWEST_CUSTOMERS:
        what = f"fewer than {FEWEST_CUSTOMERS} customers have repeat orders of positive value"
        return _Fit("gamma_gamma", {}, what)
    is_constant = np.ptp(x) == 0 or np.ptp(mean_value) == 0
    correlation = 0.0 if is_constant else float(np.corrcoef(x, mean_value)[0, 1])
    evidence = {"correlation": correlation, "customers": float(len(x))}
    if abs(correlation) > HIGHEST_CORRELATION:
        what = f"the value of an order goes with the number of orders: correlation {correlation:.2f}"
        return _Fit("gamma_gamma", evidence, f"{what}, and the model needs less than {HIGHEST_CORRELATION}")
    model = fit_gamma_gamma(x, mean_value)
    if not model.converged:
        what = "the likelihood has no maximum"
        if model.q <= 1:
            what = "values of orders differ so much that their mean is not finite: "
            what += f"q is {model.q:.2f}, and must be above 1"
        return _Fit("gamma_gamma", evidence, what)
    found = {"p": model.p, "q": model.q, "v": model.v, "prior_orders": model.prior_orders}
    found = {name: value for name, value in found.items() if np.isfinite(value)} | {"mean_value": model.mean_value}
    if np.isfinite(model.log_likelihood):
        evidence = {"log_likelihood": model.log_likelihood, **evidence}
    return _Fit("gamma_gamma", {**found, **evidence}, note=_note_of_values(model))


def _note_of_values(model: GammaGamma) -> str | None:
    """Return what the model is the limit of."""
    if np.isinf(model.p) and np.isinf(model.q):
        return "all orders are worth the same, so there is no likelihood, and every order is expected to be worth that"
    if np.isinf(model.p):
        return "orders of a customer hardly differ in value, so the mean of the customer's own counts alone"
    if np.isinf(model.q):
        return "values of orders hardly differ between customers, so the mean of all holds for everybody"
    return None


def tabulate_orders(
    parameters: pd.DataFrame, pairs: pd.DataFrame, horizons: Mapping[str, Sequence[int]], discount_rate: float
) -> pa.Table:
    """Return expected orders, divided by the probability to be alive, for every pair of repeat orders and age.

    Parameters
    ----------
    parameters : DataFrame
        What `fit_value` returned.
    pairs : DataFrame
        One row per dataset, repeat_orders and age_days that occurs.
    horizons : mapping of str to sequence of int
        Days ahead, for each data set.
    discount_rate : float
        Per year; an order within t days is worth 1 / (1 + rate) ** (t / 365) of one today.

    Returns
    -------
    pyarrow.Table
        Rows of `FACTORS`, ordered; none for a data set without a model.
    """
    require_columns(parameters, PARAMETERS.names, table="value_parameters")
    require_columns(pairs, ["dataset", "repeat_orders", "age_days"], table="value_pairs")
    tables = [
        _factors(dataset, model, own, horizon, discount_rate)
        for dataset, model in _models(parameters)
        for own in [pairs[pairs["dataset"] == dataset].sort_values(["repeat_orders", "age_days"])]
        for horizon in horizons[dataset]
    ]
    return pa.concat_tables([FACTORS.empty_table(), *tables])


def _models(parameters: pd.DataFrame) -> Iterator[tuple[str, BgNbd]]:
    """Yield the data sets with a BG/NBD model, and the model."""
    fitted = parameters[(parameters["model"] == "bg_nbd") & parameters["value_double"].notna()]
    for dataset, rows in fitted.groupby("dataset"):
        found = dict(zip(rows["parameter"], rows["value_double"].astype(float), strict=True))
        if found.keys() & set(BG_NBD):
            r, alpha, a, b = (found.get(name, np.nan) for name in BG_NBD[:4])
            yield str(dataset), BgNbd(r, alpha, a, b, rate=found.get("rate"), stop=found.get("stop"))


def _factors(dataset: str, model: BgNbd, pairs: pd.DataFrame, horizon: int, discount_rate: float) -> pa.Table:
    """Return the rows of one data set and horizon."""
    x, age = _floats(pairs, "repeat_orders"), _floats(pairs, "age_days")
    ends = [*np.arange(STEP_DAYS, horizon, STEP_DAYS), float(horizon)]
    until = orders_if_alive(model, x[:, None], age[:, None], np.array(ends)[None, :])
    middles = (np.array([0.0, *ends[:-1]]) + ends) / 2
    within = np.diff(until, axis=1, prepend=0.0)
    discounted = (within / (1 + discount_rate) ** (middles / DAYS_PER_YEAR)).sum(axis=1)
    return pa.table(
        {
            "dataset": [dataset] * len(x),
            "repeat_orders": x.astype(np.int64),
            "age_days": age.astype(np.int64),
            "horizon_days": np.full(len(x), horizon, dtype=np.int32),
            "orders_if_alive": np.round(until[:, -1], DECIMALS),
            "discounted_orders_if_alive": np.round(discounted, DECIMALS),
        },
        schema=FACTORS,
    )
