from dbt.flags import get_flags
from dbt_common.invocation import get_invocation_id

from segmentation.frames import to_pandas
from segmentation.publishing import publish


def model(dbt, session):
    schema = dbt.config.meta_get("schema")
    folder = dbt.config.meta_get("folder")
    # Each by its literal name: dbt then skips this node whenever one of them, or a test of one, fails.
    marts = {
        "customer_recommendations": dbt.ref("customer_recommendations"),
        "dim_customers": dbt.ref("dim_customers"),
        "dim_segments": dbt.ref("dim_segments"),
        "fct_customer_segments": dbt.ref("fct_customer_segments"),
        "input_quality": dbt.ref("input_quality"),
        "k_search": dbt.ref("k_search"),
        "model_parameters": dbt.ref("model_parameters"),
        "recommendation_backtest": dbt.ref("recommendation_backtest"),
        "segment_basket_rules": dbt.ref("segment_basket_rules"),
        "segment_overlap": dbt.ref("segment_overlap"),
        "segment_profiles": dbt.ref("segment_profiles"),
        "segment_recommendations": dbt.ref("segment_recommendations"),
        "segmentation_quality": dbt.ref("segmentation_quality"),
    }
    dbt.ref("model_registry")
    gate = dbt.ref("publication_gate")
    command = get_flags().WHICH
    return publish(
        session,
        database=dbt.this.database,
        relations=[(schema, name) for name in marts],
        folder=folder,
        command=command,
        # A retry goes on with a build that may have passed the gate before it failed.
        is_past_gate=command == "retry" or list(to_pandas(gate)["invocation_id"]) == [get_invocation_id()],
    )
