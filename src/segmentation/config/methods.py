"""What the methods of segmentations are like. SQL reads the same from the macro `methods_with`.

Whoever adds a method says here what it is like, gives it settings in `segmentation.config.schema`, and, where it finds
clusters, an algorithm in `segmentation.candidate`. Everything else asks for traits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["METHODS", "Method", "Traits", "for_categories", "is_clustering"]

Method = Literal["rules", "rfm", "kmeans", "kprototypes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What a method is like.

    Parameters
    ----------
    is_fitted : bool
        Whether it has a model, which is kept between refits and watched for drift.
    is_clustering : bool
        Whether it finds clusters: segments around centroids, which customers are scored by their distance to, with a
        margin to the next one. k, min_share, verdicts and explanations are for clusters alone.
    takes_categories : bool
        Whether its features may be categories and booleans, and not numbers alone.
    is_fallback : bool
        Whether its segments may be published in place of clusters that are not advised.
    """

    is_fitted: bool
    is_clustering: bool
    takes_categories: bool
    is_fallback: bool


METHODS: Mapping[str, Traits] = {
    "rules": Traits(is_fitted=False, is_clustering=False, takes_categories=True, is_fallback=True),
    "rfm": Traits(is_fitted=True, is_clustering=False, takes_categories=False, is_fallback=True),
    "kmeans": Traits(is_fitted=True, is_clustering=True, takes_categories=False, is_fallback=False),
    "kprototypes": Traits(is_fitted=True, is_clustering=True, takes_categories=True, is_fallback=False),
}
"""By method, in the order in which messages name them."""


def for_categories() -> str:
    """Return the methods that cluster categories too, for a sentence of advice."""
    return " or ".join(name for name, traits in METHODS.items() if traits.is_clustering and traits.takes_categories)


def is_clustering(method: str | None) -> bool:
    """Return whether a method, as a model that was stored earlier names it, finds clusters."""
    return method is not None and method in METHODS and METHODS[method].is_clustering
