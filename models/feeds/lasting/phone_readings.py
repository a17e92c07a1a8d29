"""One row per shape of phone numbers: which digits they lose and gain to begin with the code of their country."""

from segmentation.frames import to_pandas
from segmentation.phones import read_shapes


def model(dbt, session):
    return read_shapes(to_pandas(dbt.ref("phone_shapes")))
