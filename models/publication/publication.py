from datetime import date

from dbt.flags import get_flags

from segmentation.frames import to_pandas
from segmentation.publishing import Changes, last_digest, publish


def model(dbt, session):
    schema = dbt.config.meta_get("schema")
    folder = dbt.config.meta_get("folder")
    # Each by its literal name: dbt then skips this node whenever one of them, or a test of one, fails.
    marts = {
        "audience_members": dbt.ref("audience_members"),
        "clv_evaluation": dbt.ref("clv_evaluation"),
        "clv_parameters": dbt.ref("clv_parameters"),
        "customer_explanations": dbt.ref("customer_explanations"),
        "customer_recommendations": dbt.ref("customer_recommendations"),
        "dim_customers": dbt.ref("dim_customers"),
        "dim_segments": dbt.ref("dim_segments"),
        "fct_customer_segment_history": dbt.ref("fct_customer_segment_history"),
        "fct_customer_segments": dbt.ref("fct_customer_segments"),
        "fct_customer_value": dbt.ref("fct_customer_value"),
        "feature_sensitivity": dbt.ref("feature_sensitivity"),
        "feed_changes": dbt.ref("feed_changes"),
        "feed_google_customer_match": dbt.ref("feed_google_customer_match"),
        "feed_meta_custom_audiences": dbt.ref("feed_meta_custom_audiences"),
        "feed_quality": dbt.ref("feed_quality"),
        "input_quality": dbt.ref("input_quality"),
        "k_search": dbt.ref("k_search"),
        "model_parameters": dbt.ref("model_parameters"),
        "recommendation_backtest": dbt.ref("recommendation_backtest"),
        "scoring_queries": dbt.ref("scoring_queries"),
        "segment_basket_rules": dbt.ref("segment_basket_rules"),
        "segment_category_affinity": dbt.ref("segment_category_affinity"),
        "segment_drivers": dbt.ref("segment_drivers"),
        "segment_feature_gaps": dbt.ref("segment_feature_gaps"),
        "segment_lineage": dbt.ref("segment_lineage"),
        "segment_migrations": dbt.ref("segment_migrations"),
        "segment_overlap": dbt.ref("segment_overlap"),
        "segment_periods": dbt.ref("segment_periods"),
        "segment_preferences": dbt.ref("segment_preferences"),
        "segment_profiles": dbt.ref("segment_profiles"),
        "segment_projection": dbt.ref("segment_projection"),
        "segment_recommendations": dbt.ref("segment_recommendations"),
        "segment_rules": dbt.ref("segment_rules"),
        "segment_stability": dbt.ref("segment_stability"),
        "segment_value": dbt.ref("segment_value"),
        "segmentation_decisions": dbt.ref("segmentation_decisions"),
        "segmentation_differentiation": dbt.ref("segmentation_differentiation"),
        "segmentation_drift": dbt.ref("segmentation_drift"),
        "segmentation_quality": dbt.ref("segmentation_quality"),
        "service_actions": dbt.ref("service_actions"),
        "service_customer_tiers": dbt.ref("service_customer_tiers"),
    }
    dbt.ref("model_registry")
    gate = dbt.ref("publication_gate")
    inputs = dbt.ref("refresh_scope")
    scope = dbt.ref("score_scope")
    application = dbt.ref("application_scope")
    dbt.ref("changed_since")
    dbt.ref("feed_members")
    as_of_dates = to_pandas(dbt.ref("as_of_dates"))
    ends = as_of_dates.loc[~as_of_dates["is_current"], "as_of_date"].dt.date
    keys = dbt.config.meta_get("refreshed")
    if to_pandas(application)["is_full"].any():
        keys = {name: key for name, key in keys.items() if name not in dbt.config.meta_get("applied")}
    dates = dbt.config.meta_get("refreshed_by_date")
    command = get_flags().WHICH
    scopes = to_pandas(scope)
    is_full = scopes["is_full"].any()
    keeps_past = scopes["keeps_past"].all()
    # A table cannot refer to itself: what was published last is read by name, before this row replaces it.
    changes = Changes(
        keys=keys,
        changed=("refresh", "changed_since"),
        published_digest=last_digest(session, dbt.this.database, dbt.this.schema, dbt.this.identifier),
        dates=dates,
        # On a new day of the same period that day alone is new to everybody.
        all_changed_after=max(ends, default=date.min) if is_full else None,
    )
    return publish(
        session,
        database=dbt.this.database,
        relations=[(schema, name) for name in marts],
        folder=folder,
        command=command,
        # Whether that is what this run goes on with was asked before it came here (must_be_past_gate).
        is_past_gate=list(to_pandas(gate)["invocation_id"]) == list(to_pandas(inputs)["invocation_id"]),
        changes=None if is_full and not keeps_past else changes,
    )
