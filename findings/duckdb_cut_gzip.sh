#!/usr/bin/env bash
# DuckDB 1.5.5, read_csv of a .csv.gz that is cut short or damaged.
#
# Expected: an error, as from Python's gzip, Polars 2.1.0 and PyArrow 26.0.1, which all refuse the three files below: a gzip
#   member ends with a checksum and the length of its content (RFC 1952, 2.3.1).
# Seen: the rows up to the cut are the file, and neither checksum nor length is looked at.
# Why it matters: a file that is still being copied, or was cut by a full disk, became a warehouse with half of its orders,
#   and nothing said so. Here every .gz is read to its end by zlib before the engine reads it.
set -euo pipefail

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet duckdb==1.5.5 polars==2.1.0 pyarrow==26.0.1

cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON' | tee seen.txt
import gzip
import random

import duckdb
import polars
import pyarrow.csv

NAME = "orders.csv.gz"
random.seed(1)
rows = "".join(f"{number},{random.randrange(10**6)}\n" for number in range(2000))
whole = gzip.compress(f"id,amount\n{rows}".encode(), mtime=0)
wrong_checksum = bytearray(whole)
wrong_checksum[-6] ^= 1
readers = {
    "duckdb": lambda: duckdb.sql(f"select count(*) from read_csv('{NAME}')").fetchone()[0],
    "gzip": lambda: gzip.open(NAME).read().count(b"\n") - 1,
    "polars": lambda: polars.read_csv(NAME).height,
    "pyarrow": lambda: pyarrow.csv.read_csv(NAME).num_rows,
}
for what, content in {
    "whole": whole,
    "half": whole[: len(whole) // 2],
    "no trailer": whole[:-8],
    "wrong checksum": bytes(wrong_checksum),
}.items():
    with open(NAME, "wb") as file:
        file.write(content)
    for reader, count in readers.items():
        try:
            print(f"{what}, {reader}: {count()} rows")
        except Exception:
            print(f"{what}, {reader}: refused")
PYTHON

diff - seen.txt <<'SEEN'
whole, duckdb: 2000 rows
whole, gzip: 2000 rows
whole, polars: 2000 rows
whole, pyarrow: 2000 rows
half, duckdb: 1006 rows
half, gzip: refused
half, polars: refused
half, pyarrow: refused
no trailer, duckdb: 2000 rows
no trailer, gzip: refused
no trailer, polars: refused
no trailer, pyarrow: refused
wrong checksum, duckdb: 2000 rows
wrong checksum, gzip: refused
wrong checksum, polars: refused
wrong checksum, pyarrow: refused
SEEN
