"""Valleys between segments: whether customers are rare between two segments, or a border was drawn through a crowd."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from segmentation.columns import BoolArray, FloatArray, IntArray
from segmentation.distances import Clustering, MixedData

GRID = 128

BANDWIDTH = 1.0
"""Of the rule of thumb, 0.9 min(deviation, range / 1.34) n**(-1/5), taken within the segments."""

RIDGE = 1e-3

TURNS = 5

ATOM_SHARE = 0.01
"""Share of customers from which a value that they have in common leaves gaps by its nature, as counts and zeros do."""

FEWEST = 2
"""Customers that a segment needs to have a spread."""


@dataclass(frozen=True, slots=True)
class Valleys:
    """Valleys between every two segments.

    Attributes
    ----------
    depth : ndarray of shape (k, k)
        How much lower the density is between two segments than at the lower of their peaks, 0 (no valley) to 1.
    strength : ndarray of shape (k, k)
        The same in standard errors.
    """

    depth: FloatArray
    strength: FloatArray


def valleys(data: MixedData, fit: Clustering) -> Valleys:
    """Measure the valley between every two segments.

    The customers of both are projected on the direction that separates them best (the linear discriminant), and their
    density on it is smoothed. One group that was cut in two has a density with one peak in whatever direction.

    Parameters
    ----------
    data : MixedData
        n customers.
    fit : Clustering
        Their clustering in k segments.
    """
    k = len(fit.prototypes)
    depth, strength = np.zeros((k, k)), np.zeros((k, k))
    numbers = data.weighted()
    number_steps = half_steps(numbers)
    modes = fit.prototypes.modes
    members = [np.flatnonzero(fit.labels == segment) for segment in range(k)]
    for one in range(k):
        for other in range(one):
            differs = np.flatnonzero(modes[one] != modes[other])
            if min(len(members[one]), len(members[other])) < FEWEST or numbers.shape[1] + len(differs) == 0:
                continue
            first = _coordinates(data, numbers, members[one], differs, modes[one], modes[other])
            second = _coordinates(data, numbers, members[other], differs, modes[one], modes[other])
            elsewhere = np.flatnonzero((fit.labels != one) & (fit.labels != other))
            others = _coordinates(data, numbers, elsewhere, differs, modes[one], modes[other])
            steps = np.concatenate([number_steps, np.sqrt(data.gammas[differs] / 2)])
            noise = np.random.default_rng([one, other]).standard_normal(len(data))
            depth[one, other], strength[one, other] = _deepest(first, second, others, steps, noise)
    return Valleys(depth + depth.T, strength + strength.T)


def half_steps(numbers: FloatArray) -> FloatArray:
    """Return half the widest gap beside a value that many customers have in common, 0 for a number without such values.

    A gap ends where as many customers lie beyond the value as share it, or half of those beyond where these are fewer:
    for counts that is the next one or two, for a zero that many have the middle of the rest.

    Parameters
    ----------
    numbers : ndarray of shape (n, p)
        n customers.

    Returns
    -------
    ndarray of shape (p,)
        In units of the numbers.
    """
    n, p = numbers.shape
    steps = np.zeros(p)
    enough = max(int(np.ceil(ATOM_SHARE * n)), FEWEST)
    for feature in range(p):
        ordered = np.sort(numbers[:, feature])
        values, starts, counts = np.unique(ordered, return_index=True, return_counts=True)
        atoms = counts >= enough
        first, end = starts[atoms], starts[atoms] + counts[atoms]
        above = end + np.minimum(counts[atoms], (n - end) // 2)
        below = first - 1 - np.minimum(counts[atoms], first // 2)
        up = ordered[np.minimum(above, n - 1)] - values[atoms]
        down = values[atoms] - ordered[np.maximum(below, 0)]
        # Fewer customers than make a value common are no other side of a gap.
        gaps = np.concatenate([up[n - end >= enough], down[first >= enough]])
        steps[feature] = gaps.max(initial=0.0) / 2
    return steps


def _coordinates(
    data: MixedData, numbers: FloatArray, rows: IntArray, differs: IntArray, one: IntArray, other: IntArray
) -> FloatArray:
    """Return numbers, and for each category on which two modes differ, which of them a customer agrees with."""
    codes = data.codes[np.ix_(rows, differs)]
    contrast = (codes == one[differs]).astype(np.float64) - (codes == other[differs])
    return np.column_stack([numbers[rows], contrast * np.sqrt(data.gammas[differs] / 2)])


def _deepest(
    first: FloatArray, second: FloatArray, others: FloatArray, steps: FloatArray, noise: FloatArray
) -> tuple[float, float]:
    """Return depth and strength of the valley, with the discriminant turned until it settles.

    Segments of k-means end where the distances are equal, be the groups round or not. Cut at the bottom of the valley
    instead, they give a better discriminant, and so on.

    A category has gaps between its levels by its nature, and so has a number with values that many customers share.
    Noise as wide as half the largest step that one feature makes on the discriminant closes them: one such feature
    alone then makes no valley, several that go together do.

    Two parts of one crowd may have a gap where a third part lies. In the depth, customers of others therefore count as
    far as they are as near to the line between the two means as the customers of both.
    """
    points = np.concatenate([first, second])
    is_first = np.arange(len(points)) < len(first)
    best = (0.0, 0.0)
    alone = noise[: len(points)]
    split: BoolArray | None = None
    for _ in range(TURNS):
        axis, _ = _discriminant(points[is_first], points[~is_first], steps)
        projected = points @ axis + alone * np.max(np.abs(axis) * steps, initial=0.0)
        depth, strength, bottom = _valley(projected, is_first)
        if strength > best[1]:
            best, split = (depth, strength), is_first
        turned = projected > bottom
        if np.array_equal(turned, is_first) or min(turned.sum(), (~turned).sum()) < FEWEST:
            break
        is_first = turned
    if split is None or len(others) == 0:
        return best
    axis, within = _discriminant(points[split], points[~split], steps)
    everybody = np.concatenate([points, others])
    weights = _nearness(everybody, points[split].mean(axis=0), points[~split].mean(axis=0), within, len(points))
    projected = everybody @ axis + noise * np.max(np.abs(axis) * steps, initial=0.0)
    depth, _, _ = _valley(projected[: len(points)], split, projected[len(points) :], weights[len(points) :])
    return min(depth, best[0]), best[1]


def _nearness(
    everybody: FloatArray, first: FloatArray, second: FloatArray, within: FloatArray, n_members: int
) -> FloatArray:
    """Return for each customer a weight that falls with the distance from the line between two means.

    1 up to the mean squared distance of the members, who come first; distances are in the spread within the groups.
    """
    centered = everybody - (first + second) / 2
    scaled = np.linalg.solve(within, centered.T).T
    axis = np.linalg.solve(within, first - second)
    along = (centered @ axis) ** 2 / max(float((first - second) @ axis), np.finfo(float).tiny)
    squares = (centered * scaled).sum(axis=1) - along
    return np.asarray(np.exp(-np.maximum(squares - squares[:n_members].mean(), 0.0) / 2))


def _discriminant(first: FloatArray, second: FloatArray, steps: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the direction that separates two samples best for their spread, with the first on the upper side.

    And the covariance within both.

    What has steps counts as if it had a spread of half a step more: a direction of many steps is closed by less noise.
    """
    difference = first.mean(axis=0) - second.mean(axis=0)
    within = (_scatter(first) + _scatter(second)) / (len(first) + len(second)) + np.diag(steps**2)
    within += RIDGE * max(float(np.trace(within)), 1e-12) / len(within) * np.eye(len(within))
    return np.asarray(np.linalg.solve(within, difference)), within


