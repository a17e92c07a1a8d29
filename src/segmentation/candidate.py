"""A candidate model of one segmentation: k-means, k-prototypes or RFM fitted to a sample, and how it compares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from segmentation.choose_k import KTrial, choose_k
from segmentation.columns import (
    MISSING_LEVEL,
    BoolArray,
    FloatArray,
    IntArray,
    TextArray,
    encode_levels,
    require_columns,
    to_floats,
)
from segmentation.config.methods import is_clustering
from segmentation.config.segmentations import FeatureConfig, SegmentationConfig
from segmentation.cut_points import RFM_FEATURES, quintile_cuts
from segmentation.distances import Clustering, MixedData, Prototypes, assign, count_distinct, own_distances
from segmentation.drift import distance_row, level_rows, number_rows
from segmentation.gates import Gate, Standing, compare, silhouettes_of, smallest_share, standing_of
from segmentation.identity import LAST_SEGMENT_ID, Identity, first_ids, last_segment_id, match, names_of
from segmentation.k_search import SEARCH_ROWS, search_k, subsampled
from segmentation.kprototypes import estimate_gamma, fit_kprototypes
from segmentation.lifecycle import successor
from segmentation.naming import PhraseBook, Trait, category_trait, name_segments, numeric_trait
from segmentation.online import Tally, heaviest, tally_rows
from segmentation.parameters import CategoryWeight, ClusterModel, FittedModel, ParameterRow
from segmentation.scaling import NumericScaler, fit_scaler
from segmentation.scoring import labels_of
from segmentation.sensitivity import sensitivities
from segmentation.verdict import gather, to_rows

ALGORITHMS: Mapping[str, Callable[..., Clustering]] = {"kmeans": fit_kprototypes, "kprototypes": fit_kprototypes}
"""What finds the clusters of a method: called with the data and k, by name with seed and start."""

TOO_FEW_CUSTOMERS = "too_few_customers"
NO_VARYING_FEATURE = "no_varying_feature"

WHY_RFM_LEAVES_OUT = {
    "frequency": (
        "customers differ in recency and amounts alone. Where everybody has one order, the customer id may be one per "
        "order: map the id by which a customer is known from order to order"
    ),
    "monetary": (
        "frequency alone counts beside recency. Map order_amount, or order_items with prices, for amounts to count"
    ),
}
"""What follows where a feature of RFM does not differ between customers. Recency has a score even then."""

IN_FORCE_SINCE = "in_force_since"
"""The as-of date from which on customers have been labelled under the configuration of a model: an ISO date."""

SENSITIVITY_ROWS = 3_000
"""Customers that a segmentation is fitted anew to with every change of its configuration."""


def fit_candidate(
    config: SegmentationConfig,
    config_hash: str,
    sample: pd.DataFrame,
    before: FittedModel | None,
    phrases: PhraseBook,
) -> tuple[FittedModel, tuple[Gate, ...]]:
    """Fit one segmentation, and compare it with the active model where that was fitted under the same configuration.

    Parameters
    ----------
    config : SegmentationConfig
        Of a method with parameters.
    config_hash : str
        What the configuration is known by.
    sample : DataFrame
        One row per sampled customer, in a fixed order: customer_id, has_purchased and every feature in raw units.
    before : FittedModel or None
        The active model; None where there is none.
    phrases : mapping of str to Phrase
        By feature, what customers with high and low values are called in the names of segments.

    Returns
    -------
    FittedModel
        `before` itself where the content is equal. Of status not_fitted, with its reason, where no fit is possible.
    tuple of Gate
        How it compares; none where nothing was there to compare with.

    Raises
    ------
    UserError
        If a feature that the segmentation uses is absent from the sample, or holds no numbers where it should.
    """
    clusters = config.traits.is_clustering
    required = tuple(feature.name for feature in config.features) if clusters else RFM_FEATURES
    require_columns(sample, required, table="training_sample")
    eligible = sample
    if config.uses_orders:
        eligible = sample[to_floats(sample["has_purchased"])[0] == 1]
    previous = _Previous.of(before, config_hash)
    # Here, since a limit holds for the libraries that are loaded when it is set: this module has loaded them.
    with threadpool_limits(limits=1):
        outcome = _fit_clusters(config, eligible, previous, phrases) if clusters else _fit_rfm(eligible)
    facts = [
        ParameterRow("model", feature="method", value_string=config.method),
        ParameterRow("model", feature="config_hash", value_string=config_hash),
        ParameterRow("model", feature="status", value_string="not_fitted" if outcome.reason else "fitted"),
        ParameterRow("model", feature="sample_size", value_double=float(len(eligible))),
    ]
    if outcome.reason:
        facts.append(ParameterRow("model", feature="reason", value_string=outcome.reason))
    if since := _in_force_since(before, config_hash, sample):
        facts.append(ParameterRow("model", feature=IN_FORCE_SINCE, value_string=since))
    if last_id := max([last_segment_id(before), *outcome.segment_ids]):
        facts.append(ParameterRow("model", feature=LAST_SEGMENT_ID, value_double=float(last_id)))
    return successor(config.name, config_hash, [*facts, *outcome.rows], before), outcome.gates


def _in_force_since(before: FittedModel | None, config_hash: str, sample: pd.DataFrame) -> str | None:
    """Return the first date of the model, or that of the model of the same configuration which it follows.

    Smoothing is loyal to no date before it. A model that was stored before there was such a date has none, and neither
    has what follows it: then every date counts.
    """
    if before is not None and before.fact("status") == "fitted" and before.fact("config_hash") == config_hash:
        return before.fact(IN_FORCE_SINCE)
    return _as_of_date(sample)


def _as_of_date(customers: pd.DataFrame) -> str | None:
    """Return the date that customers are described at; None where their table does not say it."""
    if "as_of_date" not in customers or customers.empty:
        return None
    return pd.Timestamp(customers["as_of_date"].max()).date().isoformat()


@dataclass(frozen=True, slots=True)
class _Outcome:
    """Rows of a fit, and why there is no model where there is none; ids of its segments, and how it compares."""

    rows: list[ParameterRow]
    reason: str | None = None
    segment_ids: tuple[int, ...] = ()
    gates: tuple[Gate, ...] = ()


@dataclass(frozen=True, slots=True)
class _Previous:
    """What a new fit of clusters takes up from the active model.

    Attributes
    ----------
    model : ClusterModel or None
        None where the active model has no clusters.
    last_id : int
        The largest segment id ever used.
    names : dict of int to str
        The names of its segments.
    is_champion : bool
        Whether it was fitted under the same configuration, so that it may stay in force.
    """

    model: ClusterModel | None
    last_id: int
    names: dict[int, str]
    is_champion: bool

    @classmethod
    def of(cls, before: FittedModel | None, config_hash: str) -> _Previous:
        """Read the active model."""
        if before is None or before.fact("status") != "fitted" or not is_clustering(before.fact("method")):
            return cls(None, last_segment_id(before), {}, is_champion=False)
        model = ClusterModel.from_rows(before.rows)
        return cls(model, last_segment_id(before), names_of(before), before.fact("config_hash") == config_hash)


def _fit_rfm(purchasers: pd.DataFrame) -> _Outcome:
    """Return the cut points of recency, frequency and monetary.

    Frequency or monetary without differences has none: the other one alone counts then, as a score of 1 for everybody
    would keep all of them from the cells of high frequency and value.
    """
    columns = {name: to_floats(purchasers[name])[0] for name in RFM_FEATURES}
    if not np.isfinite(columns["recency_days"]).any():
        return _Outcome([], TOO_FEW_CUSTOMERS)
    notes = {name: note for name in WHY_RFM_LEAVES_OUT if (note := _why_rfm_leaves_out(name, columns[name]))}
    cuts = [
        ParameterRow("rfm_cut", feature=name, level=str(number), value_double=float(cut))
        for name, values in columns.items()
        if name not in notes
        for number, cut in enumerate(quintile_cuts(values), start=1)
    ]
    return _Outcome(
        [
            *(ParameterRow("note", feature=name, value_string=note) for name, note in notes.items()),
            *cuts,
            *(row for name, values in columns.items() for row in number_rows(name, values)),
        ]
    )


def _why_rfm_leaves_out(feature: str, values: FloatArray) -> str | None:
    """Return why a feature has no score, None if it has."""
    known = values[np.isfinite(values)]
    if len(known) and known.min() < known.max():
        return None
    what = f"the same for all, {known[0]:.15g}" if len(known) else "no values"
    return f"left out: {what}; {WHY_RFM_LEAVES_OUT[feature]}"


@dataclass(frozen=True, slots=True)
class _Prepared:
    """The eligible sample in the space of distances.

    Attributes
    ----------
    model : ClusterModel
        Scaling and gammas, without segments yet.
    scaled : dict of str to ndarray of shape (n,)
        Every numeric feature.
    codes : dict of str to ndarray of shape (n,)
        Every categorical feature.
    levels : dict of str to ndarray
        Levels of every categorical feature in the order of their codes.
    data : MixedData
        The features that take part in distances.
    notes : list of ParameterRow
        What an analyst should know about single features.
    """

    model: ClusterModel
    scaled: dict[str, FloatArray]
    codes: dict[str, IntArray]
    levels: dict[str, TextArray]
    data: MixedData
    notes: list[ParameterRow]


def _prepare(config: SegmentationConfig, eligible: pd.DataFrame) -> _Prepared:
    """Fit scaling and gammas, and scale the sample."""
    scalers: dict[str, NumericScaler] = {}
    scaled: dict[str, FloatArray] = {}
    categories: dict[str, CategoryWeight] = {}
    codes: dict[str, IntArray] = {}
    levels: dict[str, TextArray] = {}
    notes: dict[str, tuple[str, ...]] = {}
    for feature in config.features:
        if feature.kind == "number":
            values, n_infinite = to_floats(eligible[feature.name])
            scaler = _fit_feature(feature, values)
            scalers[feature.name] = scaler
            infinite = (f"{n_infinite} infinite values taken as missing",) if n_infinite else ()
            notes[feature.name] = (*scaler.notes, *infinite)
            scaled[feature.name] = scaler.apply(values)
        else:
            feature_codes, found = encode_levels(eligible[feature.name], boolean=feature.kind == "boolean")
            note = _reason_to_leave_out(feature, found)
            notes[feature.name] = (note,) if note else ()
            weight = 0.0 if note else float(feature.weight)
            categories[feature.name] = CategoryWeight(weight, weight, feature.kind == "boolean", notes[feature.name])
            codes[feature.name] = feature_codes
            levels[feature.name] = found
    n = len(eligible)
    weights = {name: scaler.weight for name, scaler in scalers.items() if scaler.weight > 0}
    gammas = {name: category.weight for name, category in categories.items() if category.weight > 0}
    data = MixedData(
        numeric=np.column_stack([np.empty((n, 0)), *(scaled[name] for name in weights)]),
        weights=np.array(list(weights.values())),
        codes=np.column_stack([np.empty((n, 0), dtype=np.int64), *(codes[name] for name in gammas)]),
        gammas=np.array(list(gammas.values())),
    )
    base = (estimate_gamma(data) if n else 1.0) if config.gamma == "auto" else float(config.gamma)
    data = MixedData(data.numeric, data.weights, data.codes, data.gammas * base)
    categories = {
        name: CategoryWeight(category.weight, category.weight * base, category.is_boolean, category.notes)
        for name, category in categories.items()
    }
    model = ClusterModel(scalers, categories, np.empty((0, 0)), np.empty((0, 0), dtype=object), ())
    rows = [ParameterRow("note", feature=name, value_string="; ".join(text)) for name, text in notes.items() if text]
    return _Prepared(model, scaled, codes, levels, data, rows)


def _fit_feature(feature: FeatureConfig, values: FloatArray) -> NumericScaler:
    """Fit the scaling of one configured number."""
    return fit_scaler(
        values,
        transform=feature.transform,
        clip=feature.clip,
        scale=feature.scale,
        impute="median" if feature.impute is None else feature.impute,
        weight=feature.weight,
    )


def _reason_to_leave_out(feature: FeatureConfig, levels: TextArray) -> str | None:
    """Return why a categorical feature takes no part in distances, None if it does."""
    if set(levels) <= {MISSING_LEVEL}:
        return "left out: no values"
    if len(levels) == 1:
        return "left out: constant"
    return "left out: weight 0" if feature.weight == 0 else None


def _fit_clusters(
    config: SegmentationConfig, eligible: pd.DataFrame, previous: _Previous, phrases: PhraseBook
) -> _Outcome:
    """Find clusters by the algorithm of the method."""
    prepared = _prepare(config, eligible)
    data = prepared.data
    if len(data) < config.k.min:
        return _Outcome(prepared.notes, TOO_FEW_CUSTOMERS)
    if data.numeric.shape[1] + data.codes.shape[1] == 0:
        return _Outcome(prepared.notes, NO_VARYING_FEATURE)
    searched = subsampled(len(data), SEARCH_ROWS, config.seed)
    search_rows = data.take(searched)
    n_distinct = count_distinct(search_rows)
    if n_distinct < config.k.min:
        return _Outcome(prepared.notes, TOO_FEW_CUSTOMERS)
    fit = partial(ALGORITHMS[config.method], seed=config.seed)
    ks = range(config.k.min, config.k.max + 1)
    search = search_k(search_rows, ks, fit=fit, seed=config.seed, n_distinct=n_distinct)
    k, reason = choose_k(search.trials, min_share=config.min_share, is_pinned=config.k.min == config.k.max)
    final = fit(data, k, start=search.fits[k].prototypes)
    whole, order = _order_by_size(assign(data, final.prototypes))
    before = None if previous.model is None else labels_of(previous.model, eligible)
    identity = _identity(previous, before, whole)
    # Scoring prefers the lower id where two segments are equally near, so that they stand in the order of their ids.
    by_id = np.argsort(identity.segment_ids)
    whole, order = _in_order(whole, by_id), order[by_id]
    model = _with_segments(prepared, whole, tuple(sorted(identity.segment_ids)))
    kept = {one: previous.names[one] for one in sorted(identity.of_same_meaning()) if one in previous.names}
    trial = next(trial for trial in search.trials if trial.k == k)
    of_search = assign(search_rows, whole.prototypes)
    evidence = gather(
        search_rows,
        of_search,
        trial,
        search.stability[k][order],
        borderline_margin=config.borderline_margin,
        segment_ids=model.segment_ids,
        without_groups=search.without_groups(k, seed=config.seed),
    )
    gates: tuple[Gate, ...] = ()
    if previous.is_champion and previous.model is not None and before is not None:
        silhouette = silhouettes_of(search_rows, of_search.labels, before[searched], seed=config.seed)
        present = standing_of(
            previous.model,
            eligible.iloc[searched],
            smallest_share=smallest_share(before, previous.model.n_segments),
            silhouette=silhouette[1],
            seed=config.seed,
        )
        challenger = Standing(smallest_share(whole.labels, k), silhouette[0], evidence)
        gates = compare(challenger, present, config.gates, min_share=config.min_share)
    facts = [ParameterRow("model", feature="k", value_double=float(k))]
    if trial.silhouette is not None:
        facts.append(ParameterRow("model", feature="silhouette", value_double=trial.silhouette))
    return _Outcome(
        [
            *facts,
            *prepared.notes,
            *model.to_rows(),
            *_segment_rows(model, prepared, whole.labels, _Words.of(config, prepared, phrases), kept),
            *(row for relation in identity.relations for row in relation.to_rows()),
            *_search_rows(search.trials, k, reason, config.min_share),
            *_sensitivity_rows(config, eligible, whole.labels, k),
            *to_rows(evidence),
            *_baseline_rows(config, prepared, eligible, whole),
            *_tally_rows(prepared, eligible, whole.labels, model.segment_ids),
        ],
        segment_ids=identity.segment_ids,
        gates=gates,
    )


def _identity(previous: _Previous, before: IntArray | None, fit: Clustering) -> Identity:
    """Return the ids of the segments: those of the previous model where these are shared, else new ones."""
    k = len(fit.prototypes)
    if previous.model is None or before is None:
        return first_ids(np.bincount(fit.labels, minlength=k).tolist(), last_id=previous.last_id)
    old_k = previous.model.n_segments
    shared = np.bincount(before * k + fit.labels, minlength=old_k * k).reshape(old_k, k)
    return match(shared, previous.model.segment_ids, last_id=previous.last_id)


def _order_by_size(fit: Clustering) -> tuple[Clustering, IntArray]:
    """Return the clustering with the largest segment first, and where each was; equal sizes go by their prototypes.

    Codes stand for levels in alphabetical order, so ordering by code is ordering by level.
    """
    k = len(fit.prototypes)
    sizes = np.bincount(fit.labels, minlength=k)
    keys = [
        (-int(sizes[segment]), fit.prototypes.centroids[segment].tolist(), fit.prototypes.modes[segment].tolist())
        for segment in range(k)
    ]
    order = np.array(sorted(range(k), key=keys.__getitem__), dtype=np.int64)
    return _in_order(fit, order), order


def _in_order(fit: Clustering, order: IntArray) -> Clustering:
    """Return the clustering with its segments in another order: first the one that stood at `order[0]`."""
    position = np.empty(len(order), dtype=np.int64)
    position[order] = np.arange(len(order))
    prototypes = Prototypes(fit.prototypes.centroids[order], fit.prototypes.modes[order])
    return Clustering(prototypes, position[fit.labels], fit.cost)


def _with_segments(prepared: _Prepared, fit: Clustering, segment_ids: tuple[int, ...]) -> ClusterModel:
    """Return the model with its centroids, modes and ids.

    A feature that takes no part in distances gets the mean or mode of each segment, so that every feature has a value
    and a distance in SQL, whose weight is 0, does not become null.
    """
    model, k = prepared.model, len(fit.prototypes)
    sizes = np.maximum(np.bincount(fit.labels, minlength=k), 1)
    centroids = np.empty((k, len(model.scalers)))
    modes = np.empty((k, len(model.categories)), dtype=object)
    fitted_centroids, fitted_modes = iter(fit.prototypes.centroids.T), iter(fit.prototypes.modes.T)
    for column, (name, scaler) in enumerate(model.scalers.items()):
        sums = np.bincount(fit.labels, weights=prepared.scaled[name], minlength=k)
        centroids[:, column] = next(fitted_centroids) if scaler.weight > 0 else sums / sizes
    for column, (name, category) in enumerate(model.categories.items()):
        levels, codes = prepared.levels[name], prepared.codes[name]
        counts = np.bincount(fit.labels * len(levels) + codes, minlength=k * len(levels)).reshape(k, len(levels))
        modes[:, column] = levels[next(fitted_modes) if category.weight > 0 else np.argmax(counts, axis=1)]
    return ClusterModel(model.scalers, model.categories, centroids, modes, segment_ids)


@dataclass(frozen=True, slots=True)
class _Words:
    """What features and their levels are called in names of segments.

    Attributes
    ----------
    phrases : mapping of str to Phrase
        By feature, what customers with high and low values are called; none for a feature with a name of its own.
    features : dict of str to FeatureConfig
        By name.
    shared_levels : set of str
        Levels that more than one feature has.
    """

    phrases: PhraseBook
    features: dict[str, FeatureConfig]
    shared_levels: frozenset[str]

    @classmethod
    def of(cls, config: SegmentationConfig, prepared: _Prepared, phrases: PhraseBook) -> _Words:
        """Collect them from the configuration and the levels of the sample."""
        features = {feature.name: feature for feature in config.features}
        counts = Counter(str(level) for found in prepared.levels.values() for level in found)
        return cls(
            {name: phrase for name, phrase in phrases.items() if name in features and not features[name].display_name},
            features,
            frozenset(level for level, count in counts.items() if count > 1),
        )


def _segment_rows(
    model: ClusterModel, prepared: _Prepared, labels: IntArray, words: _Words, kept: Mapping[int, str]
) -> list[ParameterRow]:
    """Return name and size of every segment; names that are kept stay as they are."""
    traits = [_traits(model, prepared, segment, labels == segment, words) for segment in range(model.n_segments)]
    names = name_segments(traits, segment_ids=model.segment_ids, kept=kept)
    rows: list[ParameterRow] = []
    for segment, (segment_id, name) in enumerate(zip(model.segment_ids, names, strict=True)):
        size = int(np.count_nonzero(labels == segment))
        rows += [
            ParameterRow("segment", segment_id, "name", value_string=name),
            ParameterRow("segment", segment_id, "sample_size", value_double=float(size)),
        ]
    return rows


def _traits(model: ClusterModel, prepared: _Prepared, segment: int, members: BoolArray, words: _Words) -> list[Trait]:
    """Return how a segment differs from the sample in every feature that takes part."""
    traits: list[Trait] = []
    for column, (name, scaler) in enumerate(model.scalers.items()):
        if scaler.weight > 0:
            values = prepared.scaled[name]
            mean, spread = float(values.mean()), float(values.std())
            centroid = float(model.centroids[segment, column])
            deviation = (centroid - mean) / spread if spread > 0 else 0.0
            shown = words.features[name].display_name
            traits.append(numeric_trait(name, deviation, phrase=words.phrases.get(name), words=shown))
    for column, (name, category) in enumerate(model.categories.items()):
        if category.weight > 0:
            level = str(model.modes[segment, column])
            has_level = prepared.levels[name][prepared.codes[name]] == level
            share = float(np.count_nonzero(has_level & members)) / max(int(np.count_nonzero(members)), 1)
            traits.append(
                category_trait(
                    name,
                    level,
                    share=share,
                    overall_share=float(np.mean(has_level)),
                    is_boolean=category.is_boolean,
                    phrase=words.phrases.get(name),
                    words=words.features[name].display_name,
                    shown=words.features[name].level_names.get(level),
                    is_shared=level in words.shared_levels,
                )
            )
    return traits


def _search_rows(trials: Sequence[KTrial], chosen: int, reason: str, min_share: float) -> list[ParameterRow]:
    """Return the search for k as rows; segment_id holds k, and what was not defined has no row."""
    rows: list[ParameterRow] = []
    for trial in trials:
        values = {
            **{name: value for name, value in asdict(trial).items() if name != "k"},
            "admissible": float(trial.is_admissible(min_share)),
            "chosen": float(trial.k == chosen),
        }
        rows += [
            ParameterRow("k_search", trial.k, feature, value_double=value)
            for feature, value in values.items()
            if value is not None
        ]
    rows.append(ParameterRow("k_search", chosen, "reason", value_string=reason))
    return rows


def _sensitivity_rows(
    config: SegmentationConfig, eligible: pd.DataFrame, labels: IntArray, k: int
) -> list[ParameterRow]:
    """Return how much the segmentation owes to each choice; feature names what is changed and level how."""
    rng = np.random.default_rng(config.seed)
    rows = np.sort(rng.choice(len(eligible), min(len(eligible), SENSITIVITY_ROWS), replace=False))
    few = eligible.iloc[rows].reset_index(drop=True)

    def refit(changed: SegmentationConfig) -> IntArray | None:
        data = _prepare(changed, few).data
        if data.numeric.shape[1] + data.codes.shape[1] == 0 or count_distinct(data) < k:
            return None
        return ALGORITHMS[config.method](data, k, seed=config.seed).labels

    return [
        ParameterRow("sensitivity", feature=found.feature, level=found.change, value_double=found.adjusted_rand)
        for found in sensitivities(config, labels[rows], refit)
    ]


def _baseline_rows(
    config: SegmentationConfig, prepared: _Prepared, eligible: pd.DataFrame, fit: Clustering
) -> list[ParameterRow]:
    """Return what the customers of the fit look like: what drift is measured against."""
    rows = [distance_row(own_distances(prepared.data, fit.prototypes, fit.labels))]
    for feature in config.features:
        if feature.kind == "number":
            rows += number_rows(feature.name, to_floats(eligible[feature.name])[0])
        else:
            rows += level_rows(feature.name, prepared.codes[feature.name], prepared.levels[feature.name])
    return rows


def _tally_rows(
    prepared: _Prepared, eligible: pd.DataFrame, labels: IntArray, segment_ids: Sequence[int]
) -> list[ParameterRow]:
    """Return how many customers the model was made from, by segment and level: online updates add to them."""
    k = len(segment_ids)
    levels: dict[str, dict[str, FloatArray]] = {}
    for name, found in prepared.levels.items():
        counts = np.bincount(labels * len(found) + prepared.codes[name], minlength=k * len(found)).reshape(k, -1)
        levels[name] = heaviest({str(level): counts[:, place].astype(np.float64) for place, level in enumerate(found)})
    sizes = np.bincount(labels, minlength=k).astype(np.float64)
    tally = Tally(sizes, np.zeros((k, 0)), levels)
    return tally_rows(tally, segment_ids, as_of_date=_as_of_date(eligible), updates=0)
