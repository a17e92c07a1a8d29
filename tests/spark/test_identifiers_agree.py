"""What identifies somebody to a platform is written, and hashed, alike on both engines."""

from __future__ import annotations

from contact_cases import HEADER, contact_rows
from harness import DbtProject, file_inputs
from segmentation.comparing import compare_tables, read_duckdb, read_parquet_folders
from spark_project import SparkProject


def test_identifiers_of_one_person_are_one_hash_on_both_engines(standalone: SparkProject, project: DbtProject) -> None:
    columns = dict(zip(HEADER, zip(*contact_rows(), strict=True), strict=True))
    inputs = file_inputs(customers=project.parquet("customers.parquet", columns))
    settings = {
        "inputs": inputs,
        "as_of_date": "2026-02-01",
        "default_max_reject_share": 1.0,
        "audiences": {"segmentations": "auto", "minimum_size": 1, "holdout_share": 0.1, "calling_code": "1"},
        "segmentations": {
            "all": {"method": "rules", "segments": [{"name": "All", "when": "gender is null or gender is not null"}]}
        },
    }
    for engine in (project, standalone):
        engine.build("--select", "+feed_identifiers", "--exclude-resource-type", "test", variables=settings).check()
    ours = read_duckdb(project.database, schema="feeds")["feed_identifiers"]
    theirs = read_parquet_folders(standalone.marts, schema="feeds")["feed_identifiers"]
    assert ours.num_rows > 70
    # Numbers that stand for texts within one warehouse are of the engine's own hash.
    own = [name for name in ours.column_names if name.endswith(("_hash", "_key"))]
    tables = (table.drop_columns(own) for table in (ours, theirs))
    assert [str(line) for line in compare_tables("feed_identifiers", *tables, key=("customer_id",))] == []
