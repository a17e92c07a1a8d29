"""What is done with a model, and why: policies, drift, what comes of a plan."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from clustering_cases import configured
from segmentation.errors import UserError
from segmentation.lifecycle import Drift, Plan, drifts_from_frame, plan, settle
from segmentation.parameters import FittedModel, ParameterRow


def model(version: str = "a", config_hash: str = "h", status: str = "fitted") -> FittedModel:
    facts = {"config_hash": config_hash, "status": status}
    if status != "fitted":
        facts["reason"] = "too_few_customers"
    rows = tuple(ParameterRow("model", feature=name, value_string=value) for name, value in facts.items())
    return FittedModel("behavior", version, 1, is_new=False, rows=rows)


MOVED = Drift(True, "The index of frequency is 0.31.")
STILL = Drift(False, "No index is above 0.2.")


@pytest.mark.parametrize(
    ("before", "policies", "refit", "drift", "action", "reason"),
    [
        (None, {}, False, None, "fitted first", "There was no model."),
        (None, {"refit": "always"}, True, MOVED, "fitted first", "There was no model."),
        (model(config_hash="other"), {}, False, None, "refitted", "The configuration has changed."),
        (
            model(status="not_fitted"),
            {},
            False,
            None,
            "fitted first",
            "None could be fitted before: too_few_customers.",
        ),
        (model(), {}, False, None, "kept", "The configuration is unchanged."),
        (model(), {}, True, None, "refitted", "A refit was asked for."),
        (model(), {"refit": "always"}, False, None, "refitted", "The policy is to refit always."),
        # Drift is heeded where the policy says so, and nowhere else.
        (model(), {}, False, MOVED, "kept", "The configuration is unchanged."),
        (model(), {"refit": "on_drift"}, False, None, "kept", "The configuration is unchanged."),
        (
            *(model(), {"refit": "on_drift"}, False, STILL, "kept"),
            "The configuration is unchanged. No index is above 0.2.",
        ),
        (
            *(model(), {"refit": "on_drift"}, False, MOVED, "refitted"),
            "Customers have drifted. The index of frequency is 0.31.",
        ),
        (model(), {"update": "online"}, False, None, "updated", "The model learns from what has come in."),
        (model(), {"update": "online"}, True, None, "refitted", "A refit was asked for."),
        (
            *(model(), {"update": "online", "refit": "on_drift"}, False, MOVED, "refitted"),
            "Customers have drifted. The index of frequency is 0.31.",
        ),
    ],
)
def test_a_plan_follows_the_policies(
    before: FittedModel | None, policies: dict[str, Any], refit: bool, drift: Drift | None, action: str, reason: str
) -> None:
    found = plan(configured(**policies), "h", before, refit=refit, drift=drift)
    assert (found.action, found.reason) == (action, reason)


def test_a_model_that_comes_out_the_same_is_kept() -> None:
    before = model()
    found, decision = settle(Plan("refitted", "A refit was asked for."), before, before)
    assert found is before
    assert (decision.action, decision.reason) == ("kept", "A refit was asked for. It came out the same.")
    assert (decision.previous_version, decision.candidate_version) == ("a", None)
    assert settle(Plan("updated", "Learns."), before, before)[1].reason == "Learns. Nothing has come in that moves it."


def test_verdicts_on_drift_are_read_from_a_frame() -> None:
    frame = pd.DataFrame(
        {"segmentation": ["a", "b", "c"], "has_drifted": [True, False, None], "reason": ["x", "y", None]}
    )
    assert drifts_from_frame(frame) == {"a": Drift(True, "x"), "b": Drift(False, "y")}
    assert drifts_from_frame(frame.iloc[:0]) == drifts_from_frame(None) == {}
    with pytest.raises(UserError, match="the verdicts on drift has no column 'reason'"):
        drifts_from_frame(frame.drop(columns="reason"))
