"""Ask the search for k and the verdict about customers whose groups are known, and about customers without any.

Usage: python benchmarks/study_recovery.py [sets of each kind, default 100] [first seed, default 0]
"""

from __future__ import annotations

import sys
from collections import Counter
from functools import partial

from planted import SEPARABLE_ERROR, STRUCTURELESS, planted, structureless

from segmentation.choose_k import choose_k
from segmentation.distances import MixedData, assign, count_distinct
from segmentation.k_search import search_k
from segmentation.kprototypes import fit_kprototypes
from segmentation.verdict import Verdict, gather, judge

MIN_SHARE = 0.03
BORDERLINE_MARGIN = 0.1


def judged(data: MixedData) -> tuple[int, Verdict]:
    """Return the chosen k and the verdict, as the project would."""
    found = search_k(data, range(2, 11), fit=partial(fit_kprototypes, seed=0), seed=0, n_distinct=count_distinct(data))
    k, _ = choose_k(found.trials, min_share=MIN_SHARE)
    trial = next(trial for trial in found.trials if trial.k == k)
    fit = assign(data, found.fits[k].prototypes)
    evidence = gather(
        data,
        fit,
        trial,
        found.stability[k],
        borderline_margin=BORDERLINE_MARGIN,
        without_groups=found.without_groups(k, seed=0),
    )
    return k, judge(evidence)[0]


def main(sets: int, first: int) -> None:
    """Run the study and print its tables."""
    right: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    verdicts: dict[str, Counter[Verdict]] = {kind: Counter() for kind in ("planted", *STRUCTURELESS)}
    for number, seed in enumerate(range(first, first + sets), start=1):
        world = planted(seed)
        k, verdict = judged(world.data)
        kind = "separable" if world.bayes_error <= SEPARABLE_ERROR else "overlapping"
        seen[kind] += 1
        right[kind] += k == world.k
        verdicts["planted"][verdict] += 1
        if kind == "separable" and k != world.k:
            print(f"  {world.k} groups, found {k}: error {world.bayes_error:.3f} {world.description}")
        data, shape = structureless(seed)
        verdicts[shape][judged(data)[1]] += 1
        natural = sum(verdicts[shape]["natural"] for shape in STRUCTURELESS)
        print(
            f"{number} of {sets}: k right in {right['separable']} of {seen['separable']} separable sets and "
            f"{right['overlapping']} of {seen['overlapping']} others; "
            f"{natural} of {number} structureless ones called natural",
            flush=True,
        )
    share = right["separable"] / max(seen["separable"], 1)
    print(f"\nThe planted number is chosen in {right['separable']} of {seen['separable']} separable sets, {share:.1%}.")
    print("\n| customers | natural | reproducible | constructed | not advised |\n|---|---|---|---|---|")
    for kind, counts in verdicts.items():
        cells = [str(counts[verdict]) for verdict in ("natural", "reproducible", "constructed", "not advised")]
        print(f"| {kind} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main(*(int(word) for word in (*sys.argv[1:], *("100", "0")[len(sys.argv) - 1 :])))
