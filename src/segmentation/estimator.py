"""K-prototypes as an estimator in the style of scikit-learn, for frames and arrays outside a warehouse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClusterMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from segmentation.columns import MISSING_LEVEL, FloatArray, IntArray, TextArray, encode_levels, to_floats
from segmentation.distances import MixedData, Prototypes, chunks_of, nearest, squared_distances
from segmentation.kprototypes import default_starts, estimate_gamma, fit_kprototypes
from segmentation.refinement import Real, mapping
from segmentation.starts import START_NAMES, StartName

Init = StartName | Literal["auto"] | Prototypes | tuple[Any, Any]


class KPrototypes(ClusterMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Cluster customers by numbers, categories or both.

    The squared distance of a customer to a prototype is ``sum_f w_f (x_f - c_f)**2 + sum_g w_g gamma_g [level
    differs]``. Without categories this is k-means, without numbers k-modes.

    Parameters
    ----------
    n_clusters : int, default 8
        Number of segments.
    categorical : sequence of str or int, or "auto", default "auto"
        Columns that are categories, by name or position; "auto" takes those of a frame that hold no numbers, booleans
        included, and none of an array. Decimals and numbers in a column of objects are numbers.
    init : {"auto", "cao", "huang", "k-means++"} or (centroids, modes), default "auto"
        Where to start; "auto" is one start of Cao and k-means++ for the others. A pair of arrays of shapes
        (n_clusters, numbers) and (n_clusters, categories), the latter of levels, is a warm start.
    n_init : int, default 4
        Number of starts; one for Cao's alone and for a warm start, which would only be repeated.
    gamma : float, sequence of float, mapping of column to float, or "auto", default "auto"
        Cost of a differing level, for all or for each categorical column. "auto" is the mean variance of the numbers
        over the mean heterogeneity of the categories (`lambdaest` of clustMixType).
    feature_weights : mapping of column to float or None, default None
        Weights of columns in the distance; 1 where not named.
    max_iter : int, default 100
        Iterations per start.
    dtype : {"float64", "float32"}, default "float64"
        Precision of the iterations; the final prototypes, labels and cost are of double precision.
    n_threads : int, default 2
        Threads; the result does not depend on them.
    random_state : int, default 0
        Seed of every draw.

    Attributes
    ----------
    cluster_centroids_ : ndarray of shape (n_clusters, numbers)
        Means of the numeric columns.
    cluster_modes_ : ndarray of shape (n_clusters, categories), dtype object
        Most frequent levels.
    labels_ : ndarray of shape (n,)
        Nearest prototype of every row that was fitted.
    cost_ : float
        Sum of squared distances to it.
    gamma_ : ndarray of shape (categories,)
        Cost of a differing level, without feature weights.
    levels_ : list of ndarray
        Levels of each categorical column in the fit, sorted.
    imputation_ : ndarray of shape (numbers,)
        What stands in for a missing number: the mean of the fit.
    n_features_in_ : int
        Number of columns.

    Notes
    -----
    A missing number is the mean of those fitted, so that it pulls to no side. A missing category is a level of its own,
    ``(missing)``. A level that the fit has not seen differs from that of every prototype. Scoring in SQL does the same
    with what the model stores. A value has one level whatever the type of its column: a column of booleans that is read
    again with missing values keeps its levels. Numbers are taken as they are: scale them before.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"spend": [1.0, 1.2, 9.0, 9.5], "channel": ["web", "web", "shop", "shop"]})
    >>> model = KPrototypes(2).fit(frame)
    >>> sorted(model.cluster_modes_[:, 0])
    ['shop', 'web']
    >>> bool(model.predict(frame)[0] == model.predict(frame)[1])
    True
    """

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        categorical: Sequence[str | int] | Literal["auto"] = "auto",
        init: Init = "auto",
        n_init: int = 4,
        gamma: float | Sequence[float] | Mapping[Any, float] | Literal["auto"] = "auto",
        feature_weights: Mapping[Any, float] | None = None,
        max_iter: int = 100,
        dtype: Literal["float64", "float32"] = "float64",
        n_threads: int = 2,
        random_state: int = 0,
    ) -> None:
        self.n_clusters = n_clusters
        self.categorical = categorical
        self.init = init
        self.n_init = n_init
        self.gamma = gamma
        self.feature_weights = feature_weights
        self.max_iter = max_iter
        self.dtype = dtype
        self.n_threads = n_threads
        self.random_state = random_state

    def fit(self, X: Any, y: object = None, sample_weight: Any = None) -> KPrototypes:  # noqa: ARG002, N803
        """Find the prototypes.

        Parameters
        ----------
        X : DataFrame or array of shape (n, columns)
            At least `n_clusters` rows.
        y : ignored
            Here so that pipelines work.
        sample_weight : array of shape (n,) or None, default None
            Weight of every row, at least 0.

        Returns
        -------
        KPrototypes
            Itself.

        Raises
        ------
        ValueError
            If a parameter or the data cannot be used.
        UserError
            If a numeric column holds text.
        """
        frame = _frame(X)
        self._check(len(frame))
        weights = _row_weights(sample_weight, len(frame))
        self.n_features_in_ = frame.shape[1]
        self.columns_ = list(frame.columns)
        self.categories_ = self._categorical_columns(frame)
        self.numbers_ = [column for column in self.columns_ if column not in self.categories_]
        self.levels_: list[TextArray] = []
        codes = np.empty((len(frame), len(self.categories_)), dtype=np.int64)
        for position, column in enumerate(self.categories_):
            codes[:, position], levels = _encoded_levels(frame[column])
            self.levels_.append(levels)
        numeric = np.column_stack(
            [np.empty((len(frame), 0)), *(to_floats(frame[column])[0] for column in self.numbers_)]
        )
        self.imputation_ = _means(numeric, weights)
        numeric = np.where(np.isnan(numeric), self.imputation_, numeric)
        data = MixedData(numeric, self._weights_of(self.numbers_), codes, self._weights_of(self.categories_))
        self.gamma_ = self._gammas(data, weights)
        data = MixedData(data.numeric, data.weights, data.codes, data.gammas * self.gamma_)
        start = self._given_start()
        precision: type[Real] = np.float32 if self.dtype == "float32" else np.float64
        fit = fit_kprototypes(
            data,
            self.n_clusters,
            seed=self.random_state,
            start=start,
            starts=self._starts(data),
            row_weights=weights,
            dtype=precision,
            n_threads=self.n_threads,
            max_iterations=self.max_iter,
        )
        self.cluster_centroids_ = fit.prototypes.centroids
        self.cluster_modes_ = np.empty(fit.prototypes.modes.shape, dtype=object)
        for position, levels in enumerate(self.levels_):
            self.cluster_modes_[:, position] = levels[fit.prototypes.modes[:, position]]
        self.labels_ = fit.labels
        self.cost_ = fit.cost
        return self

    def predict(self, X: Any) -> IntArray:  # noqa: N803
        """Return the nearest prototype of every row; ties go to the lower one.

        Parameters
        ----------
        X : DataFrame or array of shape (n, columns)
            The columns of the fit.

        Returns
        -------
        ndarray of shape (n,)
            Labels from 0.
        """
        data, prototypes = self._encoded(X)
        labels = np.empty(len(data), dtype=np.int64)

        def label(rows: slice) -> None:
            labels[rows] = nearest(squared_distances(data.take(rows), prototypes))

        with mapping(self.n_threads) as over:
            over(label, chunks_of(len(data), len(prototypes)))
        return labels

    def transform(self, X: Any) -> FloatArray:  # noqa: N803
        """Return distances to every prototype.

        Parameters
        ----------
        X : DataFrame or array of shape (n, columns)
            The columns of the fit.

        Returns
        -------
        ndarray of shape (n, n_clusters)
            Distances, the roots of what `cost_` sums.
        """
        data, prototypes = self._encoded(X)
        distances = np.empty((len(data), len(prototypes)))

        def measure(rows: slice) -> None:
            distances[rows] = np.sqrt(squared_distances(data.take(rows), prototypes))

        with mapping(self.n_threads) as over:
            over(measure, chunks_of(len(data), len(prototypes)))
        return distances

    def _encoded(self, X: Any) -> tuple[MixedData, Prototypes]:  # noqa: N803
        """Return rows and prototypes as arrays; a level unknown to the fit has the code -1."""
        check_is_fitted(self)
        frame = _frame(X)
        absent = [column for column in self.columns_ if column not in frame.columns]
        if absent:
            raise ValueError(f"columns of the fit are absent: {', '.join(map(str, absent))}")
        codes = np.empty((len(frame), len(self.categories_)), dtype=np.int64)
        modes = np.empty(self.cluster_modes_.shape, dtype=np.int64)
        for position, (column, levels) in enumerate(zip(self.categories_, self.levels_, strict=True)):
            known = pd.Index(levels, dtype=object)
            own, found = _encoded_levels(frame[column], known=levels)
            codes[:, position] = known.get_indexer(pd.Index(found, dtype=object))[own]
            modes[:, position] = known.get_indexer(pd.Index(self.cluster_modes_[:, position], dtype=object))
        numeric = np.column_stack(
            [np.empty((len(frame), 0)), *(to_floats(frame[column])[0] for column in self.numbers_)]
        )
        numeric = np.where(np.isnan(numeric), self.imputation_, numeric)
        gammas = self._weights_of(self.categories_) * self.gamma_
        return MixedData(numeric, self._weights_of(self.numbers_), codes, gammas), Prototypes(
            self.cluster_centroids_, modes
        )

    def _check(self, n: int) -> None:
        """Prove the parameters that need no data beyond the number of rows."""
        if not 1 <= self.n_clusters <= n:
            raise ValueError(f"n_clusters must be from 1 to the number of rows, {n}, not {self.n_clusters}")
        if self.dtype not in {"float32", "float64"}:
            raise ValueError(f"dtype must be 'float32' or 'float64', not {self.dtype!r}")
        for name in ("n_init", "max_iter", "n_threads"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        if isinstance(self.init, str) and self.init not in ("auto", *START_NAMES):
            names = ", ".join(["auto", *START_NAMES])
            raise ValueError(f"init must be one of {names}, or (centroids, modes), not {self.init!r}")

    def _categorical_columns(self, frame: pd.DataFrame) -> list[Any]:
        """Return the names of the categorical columns in their order in the frame."""
        if isinstance(self.categorical, str):
            if self.categorical != "auto":
                raise ValueError(f"categorical must be a list of columns or 'auto', not {self.categorical!r}")
            return [column for column in frame if not _holds_numbers(frame[column])]
        columns = list(frame.columns)
        named = {columns[one] if one not in columns and isinstance(one, int) else one for one in self.categorical}
        if not named <= set(columns):
            raise ValueError(f"categorical names columns that are absent: {sorted(map(str, named - set(columns)))}")
        return [column for column in columns if column in named]

    def _weights_of(self, columns: list[Any]) -> FloatArray:
        """Return the weights of columns."""
        weights = self.feature_weights or {}
        unknown = [name for name in weights if name not in self.columns_]
        if unknown:
            raise ValueError(f"feature_weights names columns that are absent: {', '.join(map(str, unknown))}")
        values = np.array([float(weights.get(column, 1.0)) for column in columns])
        if np.any(values < 0) or not np.all(np.isfinite(values)):
            raise ValueError("feature_weights must be finite and at least 0")
        return values

    def _gammas(self, data: MixedData, weights: FloatArray | None) -> FloatArray:
        """Return gamma for every categorical column."""
        if isinstance(self.gamma, str):
            if self.gamma != "auto":
                raise ValueError(f"gamma must be 'auto', a number, or one for each category, not {self.gamma!r}")
            values = np.full(len(self.categories_), estimate_gamma(data, row_weights=weights))
        elif isinstance(self.gamma, Mapping):
            absent = [column for column in self.categories_ if column not in self.gamma]
            if absent:
                raise ValueError(f"gamma has no value for {', '.join(map(str, absent))}")
            values = np.array([float(self.gamma[column]) for column in self.categories_])
        else:
            values = np.asarray(self.gamma, dtype=np.float64)
            if values.ndim and values.shape != (len(self.categories_),):
                raise ValueError(f"gamma must have one value for each of {len(self.categories_)} categorical columns")
            values = np.broadcast_to(values, (len(self.categories_),)).copy()
        if np.any(values < 0) or not np.all(np.isfinite(values)):
            raise ValueError("gamma must be finite and at least 0")
        return values

    def _starts(self, data: MixedData) -> tuple[StartName, ...]:
        """Return the names of the starts to try."""
        if not isinstance(self.init, str) or self.init == "auto":
            return default_starts(data, self.n_init)
        return (self.init,) * (1 if self.init == "cao" else self.n_init)

    def _given_start(self) -> Prototypes | None:
        """Return the prototypes of a warm start."""
        if isinstance(self.init, str):
            return None
        given = (self.init.centroids, self.init.modes) if isinstance(self.init, Prototypes) else self.init
        centroids = np.asarray(given[0], dtype=np.float64).reshape(self.n_clusters, -1)
        levels = np.asarray(given[1], dtype=object).reshape(self.n_clusters, -1)
        if centroids.shape[1] != len(self.numbers_) or levels.shape[1] != len(self.categories_):
            raise ValueError(
                f"init must be centroids of shape ({self.n_clusters}, {len(self.numbers_)}) "
                f"and modes of shape ({self.n_clusters}, {len(self.categories_)})"
            )
        modes = np.empty(levels.shape, dtype=np.int64)
        for position, known in enumerate(self.levels_):
            own, found = _encoded_levels(pd.Series(levels[:, position], dtype=object))
            modes[:, position] = pd.Index(known, dtype=object).get_indexer(pd.Index(found, dtype=object))[own]
        return Prototypes(centroids, modes)


def _frame(X: Any) -> pd.DataFrame:  # noqa: N803
    """Return a table as a frame with distinct column names."""
    frame = X if isinstance(X, pd.DataFrame) else pd.DataFrame(np.asarray(X))
    if frame.columns.has_duplicates:
        raise ValueError("columns must have distinct names")
    if frame.shape[1] == 0:
        raise ValueError("there are no columns")
    return frame


def _holds_numbers(values: pd.Series[Any]) -> bool:
    """Return whether a column holds numbers, of whatever type; truth values are none."""
    if values.dtype == object:
        return pd.api.types.infer_dtype(values) in {"integer", "floating", "mixed-integer-float", "decimal"}
    return pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype)


