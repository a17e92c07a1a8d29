"""Deterministic demo data: a small shop with planted segments and planted dirt.

``world`` plants customers, orders and lines, ``dirt`` adds rows that staging must reject and untidiness that it must
repair, ``writer`` streams both to CSV or Parquet. Models never read what was planted: it is kept for tests alone.
"""

from segmentation.demo.writer import DemoReport, write_demo_data

__all__ = ["DemoReport", "write_demo_data"]
