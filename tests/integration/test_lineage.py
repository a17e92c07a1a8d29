"""Segments keep their ids while customers come, go and change, and a model that is worse does not take over."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness import ROOT, DbtProject, file_inputs, run_command
from segmentation.scoring import score_clusters
from small import ADVICE

SEGMENTATIONS: dict[str, Any] = {"wealth": {"method": "kmeans", "features": ["balance"], "k": {"min": 2, "max": 4}}}

# Balances lie around these: two groups; a few customers far away; one group in two halves; the other group gone.
GROUPS = {"a": (120, 0.0), "b": (80, 0.0), "c": (100, 100.0)}
FAR = {"far": (6, 1e6)}
HALVES = {"a": (120, -10.0), "b": (80, 10.0), "c": (100, 100.0)}
WITHOUT = {"a": (120, -10.0), "b": (80, 10.0)}


@dataclass(frozen=True)
class State:
    """What is published after a build."""

    decision: dict[str, Any]
    lineage: list[tuple[Any, ...]]
    names: dict[int, str]
    segment_of: dict[str, int | None]


def state(project: DbtProject) -> State:
    with project.connect(published=True) as connection:
        [decision] = connection.sql("select * from marts.segmentation_decisions").df().to_dict("records")
        lineage = connection.sql(
            """
            select
                generation, kind, from_segment_id, to_segment_id,
                shared_customers, from_customers, to_customers, jaccard
            from marts.segment_lineage order by all
            """
        ).fetchall()
        names = connection.sql("select segment_id, segment_name from marts.dim_segments").fetchall()
        # Ids of customers begin with their groups.
        segments = connection.sql(
            "select distinct split_part(customer_id, '-', 1), raw_segment_id from marts.fct_customer_segments"
        ).fetchall()
    assert len(dict(segments)) == len(segments), f"a group has several segments: {segments}"
    return State({str(name): value for name, value in decision.items()}, lineage, dict(names), dict(segments))


class Shop:
    """A project whose customers have a balance and nothing else."""

    def __init__(self, folder: Path) -> None:
        self.project = DbtProject(folder)

    def build(self, groups: dict[str, tuple[int, float]], *arguments: str, **changes: Any) -> State:
        rng = np.random.default_rng(5)
        rows = [
            (f"{name}-{number:03d}", f"{centre + rng.normal():.6f}")
            for name, (count, centre) in groups.items()
            for number in range(count)
        ]
        inputs = file_inputs(customers=self.project.csv("customers.csv", ("customer_id", "balance"), rows))
        variables = {
            "inputs": inputs,
            "attributes": {"balance": "double"},
            "segmentations": SEGMENTATIONS,
            "advice": ADVICE,
            "snapshot_count": 0,
            "as_of_date": "2026-01-31",
        }
        self.project.build("--exclude", "path:seeds/demo", *arguments, variables=variables | changes).check()
        return state(self.project)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shop, list[State]]:
    """One warehouse after another: first, refused, split, retired with a full refresh."""
    shop = Shop(tmp_path_factory.mktemp("identity"))
    states = [
        shop.build(GROUPS),
        shop.build(GROUPS | FAR, refit=True),
        shop.build(HALVES, refit=True),
        shop.build(WITHOUT, "--full-refresh", refit=True),
    ]
    return shop, states


def test_the_first_segments_are_born(story: tuple[Shop, list[State]]) -> None:
    first = story[1][0]
    assert first.decision["action"] == "fitted first"
    assert first.lineage == [(1, "born", 0, 1, 0, 0, 200, 0.0), (1, "born", 0, 2, 0, 0, 100, 0.0)]
    assert first.segment_of == {"a": 1, "b": 1, "c": 2}


def test_a_refused_candidate_leaves_the_champion(story: tuple[Shop, list[State]]) -> None:
    """Six customers who are far from all others would be a segment, too small to be one."""
    first, refused = story[1][:2]
    decision = refused.decision
    assert decision["action"] == "refused"
    assert "did not pass: its smallest share is 0.0196, that of the present model 0.3464" in decision["reason"]
    assert decision["candidate_smallest_share"] == pytest.approx(6 / 306)
    assert decision["required_smallest_share"] == pytest.approx(0.9 * 0.03)
    assert decision["model_version"] == decision["previous_model_version"] == first.decision["model_version"]
    assert decision["candidate_model_version"] != decision["model_version"]
    assert (decision["generation"], refused.lineage, refused.names) == (1, first.lineage, first.names)
    assert refused.segment_of == {"a": 1, "b": 1, "c": 2, "far": 2}


def test_a_split_segment_leaves_its_id_and_its_name_to_the_larger_part(story: tuple[Shop, list[State]]) -> None:
    first, _, split, _ = story[1]
    assert split.decision["action"] == "refitted"
    assert split.segment_of == {"a": 1, "b": 3, "c": 2}
    assert split.lineage[: len(first.lineage)] == first.lineage
    assert split.lineage[len(first.lineage) :] == [
        (2, "split", 1, 3, 80, 200, 80, 0.4),
        (2, "survived", 1, 1, 120, 200, 120, 0.6),
        (2, "survived", 2, 2, 100, 100, 100, 1.0),
    ]
    assert {segment: split.names[segment] for segment in (1, 2)} == first.names
    assert len(set(split.names.values())) == 3


def test_a_retired_id_is_gone_and_a_full_refresh_forgets_nothing(story: tuple[Shop, list[State]]) -> None:
    shop, (_, _, split, last) = story
    assert last.segment_of == {"a": 1, "b": 3}
    assert last.names == {segment: split.names[segment] for segment in (1, 3)}
    assert last.lineage[: len(split.lineage)] == split.lineage
    assert last.lineage[len(split.lineage) :] == [
        (3, "retired", 2, 0, 0, 0, 0, None),
        (3, "survived", 1, 1, 120, 120, 120, 1.0),
        (3, "survived", 3, 3, 80, 80, 80, 1.0),
    ]
    with shop.project.connect() as connection:
        parameters = connection.sql("select * from clustering.candidate_parameters").df()
        sample = connection.sql("select * from clustering.training_sample order by customer_id").df()
        sql = connection.sql("select * from marts.fct_customer_segments order by customer_id").df()
    assert parameters.loc[parameters["feature"] == "last_segment_id", "value_double"].tolist() == [3.0]
    # Ids with a gap are scored in SQL as in Python.
    python = score_clusters(parameters, sample, borderline_margin=0.1)
    for column in ("customer_id", "runner_up_segment_id"):
        assert sql[column].tolist() == python[column].tolist()
    assert sql["raw_segment_id"].tolist() == python["segment_id"].tolist()
    assert sql["margin"].to_numpy(float) == pytest.approx(python["margin"].to_numpy(float))


def test_the_study_of_identity_keeps_ids_and_names_split_and_merge() -> None:
    """A smaller part of the study, with its own bounds."""
    study = run_command(
        [sys.executable, ROOT / "benchmarks" / "study_identity.py", "--customers", "3000", "--refits", "2"]
    )
    assert study.succeeded, study.output
    assert study.output.count("| kmeans |") + study.output.count("| kprototypes |") == 4, study.output
    assert "named: [('split'," in study.output
    assert "named: [('merged'," in study.output
