"""Fitting of every configured segmentation that has parameters: k-means, k-prototypes and RFM.

One function, from the frames that a Python model reads to the table that it returns. Fits run on one thread over rows
sorted by customer_id, so the result depends on what is in the sample and on nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
from threadpoolctl import threadpool_limits

from segmentation.columns import require_columns
from segmentation.config.methods import METHODS
from segmentation.config.segmentations import SegmentationConfig
from segmentation.lifecycle import Update, drifts_from_frame, plan, settle, successor
from segmentation.naming import PhraseBook
from segmentation.parameters import FittedModel, models_from_frame, to_table

if TYPE_CHECKING:
    from segmentation.gates import Gate


def fit_all(
    configuration: pd.DataFrame,
    sample: pd.DataFrame | Callable[[], pd.DataFrame],
    previous: pd.DataFrame,
    refit: bool,
    phrases: PhraseBook | None = None,
    *,
    drift: pd.DataFrame | None = None,
    update: Update | None = None,
) -> pa.Table:
    """Fit, or take over, the model of every segmentation that has parameters.

    `lifecycle.plan` says what is tried for each. A refit that arrives at the same content is not new.

    Parameters
    ----------
    configuration : DataFrame
        One row per segmentation: segmentation, position, method, config_hash, definition.
    sample : DataFrame or callable
        One row per sampled customer: customer_id, has_purchased and every feature in raw units. Zero rows are allowed.
        A function that reads it is called if a model is fitted.
    previous : DataFrame
        The active models: columns of `parameters.SCHEMA` without is_new. Zero rows at first.
    refit : bool
        Whether to fit anew what has not changed.
    phrases : mapping of str to Phrase, optional
        By feature, what customers with high and low values are called in the names of segments.
    drift : DataFrame, optional
        One row per segmentation: segmentation, has_drifted, reason. Heeded under the policy refit: on_drift.
    update : callable, optional
        Moves a model by what has come in. Called under the policy update: online.

    Returns
    -------
    pyarrow.Table
        Rows of `parameters.SCHEMA`, ordered by the position of the segmentation, then kind, segment, feature and level;
        rows of kind decision say what was done and why. Rule segmentations have none.

    Raises
    ------
    UserError
        If a feature that a segmentation uses is absent from the sample, or holds no numbers where it should.
    """
    ordered = cache(lambda: _ordered(sample() if callable(sample) else sample))
    active, drifts = models_from_frame(previous), drifts_from_frame(drift)
    models: list[FittedModel] = []
    with threadpool_limits(limits=1):
        for row in configuration.sort_values(["position", "segmentation"]).to_dict("records"):
            if not METHODS[row["method"]].is_fitted:
                continue
            config, config_hash = SegmentationConfig.from_json(row["definition"]), str(row["config_hash"])
            before = active.get(config.name)
            planned = plan(config, config_hash, before, refit=refit, drift=drifts.get(config.name))
            candidate = before
            gates: tuple[Gate, ...] = ()
            if planned.action in {"fitted first", "refitted"}:
                # Most builds fit nothing, and need not spend half a second on what fits import.
                from segmentation.candidate import fit_candidate  # noqa: PLC0415

                candidate, gates = fit_candidate(config, config_hash, ordered(), before, phrases or {})
            elif planned.action == "updated" and before is not None and update is not None:
                learned = update(config, before)
                # An update is no refit: its segments are those of the model that it moved.
                rows = None if learned is None else [row for row in learned if row.kind != "lineage"]
                candidate = before if rows is None else successor(config.name, config_hash, rows, before)
            model, decision = settle(planned, before, candidate, gates)
            models.append(replace(model, rows=(*model.rows, *decision.to_rows())))
    return to_table(models)


def _ordered(sample: pd.DataFrame) -> pd.DataFrame:
    """Return the sample in an order that does not depend on that in which its rows came."""
    require_columns(sample, ["customer_id", "has_purchased"], table="training_sample")
    return sample.sort_values("customer_id", kind="stable", ignore_index=True)
