"""Reference scorer: the same arithmetic as the SQL, from the parameter rows alone.

It exists to prove the SQL right, and scores a frame without a warehouse. Every row gets a result; who is eligible is
the caller's business.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from segmentation.columns import FloatArray, IntArray, require_columns, to_floats, to_levels
from segmentation.cut_points import N_SCORES, RFM_FEATURES, scores
from segmentation.distances import TIE_DECIMALS, MixedData, Prototypes, assign, nearest, squared_distances
from segmentation.errors import UserError
from segmentation.parameters import ClusterModel, rows_from_frame

CHUNK_ROWS = 50_000


def encode(model: ClusterModel, customers: pd.DataFrame) -> tuple[MixedData, Prototypes]:
    """Scale customers and prototypes into the arrays that distances are taken on.

    Parameters
    ----------
    model : ClusterModel
        The parameters.
    customers : DataFrame of n rows
        The model's features in raw units.

    Returns
    -------
    data : MixedData
        n customers; a level that is no segment's mode has the code -1.
    prototypes : Prototypes
        The model's centroids, and its modes as codes.

    Raises
    ------
    UserError
        If a feature is absent or holds no numbers.
    """
    require_columns(customers, [*model.numeric_names, *model.category_names], table="the table to score")
    numeric = np.empty((len(customers), len(model.numeric_names)))
    for column, name in enumerate(model.numeric_names):
        numeric[:, column] = model.scalers[name].apply(to_floats(customers[name])[0])
    codes = np.empty((len(customers), len(model.category_names)), dtype=np.int64)
    mode_codes = np.empty(model.modes.shape, dtype=np.int64)
    for column, name in enumerate(model.category_names):
        known = pd.Index(sorted(set(model.modes[:, column])), dtype=object)
        levels = to_levels(customers[name], boolean=model.categories[name].is_boolean)
        codes[:, column] = known.get_indexer(pd.Index(levels, dtype=object))
        mode_codes[:, column] = known.get_indexer(pd.Index(model.modes[:, column], dtype=object))
    weights = np.array([model.scalers[name].weight for name in model.numeric_names])
    gammas = np.array([model.categories[name].gamma for name in model.category_names])
    return MixedData(numeric, weights, codes, gammas), Prototypes(model.centroids, mode_codes)


def labels_of(model: ClusterModel, customers: pd.DataFrame) -> IntArray | None:
    """Return the place of every customer's segment among those of the model.

    Parameters
    ----------
    model : ClusterModel
        k segments.
    customers : DataFrame of n rows
        The model's features in raw units.

    Returns
    -------
    ndarray of shape (n,) or None
        From 0 to k - 1; None where a feature of the model is there no more, or holds no numbers any more.
    """
    try:
        return assign(*encode(model, customers)).labels
    except UserError:
        return None


def memberships(squares: FloatArray) -> FloatArray:
    """Return memberships from squared distances: each the inverse square as a share of their sum.

    Parameters
    ----------
    squares : ndarray of shape (n, k)
        Squared distances.

    Returns
    -------
    ndarray of shape (n, k)
        In 0..1, each row sums to 1. A customer at distance 0 belongs to that segment alone, the lowest if several.

    Notes
    -----
    Written with ratios to the smallest square, whose inverse alone might overflow.
    """
    label = nearest(squares)[:, None]
    smallest = np.take_along_axis(squares, label, axis=1)
    at_zero = np.round(smallest, TIE_DECIMALS) == 0
    ratios = np.where(squares > 0, smallest / np.where(squares > 0, squares, 1.0), 1.0)
    alone = np.arange(squares.shape[1]) == label
    return np.asarray(np.where(at_zero, alone, ratios / ratios.sum(axis=1, keepdims=True)))


def score_clusters(parameters: pd.DataFrame, customers: pd.DataFrame, *, borderline_margin: float) -> pd.DataFrame:
    """Give every customer the nearest segment.

    Parameters
    ----------
    parameters : DataFrame
        Rows of one fitted segmentation of a method that clusters.
    customers : DataFrame of n rows
        customer_id and the model's features in raw units.
    borderline_margin : float
        A margin below it marks a customer as borderline.

    Returns
    -------
    DataFrame of n rows
        customer_id, segment_id, distance, runner_up_segment_id, runner_up_distance, membership (0..1), margin (0..1),
        is_borderline, in the order of `customers`. Runner-up and margin are null where there is one segment.

    Raises
    ------
    UserError
        If a feature is absent or holds no numbers.
    """
    model = ClusterModel.from_rows(rows_from_frame(parameters))
    chunks = [
        _score_chunk(model, customers.iloc[start : start + CHUNK_ROWS], borderline_margin)
        for start in range(0, max(len(customers), 1), CHUNK_ROWS)
    ]
    return pd.concat(chunks, ignore_index=True)


def _score_chunk(model: ClusterModel, customers: pd.DataFrame, borderline_margin: float) -> pd.DataFrame:
    """Score a bounded number of customers."""
    squares = squared_distances(*encode(model, customers))
    ids = np.array(model.segment_ids, dtype=np.int64)
    rows = np.arange(len(squares))
    label = nearest(squares)
    distance = np.sqrt(squares[rows, label])
    membership = memberships(squares)[rows, label]
    if model.n_segments > 1:
        others = squares.copy()
        others[rows, label] = np.inf
        runner_up = nearest(others)
        second = np.sqrt(squares[rows, runner_up])
        # A tie that was decided for the lower segment may be longer by a rounding error.
        margin = np.maximum(np.where(second > 0, (second - distance) / np.where(second > 0, second, 1.0), 0.0), 0.0)
        runner_up_ids = pd.array(ids[runner_up], dtype="Int32")
    else:
        second = margin = np.full(len(rows), np.nan)
        runner_up_ids = pd.array([pd.NA] * len(rows), dtype="Int32")
    return pd.DataFrame(
        {
            "customer_id": customers["customer_id"].to_numpy(dtype=object),
            "segment_id": ids[label],
            "distance": distance,
            "runner_up_segment_id": runner_up_ids,
            "runner_up_distance": second,
            "membership": membership,
            "margin": margin,
            "is_borderline": margin < borderline_margin,
        }
    )


def score_rfm(parameters: pd.DataFrame, customers: pd.DataFrame) -> pd.DataFrame:
    """Give every customer RFM scores by the stored cut points.

    Parameters
    ----------
    parameters : DataFrame
        Rows of one fitted segmentation of method rfm.
    customers : DataFrame of n rows
        customer_id, recency_days (days), frequency (orders), monetary (currency) of customers who bought.

    Returns
    -------
    DataFrame of n rows
        customer_id, recency_score, frequency_score, monetary_score and frequency_monetary_score (the mean of both,
        halves rounded up), each 1 to 5, 5 is best. A feature that the model left out has the score null, and the other
        one alone makes the last; without both, that is 1.

    Raises
    ------
    UserError
        If a column is absent or holds no numbers.
    """
    require_columns(customers, ["customer_id", *RFM_FEATURES], table="the table to score")
    cuts: dict[str, list[float]] = {name: [] for name in RFM_FEATURES}
    for row in sorted(rows_from_frame(parameters), key=lambda row: row.level or ""):
        if row.kind == "rfm_cut" and row.feature in cuts and row.value_double is not None:
            cuts[row.feature].append(row.value_double)
    if not cuts["recency_days"] or any(len(points) not in {0, N_SCORES - 1} for points in cuts.values()):
        raise ValueError(f"the model needs {N_SCORES - 1} cut points of each of {', '.join(RFM_FEATURES)}")
    by_feature: dict[str, IntArray] = {
        name: scores(to_floats(customers[name])[0], np.array(points), is_lower_better=name == "recency_days")
        for name, points in cuts.items()
        if points
    }
    nobody_differs = np.ones(len(customers), dtype=np.int64)
    frequency = by_feature.get("frequency", by_feature.get("monetary", nobody_differs))
    monetary = by_feature.get("monetary", frequency)
    return pd.DataFrame(
        {
            "customer_id": customers["customer_id"].to_numpy(dtype=object),
            "recency_score": by_feature["recency_days"],
            "frequency_score": by_feature.get("frequency"),
            "monetary_score": by_feature.get("monetary"),
            "frequency_monetary_score": (frequency + monetary + 1) // 2,
        }
    )
