"""The adapter's macros, as a dbt package."""

from pathlib import Path

PACKAGE_PATH = str(Path(__file__).parent)
