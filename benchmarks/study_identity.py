"""Show that segments keep their ids across refits, and that a planted split and a planted merge are named as such.

Usage: python benchmarks/study_identity.py [--customers number] [--refits number]

Customers of five groups that lie apart, that run into each other, or that are one crowd, are segmented by numbers or by
numbers and categories. The segmentation is then refitted again and again: each time 5 % of new customers have come, the
sample is another one, and so is the seed. After each refit both models label everybody. A cluster is the same set if an
old and a new segment share at least 95 % of the customers of either; it keeps its id if the two have the same one.

Then one group of customers falls into two, and in another world two groups grow into one. Which customers these are is
known, so the lineage must say so, and the larger part must keep the id.

The exit code is 1 if less than 99 % of the customers whose cluster is the same set keep their id in any of the worlds,
or if split or merge are named otherwise.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from segmentation.config.methods import Method
from segmentation.config.segmentations import (
    CandidateGates,
    FeatureConfig,
    KRange,
    SegmentationConfig,
    config_hash,
)
from segmentation.fitting import fit_all
from segmentation.parameters import SCHEMA
from segmentation.scoring import score_clusters

SAME_SET = 0.95
LEAST_KEPT = 0.99
NEW_SHARE = 0.05
SAMPLE_SHARE = 0.4
SHARES = np.array([0.3, 0.25, 0.2, 0.15, 0.1])
CENTRES = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0], [5.0, 20.0]])
CROWD = "one crowd"
WORLDS: tuple[tuple[str, Method, float], ...] = (
    ("apart", "kmeans", 1.0),
    ("overlapping", "kmeans", 3.0),
    ("overlapping", "kprototypes", 3.0),
    (CROWD, "kmeans", 5.0),
)
NO_MODEL = SCHEMA.remove(SCHEMA.get_field_index("is_new")).empty_table().to_pandas()


@dataclass(frozen=True)
class Share:
    """Customers whose cluster is the same set before and after, of all, and those of them who keep their id."""

    customers: int
    same: int
    kept: int


def customers_of(groups: np.ndarray, centres: np.ndarray, spread: float, rng: np.random.Generator) -> pd.DataFrame:
    """Return customers around the centres of their groups, most with the channel and the plan of their group."""
    n = len(groups)
    places = centres[groups] + rng.normal(scale=spread, size=(n, 2))

    def level_of(names: str, strangers: float) -> np.ndarray:
        codes = np.where(rng.random(n) < strangers, rng.integers(0, len(names), n), groups % len(names))
        return np.array(list(names), dtype=object)[codes]

    columns = {
        "amount": places[:, 0],
        "visits": places[:, 1],
        "channel": level_of("wsp", 0.2),
        "plan": level_of("ab", 0.2),
    }
    return pd.DataFrame({"has_purchased": True, **columns})


def configured(method: Method, seed: int, k: tuple[int, int]) -> SegmentationConfig:
    """Return the segmentation that is fitted."""
    number = {"kind": "number", "source": "customers", "transform": "none", "clip": None, "scale": "standard"}
    level = {"kind": "category", "source": "customers", "transform": "none", "clip": None, "scale": "none"}
    names = ["amount", "visits"] if method == "kmeans" else ["amount", "channel", "plan", "visits"]
    kinds: dict[str, dict[str, Any]] = {
        name: {**number, "impute": "median"} if name in {"amount", "visits"} else {**level, "impute": None}
        for name in names
    }
    return SegmentationConfig(
        name="study",
        method=method,
        features=tuple(FeatureConfig(name, weight=1.0, **kinds[name]) for name in names),
        k=KRange(*k),
        min_share=0.03,
        gamma="auto",
        borderline_margin=0.1,
        smoothing=None,
        refit="on_request",
        update="frozen",
        online=None,
        gates=CandidateGates(smallest_share=0.9, verdict=0, stability=0.1, silhouette=0.02),
        seed=seed,
        sample_size=200_000,
        uses_orders=False,
        segments=(),
    )


def fitted(config: SegmentationConfig, sample: pd.DataFrame, previous: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the model that a build would have in force."""
    row = {"segmentation": config.name, "position": 1, "method": config.method, "config_hash": config_hash(config)}
    configuration = pd.DataFrame([{**row, "definition": config.to_json()}])
    rows: pd.DataFrame = fit_all(configuration, sample, previous, refit=True).to_pandas()
    return rows.drop(columns="is_new")


def labelled(model: pd.DataFrame, customers: pd.DataFrame) -> np.ndarray:
    """Return the segment of every customer."""
    return score_clusters(model, customers, borderline_margin=0.1)["segment_id"].to_numpy()


def compared(before: np.ndarray, after: np.ndarray) -> Share:
    """Hold the labels of two models against each other: the sets first, whatever they are called, and then the ids."""
    same = kept = 0
    for new in np.unique(after):
        members = after == new
        old = np.bincount(before[members]).argmax()
        shared = int((members & (before == old)).sum())
        if shared >= SAME_SET * max(int(members.sum()), int((before == old).sum())):
            same += shared
            kept += shared if new == old else 0
    return Share(len(after), same, kept)


