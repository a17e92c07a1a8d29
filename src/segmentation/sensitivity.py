"""How much a segmentation owes to each choice: the same fit without a feature, or with another scaling."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import get_args

from sklearn.metrics import adjusted_rand_score

from segmentation.columns import IntArray
from segmentation.config.segmentations import FeatureConfig, Scale, SegmentationConfig

AS_CONFIGURED = "as configured"
"""No change at all, fitted anew on the rows that the changes are fitted to: what of the disagreement is chance."""

DECIMALS = 6
GAMMA_FACTORS = (0.5, 2.0)

Refit = Callable[[SegmentationConfig], IntArray | None]


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """One change of a segmentation.

    Attributes
    ----------
    feature : str
        The feature that is changed; empty for a change of all.
    change : str
        What is changed, in words.
    adjusted_rand : float
        Agreement of the changed segmentation with the fitted one, 1 for the same, about 0 for chance.
    """

    feature: str
    change: str
    adjusted_rand: float


def sensitivities(config: SegmentationConfig, labels: IntArray, refit: Refit) -> Iterator[Sensitivity]:
    """Yield how much the segmentation changes with every change of `changes`.

    Parameters
    ----------
    config : SegmentationConfig
        The segmentation as configured.
    labels : ndarray of shape (n,)
        Segments of n customers by the fitted model.
    refit : callable
        Returns the segments of the same customers by a model of a changed configuration, with the same number of
        segments; None where there is nothing left to fit.

    References
    ----------
    Hubert, L. and Arabie, P. (1985). Comparing partitions. Journal of Classification 2, 193-218, equation 5.
    """
    for feature, change, changed in changes(config):
        found = refit(changed)
        if found is not None:
            yield Sensitivity(feature, change, round(float(adjusted_rand_score(labels, found)), DECIMALS))


def changes(config: SegmentationConfig) -> Iterator[tuple[str, str, SegmentationConfig]]:
    """Yield feature, change in words and changed configuration: one change at a time."""
    yield "", AS_CONFIGURED, config
    for feature in config.features:
        if feature.weight == 0:
            continue
        yield feature.name, "without it", _with(config, feature, weight=0.0)
        if feature.kind == "number":
            for scale in get_args(Scale):
                if scale not in ("none", feature.scale):
                    yield feature.name, f"scale {scale}", _with(config, feature, scale=scale)
            transform = "log" if feature.transform == "none" else "none"
            yield feature.name, f"transform {transform}", _with(config, feature, transform=transform)
        else:
            for factor in GAMMA_FACTORS:
                yield feature.name, f"weight times {factor:g}", _with(config, feature, weight=feature.weight * factor)


def _with(config: SegmentationConfig, feature: FeatureConfig, **settings: object) -> SegmentationConfig:
    """Return the configuration with other settings of one feature."""
    changed = replace(feature, **settings)  # type: ignore[arg-type]
    return replace(config, features=tuple(changed if other is feature else other for other in config.features))
