"""The dbt adapter `sparksession`: dbt-spark in a live Spark session, with Python models."""

from dbt.adapters.base import AdapterPlugin

from dbt.adapters.sparksession.connections import SparkSessionConnectionManager, SparkSessionCredentials
from dbt.adapters.sparksession.impl import SparkSessionAdapter
from dbt.include import sparksession

__all__ = ["Plugin", "SparkSessionAdapter", "SparkSessionConnectionManager", "SparkSessionCredentials"]

Plugin = AdapterPlugin(
    adapter=SparkSessionAdapter,
    credentials=SparkSessionCredentials,
    include_path=sparksession.PACKAGE_PATH,
    dependencies=["spark"],
)
