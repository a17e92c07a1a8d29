"""One row per data set, repeat orders, age and horizon: the orders to expect of a customer who is alive."""

from segmentation.frames import to_pandas
from segmentation.value.fitting import tabulate_orders


def model(dbt, session):
    settings = dbt.config.meta_get("value")
    parameters = dbt.ref("value_parameters")
    pairs = dbt.ref("value_pairs")
    horizons = {"current": settings["horizons_days"], "calibration": [settings["holdout_days"]]}
    return tabulate_orders(to_pandas(parameters), to_pandas(pairs), horizons, settings["discount_rate"])