def _encoded_levels(values: pd.Series[Any], *, known: TextArray | None = None) -> tuple[IntArray, TextArray]:
    """Return a categorical column as codes and levels; `known` are those of the fit."""
    # Truth values with gaps often arrive as 1.0, 0.0 and NaN.
    are_truths = known is not None and set(known) <= {"true", "false", MISSING_LEVEL} and _holds_numbers(values)
    return encode_levels(values, boolean=are_truths)


def _row_weights(sample_weight: Any, n: int) -> FloatArray | None:
    """Return row weights as an array, None for equal ones."""
    if sample_weight is None:
        return None
    weights = np.asarray(sample_weight, dtype=np.float64)
    if weights.shape != (n,):
        raise ValueError(f"sample_weight must have one value for each of {n} rows")
    if not np.all(np.isfinite(weights)) or np.any(weights < 0) or not np.any(weights > 0):
        raise ValueError("sample_weight must be finite, at least 0, and above 0 for some row")
    return weights


def _means(numeric: FloatArray, weights: FloatArray | None) -> FloatArray:
    """Return the means of what is present, 0 for a column without numbers."""
    present = ~np.isnan(numeric)
    each = np.ones(len(numeric)) if weights is None else weights
    totals = (present * each[:, None]).sum(axis=0)
    sums = (np.where(present, numeric, 0.0) * each[:, None]).sum(axis=0)
    return np.asarray(sums / np.where(totals > 0, totals, 1.0))
