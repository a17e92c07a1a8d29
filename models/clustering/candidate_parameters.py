"""One row per parameter of every segmentation with a model: fitted anew, or taken over while nothing has changed."""

from segmentation.fitting import fit_all
from segmentation.frames import to_pandas
from segmentation.naming import phrase_book


def model(dbt, session):
    refit = dbt.config.meta_get("refit")
    configuration = dbt.ref("resolved_configuration")
    sample = dbt.ref("training_sample")
    previous = dbt.ref("previous_parameters")
    catalogue = dbt.ref("feature_catalogue")
    phrases = phrase_book(to_pandas(catalogue))
    return fit_all(to_pandas(configuration), to_pandas(sample), to_pandas(previous), bool(refit), phrases)
