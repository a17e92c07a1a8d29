"""One row per data set, model and parameter of customer value, or the reason why there is no model."""

from segmentation.frames import to_pandas
from segmentation.value.fitting import fit_value


def model(dbt, session):
    dbt.ref("learning_scope")
    sample = dbt.ref("value_sample")
    return fit_value(to_pandas(sample))
