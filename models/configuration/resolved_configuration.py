"""One row per segmentation: the proved configuration, with every default filled in."""

from segmentation.config.resolve import read_variables, resolve
from segmentation.frames import to_pandas


def model(dbt, session):
    variables = dbt.config.meta_get("variables")
    catalogue = dbt.ref("feature_catalogue")
    rfm_grid = dbt.ref("rfm_grid")
    rfm_segments = dbt.ref("rfm_segments")
    return resolve(
        read_variables(variables),
        to_pandas(catalogue),
        rfm_grid=to_pandas(rfm_grid),
        rfm_segments=to_pandas(rfm_segments),
    )