def refitted(method: Method, spread: float, customers: int, refits: int) -> tuple[Share, pd.DataFrame]:
    """Return what all refits together kept, and the last model."""
    rng = np.random.default_rng([customers, refits])
    world = customers_of(rng.choice(5, customers, p=SHARES), CENTRES, spread, rng)

    def sampled() -> pd.DataFrame:
        rows = np.sort(rng.choice(len(world), int(SAMPLE_SHARE * len(world)), replace=False))
        return world.iloc[rows].reset_index(drop=True)

    def named(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(customer_id=[f"c{number:07}" for number in range(len(frame))])

    world = named(world)
    model = fitted(configured(method, 0, (5, 5)), sampled(), NO_MODEL)
    total = Share(0, 0, 0)
    for seed in range(1, refits + 1):
        new = customers_of(rng.choice(5, int(NEW_SHARE * len(world)), p=SHARES), CENTRES, spread, rng)
        world = named(pd.concat([world.drop(columns="customer_id"), new], ignore_index=True))
        later = fitted(configured(method, seed, (5, 5)), sampled(), model)
        share = compared(labelled(model, world), labelled(later, world))
        total = Share(total.customers + share.customers, total.same + share.same, total.kept + share.kept)
        model = later
    return total, model


def structure(customers: int, parts: list[tuple[float, float, float]]) -> pd.DataFrame:
    """Return customers of groups on a line far from three others: share, place and spread of each."""
    rng = np.random.default_rng(customers)
    others = [(0.2, (0.0, 0.0), 1.0), (0.2, (40.0, 0.0), 1.0), (0.1, (0.0, 40.0), 1.0)]
    groups = [*others, *((share, (40.0 + place, 40.0), spread) for share, place, spread in parts)]
    places = [
        np.array(centre) + rng.normal(scale=spread, size=(round(share * customers), 2))
        for share, centre, spread in groups
    ]
    numbers = np.concatenate(places)
    frame = pd.DataFrame({"amount": numbers[:, 0], "visits": numbers[:, 1], "has_purchased": True})
    return frame.assign(customer_id=[f"c{number:07}" for number in range(len(frame))])


# Of the one group 60 % lie on the side of the larger of the two.
ONE = [(0.5, -0.5, 2.0)]
TWO = [(0.3, -6.0, 1.0), (0.2, 6.0, 1.0)]


def lineage(before: pd.DataFrame, after: pd.DataFrame) -> tuple[list[tuple[str, int, int]], list[tuple[str, int, int]]]:
    """Refit from one world to another; return what was planted and what the lineage says, survivors left out."""
    config = configured("kmeans", 0, (2, 8))
    first = fitted(config, before, NO_MODEL)
    second = fitted(config, after, first)
    rows = second[
        (second["kind"] == "lineage") & (second["feature"] == "kind") & (second["value_string"] != "survived")
    ]
    found = [
        (str(kind), int(level or 0), int(segment))
        for kind, level, segment in zip(rows["value_string"], rows["level"], rows["segment_id"], strict=True)
    ]

    def segment_at(model: pd.DataFrame, place: float) -> int:
        there = pd.DataFrame({"customer_id": ["x"], "amount": [40.0 + place], "visits": [40.0]})
        return int(labelled(model, there)[0])

    left, right = -6.0, 6.0
    if segment_at(first, left) == segment_at(first, right):
        whole, larger, smaller = segment_at(first, 0.0), segment_at(second, left), segment_at(second, right)
        planted = [("split", whole, smaller)]
    else:
        larger, smaller, whole = segment_at(first, left), segment_at(first, right), segment_at(second, 0.0)
        planted = [("merged", smaller, whole)]
    # The larger part has the id of the whole.
    return (planted if larger == whole else [], found)


def main() -> int:
    """Run the study, print its tables and return the exit code."""
    parser = argparse.ArgumentParser(description="Measure whether segments keep their ids.")
    parser.add_argument("--customers", type=int, default=20_000, help="customers at first (default 20,000)")
    parser.add_argument("--refits", type=int, default=10, help="refits of each segmentation (default 10)")
    options = parser.parse_args()
    failed = False
    print("| groups | method | labels compared | in the same set | of these with the same id | share | ids ever used |")
    print("|---|---|---|---|---|---|---|")
    for world, method, spread in WORLDS:
        share, model = refitted(method, spread, options.customers, options.refits)
        last = model.loc[model["feature"] == "last_segment_id", "value_double"].iloc[0]
        kept = share.kept / share.same if share.same else None
        figures = f"{share.customers:,} | {share.same / share.customers:.1%} | {share.kept:,} of {share.same:,}"
        figures += f" | {'none' if kept is None else f'{kept:.2%}'} | {last:.0f}"
        print(f"| {world} | {method} | {figures} |", flush=True)
        # Of a crowd no cluster need come back; of groups each should.
        failed |= world != CROWD if kept is None else kept < LEAST_KEPT
    for name, before, after in (("split", ONE, TWO), ("merge", TWO, ONE)):
        planted, found = lineage(structure(options.customers, before), structure(options.customers, after))
        failed |= not planted or planted != found
        print(f"planted {name}: {planted}, named: {found}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
