"""Customers with groups that are known, and customers without any: what a choice of k and a verdict are measured by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from segmentation.distances import MixedData
from segmentation.kprototypes import estimate_gamma

STRUCTURELESS = ("normal", "correlated normal", "uniform", "log-normal", "independent categories")
MONTE_CARLO_ROWS = 4_000
SEPARABLE_ERROR = 0.05
"""Bayes error up to which groups count as separable: what nobody can tell apart, no method need find."""


@dataclass(frozen=True)
class Planted:
    """Customers with known groups; `bayes_error` is the share that the true densities put into a wrong one."""

    data: MixedData
    groups: NDArray[np.int64]
    k: int
    bayes_error: float
    description: str


@dataclass(frozen=True)
class _World:
    """Groups of normal or t-distributed numbers and of levels with probabilities of their own."""

    shares: NDArray[np.float64]
    centers: NDArray[np.float64]
    roots: NDArray[np.float64]
    degrees: float
    levels: NDArray[np.float64]

    def draw(
        self, n: int, scale: float, rng: np.random.Generator
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
        """Return group, numbers and codes of n customers, group centres `scale` apart."""
        k, p = self.centers.shape
        group = rng.choice(k, n, p=self.shares)
        noise = np.einsum("nij,nj->ni", self.roots[group], rng.standard_normal((n, p)))
        if np.isfinite(self.degrees):
            noise /= np.sqrt(rng.chisquare(self.degrees, n) / self.degrees)[:, None]
        cumulated = self.levels.cumsum(axis=2)
        draws = rng.random((n, self.levels.shape[1]))
        codes = (draws[:, :, None] > cumulated[group][:, :, :-1]).sum(axis=2)
        return group, scale * self.centers[group] + noise, codes

    def bayes_error(self, scale: float, rng: np.random.Generator) -> float:
        """Return the error of the best possible assignment, by Monte Carlo."""
        group, numbers, codes = self.draw(MONTE_CARLO_ROWS, scale, rng)
        k, p = self.centers.shape
        scores = np.empty((len(group), k))
        for j in range(k):
            residual = np.linalg.solve(self.roots[j], (numbers - scale * self.centers[j]).T)
            squares = (residual**2).sum(axis=0)
            if np.isfinite(self.degrees):
                log_density = gammaln((self.degrees + p) / 2) - (self.degrees + p) / 2 * np.log1p(
                    squares / self.degrees
                )
            else:
                log_density = -squares / 2
            log_density = log_density - np.linalg.slogdet(self.roots[j])[1] + np.log(self.shares[j])
            for feature in range(self.levels.shape[1]):
                log_density = log_density + np.log(self.levels[j, feature, codes[:, feature]])
            scores[:, j] = log_density
        return float(np.mean(scores.argmax(axis=1) != group))


def planted(seed: int) -> Planted:
    """Return customers with 2 to 8 groups of random overlap, imbalance, correlation and tails, some with categories.

    Parameters
    ----------
    seed : int
        The same seed gives the same customers.
    """
    rng = np.random.default_rng([seed, 100])
    k, p = int(rng.integers(2, 9)), int(rng.integers(2, 7))
    q = int(rng.integers(1, 4)) if rng.random() < 1 / 3 else 0
    shares = rng.dirichlet(np.full(k, 4.0)) if rng.integers(2) else np.ones(k)
    shares = np.maximum(shares / shares.sum(), 0.05)
    shares /= shares.sum()
    correlation = float(rng.choice([0.0, 0.3, 0.6]))
    degrees = float(rng.choice([np.inf, 5.0]))
    world = _World(shares, _centers(k, p, rng), _roots(k, p, correlation, rng), degrees, _levels(k, q, rng))
    wanted = float(np.exp(rng.uniform(np.log(0.002), np.log(0.12))))
    low, high = 0.0, 60.0
    for _ in range(12):
        middle = (low + high) / 2
        if world.bayes_error(middle, np.random.default_rng(seed)) > wanted:
            low = middle
        else:
            high = middle
    n = int(rng.integers(1_000, 4_000))
    group, numbers, codes = world.draw(n, high, rng)
    error = world.bayes_error(high, np.random.default_rng([seed, 1]))
    text = f"p={p} q={q} balance={shares.min() / shares.max():.2f} correlation={correlation} degrees={degrees:g}"
    return Planted(scaled(numbers, codes), group, k, error, text)


def structureless(seed: int) -> tuple[MixedData, str]:
    """Return customers without groups, and of which kind they are.

    Parameters
    ----------
    seed : int
        The kinds take turns.
    """
    rng = np.random.default_rng([seed, 200])
    kind = STRUCTURELESS[seed % len(STRUCTURELESS)]
    n, p = int(rng.integers(1_000, 4_000)), int(rng.integers(2, 7))
    codes = np.empty((n, 0), dtype=np.int64)
    numbers = rng.standard_normal((n, p))
    if kind == "correlated normal":
        numbers = numbers @ _roots(1, p, float(rng.choice([0.3, 0.6, 0.9])), rng)[0].T
    elif kind == "uniform":
        numbers = rng.random((n, p))
    elif kind == "log-normal":
        numbers = np.exp(rng.uniform(0.5, 1.0) * numbers)
    elif kind == "independent categories":
        numbers = numbers[:, : int(rng.integers(0, 3))]
        codes = np.column_stack(
            [rng.choice(levels, n, p=rng.dirichlet(np.full(levels, 3.0))) for levels in rng.integers(2, 7, 5)]
        )
    return scaled(numbers, codes), kind


def scaled(numbers: NDArray[np.float64], codes: NDArray[np.int64]) -> MixedData:
    """Return customers in standard units, with gamma estimated."""
    numbers = (numbers - numbers.mean(axis=0)) / numbers.std(axis=0) if numbers.shape[1] else numbers
    data = MixedData(numbers, np.ones(numbers.shape[1]), codes.astype(np.int64), np.ones(codes.shape[1]))
    return MixedData(data.numeric, data.weights, data.codes, data.gammas * estimate_gamma(data))


def _centers(k: int, p: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return centres of which no two are much closer than the others."""
    while True:
        centers = rng.standard_normal((k, p))
        squares = ((centers[:, None] - centers[None]) ** 2).sum(axis=2) + 1e9 * np.eye(k)
        nearest = np.sqrt(squares.min(axis=1))
        if nearest.min() >= 0.6 * nearest.mean():
            return centers


def _roots(k: int, p: int, correlation: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return roots of correlation matrices, each with signs of its own."""
    signs = rng.choice([-1.0, 1.0], (k, p))
    matrices = (1 - correlation) * np.eye(p) + correlation * signs[:, :, None] * signs[:, None, :]
    return np.linalg.cholesky(matrices)


def _levels(k: int, q: int, rng: np.random.Generator, n_levels: int = 4) -> NDArray[np.float64]:
    """Return probabilities of levels by group and feature, shape (k, q, levels)."""
    return rng.dirichlet(np.full(n_levels, 0.8), (k, q)) * 0.96 + 0.01
