"""K-means by scikit-learn, on weighted features, with an answer that depends on data and seed alone."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

from segmentation.columns import FloatArray
from segmentation.distances import Clustering, MixedData, Prototypes, assign

STARTS = 8
"""Starts of k-means++ per k; the cheapest wins."""


def fit_kmeans(data: MixedData, k: int, *, seed: int, start: Prototypes | None = None) -> Clustering:
    """Fit k centroids.

    Weights enter by scaling each column with the root of its weight before the fit and dividing it out after.

    Parameters
    ----------
    data : MixedData
        At least k distinct customers, with numeric features of positive weight alone.
    k : int
        Number of segments.
    seed : int
        Seed of k-means++ (Arthur and Vassilvitskii 2007).
    start : Prototypes or None, default None
        Centroids to start from in place of k-means++.

    Returns
    -------
    Clustering
        Labels are those of the nearest centroid.
    """
    roots = np.sqrt(data.weights)
    init: str | FloatArray = "k-means++" if start is None else start.centroids * roots
    estimator = KMeans(k, init=init, n_init=STARTS if start is None else 1, tol=1e-6, random_state=seed)
    with warnings.catch_warnings():
        # Fewer distinct centroids than k show as an empty segment, which is a row and not a line on the console.
        warnings.simplefilter("ignore", ConvergenceWarning)
        estimator.fit(data.weighted())
    centroids = np.asarray(estimator.cluster_centers_, dtype=np.float64) / roots
    return assign(data, Prototypes(centroids, np.empty((k, 0), dtype=np.int64)))
