"""Scaling of numeric features: impute, clip, transform, then centre and divide.

The order is fixed and the same in SQL: ``z = (transform(clip(coalesce(x, impute))) - center) / scale``. A scaler is
fitted on the sample of eligible customers and is frozen with the model version.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from segmentation.columns import FloatArray

Transform = Literal["none", "log", "yeo_johnson"]
Scale = Literal["none", "standard", "robust", "minmax"]
Impute = Literal["median", "mean", "zero"] | float

CONSTANT_TOLERANCE = 1e-9
"""A feature counts as constant when its deviation is below this share of its largest magnitude.

An absolute threshold would call small units constant and large ones varying. Below this share a double keeps fewer
than seven digits of the differences, and two engines no longer agree on a scaled value.
"""

LAMBDA_RANGE = (-3.0, 5.0)
"""Yeo-Johnson lambdas that are tried; 1 is the identity, 0 the logarithm of 1 + x, 2 its mirror for negatives.

Likelihoods that rise beyond belong to values far from zero with little spread, which no power brings into shape.
"""


@dataclass(frozen=True, slots=True)
class NumericScaler:
    """One numeric feature's way from raw units into the space of distances.

    Attributes
    ----------
    transform : {'none', 'log', 'yeo_johnson'}
        Applied after clipping.
    impute : float
        Takes the place of a missing value, in raw units.
    clip_low, clip_high : float or None
        Bounds in raw units; None where the feature is not clipped.
    yeo_johnson_lambda : float or None
        Exponent of the Yeo-Johnson transform, None for the others.
    center, scale : float
        Subtracted from, and divided into, the transformed value.
    weight : float
        Weight of the squared difference in a distance; 0 leaves the feature out.
    notes : tuple of str
        What an analyst should know about the fit of this feature.
    """

    transform: Transform
    impute: float
    clip_low: float | None
    clip_high: float | None
    yeo_johnson_lambda: float | None
    center: float
    scale: float
    weight: float
    notes: tuple[str, ...] = ()

    def apply(self, values: FloatArray) -> FloatArray:
        """Scale raw values.

        Parameters
        ----------
        values : ndarray of shape (n,)
            Raw values; NaN and infinities are missing.

        Returns
        -------
        ndarray of shape (n,)
            Scaled values, without unit.
        """
        present = np.where(np.isfinite(values), values, self.impute)
        if self.clip_low is not None and self.clip_high is not None:
            present = np.clip(present, self.clip_low, self.clip_high)
        return np.asarray((_transformed(present, self.transform, self.yeo_johnson_lambda) - self.center) / self.scale)

    def invert(self, scaled: FloatArray) -> FloatArray:
        """Return raw values that have these scaled values, for telling a centroid in the feature's own unit.

        Parameters
        ----------
        scaled : ndarray of shape (n,)
            Scaled values. Beyond the image of a Yeo-Johnson transform the result is infinite.

        Returns
        -------
        ndarray of shape (n,)
            Values in raw units; clipping and imputation are not undone.
        """
        t = np.asarray(scaled, dtype=np.float64) * self.scale + self.center
        with np.errstate(over="ignore", divide="ignore"):
            if self.transform == "log":
                return np.asarray(np.sign(t) * np.expm1(np.abs(t)))
            if self.transform == "yeo_johnson" and self.yeo_johnson_lambda is not None:
                rate = self.yeo_johnson_lambda
                positive = _inverse_power(np.maximum(t, 0.0), rate)
                return np.asarray(np.where(t >= 0, positive, -_inverse_power(np.maximum(-t, 0.0), 2.0 - rate)))
        return np.asarray(t)


def fit_scaler(
    values: FloatArray,
    *,
    transform: Transform = "none",
    clip: tuple[float, float] | None = None,
    scale: Scale = "standard",
    impute: Impute = "median",
    weight: float = 1.0,
) -> NumericScaler:
    """Fit the scaling of one numeric feature.

    Imputation values and clip quantiles come from the observed values; centre, scale and lambda from all rows after
    imputation, so that the scaled sample as it enters the distances has mean 0 and deviation 1 under `standard`.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Raw values of the sample; NaN and infinities are missing. Zero rows are allowed.
    transform : {'none', 'log', 'yeo_johnson'}, default 'none'
        log is ``sign(x) * ln(1 + |x|)``; yeo_johnson takes its lambda by maximum likelihood (Yeo and Johnson 2000).
    clip : (float, float) or None, default None
        Quantiles, in 0..1, beyond which values are set to the quantile (linear between order statistics).
    scale : {'standard', 'robust', 'minmax', 'none'}, default 'standard'
        Mean and population deviation (divisor n), median and interquartile range, or minimum and range.
    impute : {'median', 'mean', 'zero'} or float, default 'median'
        Value for missing ones.
    weight : float, default 1.0
        Weight of the feature in squared distances.

    Returns
    -------
    NumericScaler
        With weight 0 and a note where the feature does not vary.

    Examples
    --------
    >>> scaler = fit_scaler(np.array([1.0, 3.0, np.nan]), impute="mean")
    >>> scaler.center, scaler.impute
    (2.0, 2.0)
    """
    values = np.asarray(values, dtype=np.float64)
    observed = values[np.isfinite(values)]
    if observed.size == 0:
        reason = "left out: no values"
        return NumericScaler("none", 0.0, None, None, None, 0.0, 1.0, 0.0, (reason,))
    fill = _fill_value(observed, impute)
    present = np.where(np.isfinite(values), values, fill)
    low, high = (None, None)
    if clip is not None:
        low, high = (float(bound) for bound in np.quantile(observed, clip))
        present = np.clip(present, low, high)
    rate = _fit_lambda(present) if transform == "yeo_johnson" else None
    t = _transformed(present, transform, rate)
    center, spread, notes = _center_and_scale(t, scale)
    _, deviation = _mean_and_deviation(t)
    if deviation <= CONSTANT_TOLERANCE * float(np.max(np.abs(t))):
        # The centre is kept, so that the scaled column is about 0 and a reader sees at what value it stands still.
        return NumericScaler(transform, fill, low, high, rate, center, 1.0, 0.0, ("left out: constant",))
    if not (np.isfinite(center) and np.isfinite(spread)):
        peak = float(np.max(np.abs(t)))
        return NumericScaler(transform, fill, low, high, rate, 0.0, peak, 0.0, ("left out: range beyond a double",))
    if weight == 0:
        notes = (*notes, "left out: weight 0")
    return NumericScaler(transform, fill, low, high, rate, center, spread, float(weight), notes)


def _fill_value(observed: FloatArray, impute: Impute) -> float:
    """Return the value, in raw units, that stands for a missing one."""
    if impute == "median":
        return float(np.median(observed))
    if impute == "mean":
        return _mean_and_deviation(observed)[0]
    if impute == "zero":
        return 0.0
    return float(impute)


def _center_and_scale(t: FloatArray, scale: Scale) -> tuple[float, float, tuple[str, ...]]:
    """Return centre, scale and notes for the transformed values."""
    if scale == "none":
        return 0.0, 1.0, ()
    if scale == "minmax":
        low = float(np.min(t))
        return low, float(np.max(t)) - low, ()
    mean, deviation = _mean_and_deviation(t)
    if scale == "standard":
        return mean, deviation, ()
    quarter, median, three_quarters = (float(q) for q in np.quantile(t, [0.25, 0.5, 0.75]))
    if three_quarters - quarter > CONSTANT_TOLERANCE * float(np.max(np.abs(t))):
        return median, three_quarters - quarter, ()
    # A feature that is zero for most customers has no interquartile range, yet tells the others apart.
    return median, deviation, ("interquartile range is 0: scaled by the standard deviation",)


def _mean_and_deviation(values: FloatArray) -> tuple[float, float]:
    """Return mean and population deviation, by two passes over values brought below 1 by a power of two.

    The power of two costs no digit and keeps squares of huge or tiny values within a double.
    """
    peak = float(np.max(np.abs(values)))
    if peak == 0:
        return 0.0, 0.0
    exponent = int(np.frexp(peak)[1])
    unit = np.ldexp(values, -exponent)
    mean = float(np.mean(unit))
    mean += float(np.mean(unit - mean))
    deviation = float(np.sqrt(np.mean((unit - mean) ** 2)))
    return float(np.ldexp(mean, exponent)), float(np.ldexp(deviation, exponent))


def _transformed(x: FloatArray, transform: Transform, rate: float | None) -> FloatArray:
    """Apply the transform; `rate` is the lambda of Yeo-Johnson."""
    if transform == "log":
        return np.asarray(np.sign(x) * np.log1p(np.abs(x)))
    if transform == "yeo_johnson" and rate is not None:
        return _yeo_johnson(x, rate)
    return x


def _yeo_johnson(x: FloatArray, rate: float) -> FloatArray:
    """Return the Yeo-Johnson transform (Yeo and Johnson 2000, Biometrika 87, equation 2.1)."""
    with np.errstate(over="ignore"):
        positive = _power(np.maximum(x, 0.0), rate)
        return np.asarray(np.where(x >= 0, positive, -_power(np.maximum(-x, 0.0), 2.0 - rate)))


def _power(x: FloatArray, rate: float) -> FloatArray:
    """Return ((1 + x)**rate - 1) / rate for x >= 0, its limit ln(1 + x) at rate 0."""
    log = np.log1p(x)
    return np.asarray(log if rate == 0 else np.expm1(rate * log) / rate)


def _inverse_power(t: FloatArray, rate: float) -> FloatArray:
    """Return the x >= 0 with _power(x, rate) = t, infinite beyond its image."""
    return np.asarray(np.expm1(t) if rate == 0 else np.expm1(np.log1p(np.maximum(rate * t, -1.0)) / rate))


def _fit_lambda(x: FloatArray) -> float:
    """Return the lambda of highest likelihood, to four decimals.

    The profile log-likelihood is -n/2 ln var(t) + (lambda - 1) sum sign(x) ln(1 + |x|). Lambdas under which the
    transform overflows, or squeezes the values together until their differences are rounding noise (which the formula
    would reward without limit), are excluded. Four decimals are far below the sampling error and keep a
    lambda away from the cancellation near 0 and 2, so that a plain power in SQL gives the same value.
    """
    slope = float(np.mean(np.sign(x) * np.log1p(np.abs(x))))

    def loss(rate: float) -> float:
        t = _yeo_johnson(x, rate)
        if not np.all(np.isfinite(t)):
            return float("inf")
        _, deviation = _mean_and_deviation(t)
        if deviation <= 100 * CONSTANT_TOLERANCE * float(np.max(np.abs(t))):
            return float("inf")
        return float(np.log(deviation)) - (rate - 1.0) * slope

    grid = np.linspace(*LAMBDA_RANGE, 17)
    losses = np.array([loss(float(rate)) for rate in grid])
    if not np.any(np.isfinite(losses)):
        return 1.0
    best = int(np.argmin(losses))
    low, high = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, grid.size - 1)])
    # A quarter of a second, which whoever only applies a scaling need not spend.
    from scipy.optimize import minimize_scalar  # noqa: PLC0415

    found = minimize_scalar(lambda rate: min(loss(rate), 1e300), bounds=(low, high), method="bounded")
    candidates = [round(float(found.x), 4), float(grid[best])]
    return min(candidates, key=loss)