def _scatter(points: FloatArray) -> FloatArray:
    """Return the sum of squares and products about the mean."""
    centered = points - points.mean(axis=0)
    return np.asarray(centered.T @ centered)


def _valley(
    together: FloatArray, is_first: BoolArray, others: FloatArray | None = None, weights: FloatArray | None = None
) -> tuple[float, float, float]:
    """Return depth, strength and place of the deepest valley of a density, which two samples make up.

    With others, who have weights, it is the deepest between the medians of the two.
    """
    n = len(together)
    first, second = together[is_first], together[~is_first]
    spread = float(np.sqrt((len(first) * first.var() + len(second) * second.var()) / n))
    low, high = float(together.min()), float(together.max())
    if not (spread > 0 and high > low):
        return (1.0, float(np.sqrt(n)), (low + high) / 2) if high > low else (0.0, 0.0, low)
    low, high = (float(quantile) for quantile in np.quantile(together, [0.005, 0.995]))
    low, high = low - spread, high + spread
    counts, _ = np.histogram(together, bins=GRID, range=(low, high))
    width = (high - low) / GRID
    bandwidth = max(BANDWIDTH * 0.9 * spread * n**-0.2 / width, 0.5)
    density = gaussian_filter1d(counts.astype(np.float64), bandwidth, mode="constant")
    start, end = 0, GRID
    if others is not None:
        filling, _ = np.histogram(others, bins=GRID, range=(low, high), weights=weights)
        density += gaussian_filter1d(filling, bandwidth, mode="constant")
        middles = (np.array([np.median(second), np.median(first)]) - low) / width
        start, end = min(max(int(middles.min()), 0), GRID - 1), max(int(middles.max()) + 1, 1)
    density = density[start:end]
    lower = np.minimum(np.maximum.accumulate(density), np.maximum.accumulate(density[::-1])[::-1])
    # Counts within the width of the kernel, whose roots have a variance of about a quarter.
    effective = 2 * np.sqrt(np.pi) * bandwidth
    strength = np.sqrt(2) * (np.sqrt(lower * effective) - np.sqrt(density * effective))
    place = int(np.argmax(strength))
    depth = float(1 - density[place] / lower[place]) if lower[place] > 0 else 0.0
    return depth, float(strength[place]), low + (start + place + 0.5) * width
