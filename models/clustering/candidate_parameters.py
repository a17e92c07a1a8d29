"""One row per parameter of every segmentation with a model: fitted anew, moved by what came in, or taken over."""

from segmentation.drift import verdicts
from segmentation.fitting import fit_all
from segmentation.frames import to_pandas
from segmentation.naming import phrase_book
from segmentation.online import learner


def model(dbt, session):
    refit = dbt.config.meta_get("refit")
    configuration = dbt.ref("resolved_configuration")
    sample = dbt.ref("training_sample")
    previous = dbt.ref("previous_parameters")
    catalogue = dbt.ref("feature_catalogue")
    drift = dbt.ref("measured_drift")
    batches = dbt.ref("online_batches")
    return fit_all(
        to_pandas(configuration),
        # Read only where a model is fitted.
        lambda: to_pandas(sample),
        to_pandas(previous),
        refit=bool(refit),
        phrases=phrase_book(to_pandas(catalogue)),
        drift=verdicts(to_pandas(drift)),
        update=learner(to_pandas(batches)),
    )
