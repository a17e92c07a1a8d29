"""One row per clustering segmentation, segment and rule: a shallow tree over the bounded sample, written as SQL."""

from segmentation.frames import to_pandas
from segmentation.surrogate import explain_by_rules


def model(dbt, session):
    dbt.ref("learning_scope")
    seed = dbt.config.meta_get("random_seed")
    configuration = dbt.ref("resolved_configuration")
    sample = dbt.ref("training_sample")
    labels = dbt.ref("sample_labels")
    return explain_by_rules(to_pandas(configuration), to_pandas(sample), to_pandas(labels), int(seed))
