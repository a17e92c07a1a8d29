"""Every example against the real file that it was written for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness import ROOT, DbtProject
from segmentation.variables import build_variables

CUSTOMERS = {"bank_marketing": 45_211, "cdnow": 23_570, "complete_journey": 2_377, "online_retail": 4_372}
"""How many customers each file holds, by the data sets' own descriptions."""


def test_there_is_a_test_for_every_example() -> None:
    assert {path.stem for path in (ROOT / "examples").glob("*.yml")} == CUSTOMERS.keys()


@pytest.mark.parametrize("name", CUSTOMERS)
def test_an_example_labels_every_customer_or_says_why_not(example: Callable[[str], DbtProject], name: str) -> None:
    project = example(name)
    assert project.query("select count(*) from marts.dim_customers", published=True) == [(CUSTOMERS[name],)]
    counts = project.query(
        """
        select segmentation, count(*), count(segment_id) + count(reason) from marts.fct_customer_segments group by 1
        """,
        published=True,
    )
    assert len(counts) >= 4
    assert all(rows == CUSTOMERS[name] == labels_and_reasons for _, rows, labels_and_reasons in counts)
    fitted = project.query(
        """
        select segmentation from marts.segmentation_quality
        where method in ('kmeans', 'kprototypes') and (model_status <> 'fitted' or segments < 2 or silhouette <= 0)
        """,
        published=True,
    )
    assert fitted == []


def test_every_customer_of_online_retail_without_a_segment_is_explained(example: Callable[[str], DbtProject]) -> None:
    project = example("online_retail")
    assert project.query(
        """
        select reason, count(*) from marts.fct_customer_segments where segmentation = 'behavior' group by 1 order by 1
        """,
        published=True,
    ) == [("no_valid_lines", 10), ("returns_only", 28), (None, 4_334)]


def test_returns_lower_the_revenue_of_online_retail(example: Callable[[str], DbtProject], shared_data: Path) -> None:
    """The net revenue of all customers, straight from the file by the same rules."""
    project = example("online_retail")
    with project.connect(published=True) as connection:
        (found,) = connection.execute("select sum(monetary) from marts.dim_customers").fetchall()[0]
        (expected,) = connection.execute(
            f"""
            select sum(cast(quantity as decimal(18, 4)) * cast(unitprice as decimal(18, 4)))
            from '{shared_data}/online_retail.parquet'
            where customerid is not null
                and not (unitprice <= 0 and quantity >= 0)
                and not regexp_matches(upper(trim(stockcode)), $1)
            """,
            ["|".join(non_product_codes())],
        ).fetchall()[0]
    assert found == expected


def non_product_codes() -> list[str]:
    codes: list[str] = build_variables(ROOT / "examples" / "online_retail.yml", data=Path("/"))["non_product_codes"]
    return codes
