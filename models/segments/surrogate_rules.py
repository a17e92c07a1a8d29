"""One row per clustering segmentation and rule: a shallow tree in readable SQL."""

from segmentation.frames import to_pandas
from segmentation.surrogate import fit_rules


def model(dbt, session):
    configuration = dbt.ref("resolved_configuration")
    sample = dbt.ref("surrogate_sample")
    return fit_rules(to_pandas(configuration), to_pandas(sample))
