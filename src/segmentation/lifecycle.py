"""What a build does with the model of each segmentation, and why: kept, fitted, refitted, updated or refused.

`plan` decides before anything is computed, from the configuration, the policies and what is known of drift. What comes
of the plan is a `Decision`, whose rows stand beside the parameters of the model in force.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pandas as pd

from segmentation.columns import require_columns
from segmentation.config.segmentations import SegmentationConfig
from segmentation.parameters import FittedModel, ParameterRow, model_version

if TYPE_CHECKING:
    from segmentation.gates import Gate

Planned = Literal["kept", "fitted first", "refitted", "updated"]
Action = Literal["kept", "fitted first", "refitted", "updated", "refused", "not fitted"]


@dataclass(frozen=True, slots=True)
class Drift:
    """Whether customers have drifted away from the model of a segmentation, and a sentence that says how far."""

    has_drifted: bool
    reason: str


Update = Callable[[SegmentationConfig, FittedModel], "Sequence[ParameterRow] | None"]
"""Moves a model by what has come in since it last learned: its rows afterwards, None where nothing has."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be tried for one segmentation, and why."""

    action: Planned
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What was done for one segmentation.

    Attributes
    ----------
    action : str
        kept, fitted first, refitted, updated; refused where a candidate did not pass; not fitted where none came about.
    reason : str
        Why, in sentences.
    previous_version, candidate_version : str or None
        The model that was active before, and the one that this build computed; None where there is none.
    gates : tuple of Gate
        What a candidate was held against.
    """

    action: Action
    reason: str
    previous_version: str | None = None
    candidate_version: str | None = None
    gates: tuple[Gate, ...] = ()

    def to_rows(self) -> list[ParameterRow]:
        """Return the decision as rows of kind decision; what is not defined has no row."""
        texts = {
            "action": self.action,
            "reason": self.reason,
            "previous_version": self.previous_version,
            "candidate_version": self.candidate_version,
        }
        return [
            *(ParameterRow("decision", feature=name, value_string=text) for name, text in texts.items() if text),
            *(row for gate in self.gates for row in gate.to_rows()),
        ]


def plan(
    config: SegmentationConfig,
    config_hash: str,
    before: FittedModel | None,
    *,
    refit: bool,
    drift: Drift | None = None,
) -> Plan:
    """Decide what to do with the model of one segmentation.

    Parameters
    ----------
    config : SegmentationConfig
        The segmentation with its policies.
    config_hash : str
        Hash of what changes a fit.
    before : FittedModel or None
        The active model.
    refit : bool
        Whether a refit was asked for.
    drift : Drift, optional
        What is known of drift; only the policy on_drift heeds it.

    Returns
    -------
    Plan
        The first of these that holds: there is no model, its configuration has changed, it could not be fitted, a refit
        was asked for, is due by policy, or due by drift; the model learns online; it is kept.
    """
    if before is None:
        return Plan("fitted first", "There was no model.")
    found = f" {drift.reason}" if drift is not None and config.refit == "on_drift" else ""
    has_drifted = drift is not None and drift.has_drifted and config.refit == "on_drift"
    cases: list[tuple[bool, Planned, str]] = [
        (before.fact("config_hash") != config_hash, "refitted", "The configuration has changed."),
        # Customers may have come, or features that vary.
        (before.fact("status") != "fitted", "fitted first", f"None could be fitted before: {before.fact('reason')}."),
        (refit, "refitted", "A refit was asked for."),
        (config.refit == "always", "refitted", "The policy is to refit always."),
        (has_drifted, "refitted", f"Customers have drifted.{found}"),
        (config.update == "online", "updated", f"The model learns from what has come in.{found}"),
    ]
    return next(
        (Plan(action, reason) for holds, action, reason in cases if holds),
        Plan("kept", f"The configuration is unchanged.{found}"),
    )


def settle(
    planned: Plan, before: FittedModel | None, candidate: FittedModel | None, gates: tuple[Gate, ...] = ()
) -> tuple[FittedModel, Decision]:
    """Say which model is in force, and what became of the plan.

    Parameters
    ----------
    planned : Plan
        What was tried.
    before : FittedModel or None
        The active model.
    candidate : FittedModel or None
        What came of it; `before` itself where nothing was computed, or the same again.
    gates : tuple of Gate, optional
        What the candidate was held against, where the active model could stay in its place.
    """
    previous = None if before is None else before.model_version
    if candidate is None:
        raise ValueError(f"nothing was fitted, and there is no model: {planned}")
    if before is not None and candidate is not before and (refusal := _refusal(before, candidate, gates)):
        reason = f"{planned.reason} {refusal}"
        return before, Decision("refused", reason, previous, candidate.model_version, gates)
    if candidate.fact("status") != "fitted":
        failure = f" No model could be fitted: {candidate.fact('reason')}."
        return candidate, Decision("not fitted", planned.reason + failure, previous, candidate.model_version)
    if candidate is before:
        unchanged = {"kept": "", "updated": " Nothing has come in that moves it."}
        return before, Decision(
            "kept", planned.reason + unchanged.get(planned.action, " It came out the same."), previous
        )
    return candidate, Decision(planned.action, planned.reason, previous, candidate.model_version, gates)


def _refusal(before: FittedModel, candidate: FittedModel, gates: tuple[Gate, ...]) -> str | None:
    """Say why a candidate may not take over from a model of the same configuration; None where it may.

    Under another configuration the candidate is what was asked for, and the active model answers another question.
    """
    if before.fact("status") != "fitted" or before.fact("config_hash") != candidate.fact("config_hash"):
        return None
    if candidate.fact("status") != "fitted":
        return f"No model could be fitted: {candidate.fact('reason')}. The present model stays."
    failed = [gate.in_words() for gate in gates if not gate.is_passed]
    return f"The candidate did not pass: {'; '.join(failed)}. The present model stays." if failed else None


def drifts_from_frame(frame: pd.DataFrame | None) -> dict[str, Drift]:
    """Read what is known of drift, by segmentation.

    Parameters
    ----------
    frame : DataFrame or None
        One row per segmentation: segmentation, has_drifted, reason. A null verdict is none.
    """
    if frame is None:
        return {}
    columns = ["segmentation", "has_drifted", "reason"]
    require_columns(frame, columns, table="the verdicts on drift")
    return {
        str(name): Drift(bool(has_drifted), str(reason))
        for name, has_drifted, reason in frame[columns].itertuples(index=False, name=None)
        if not pd.isna(has_drifted)
    }


def successor(name: str, config_hash: str, rows: Sequence[ParameterRow], before: FittedModel | None) -> FittedModel:
    """Return the model that follows another; it is the same one where the content is equal."""
    version = model_version(config_hash, rows)
    if before is not None and before.model_version == version:
        return before
    return FittedModel(name, version, 1 if before is None else before.generation + 1, is_new=True, rows=tuple(rows))
