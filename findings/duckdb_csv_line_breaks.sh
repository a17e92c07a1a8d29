#!/usr/bin/env bash
# DuckDB 1.5.5, read_csv and line breaks.
#
# Expected: 500 rows of a file (RFC 4180) whose second column is a quoted text of 7,500 lines, whichever way it is read; and
#   two rows, or an error, of a file whose lines end with CR LF where the option new_line names LF.
# Seen: read in parallel, the default, the first file is refused ("unterminated quote"); with parallel = false it has its 500
#   rows. The second has 0 rows, without an error.
# Why it matters: files with quoted line breaks are read by one thread here, and new_line is never pinned, although every
#   other option is: what the lines end with is looked up by the engine, and lines that end otherwise are refused.
set -euo pipefail

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet duckdb==1.5.5

cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON' | tee seen.txt
import csv

import duckdb

with open("texts.csv", "w", newline="") as file:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["a", "b"])
    writer.writerows([1, "a,b\n" * 7_500] for _ in range(500))
with open("ends.csv", "wb") as file:
    file.write(b"a,b\r\n1,2\r\n3,4\r\n")


def count(file, options):
    columns = "columns = {'a': 'VARCHAR', 'b': 'VARCHAR'}, auto_detect = false, header = true"
    try:
        rows = duckdb.sql(f"select count(*) from read_csv('{file}', {columns}, {options})").fetchone()[0]
    except duckdb.Error:
        return "refused"
    return f"{rows} rows"


for parallel in ("true", "false"):
    options = f"delim = ',', quote = '\"', escape = '\"', parallel = {parallel}"
    print(f"texts, parallel = {parallel}: {count('texts.csv', options)}")
for name, end in {"LF": "\\n", "CR LF": "\\r\\n"}.items():
    options = f"new_line = '{end}'"
    print(f"ends, new_line {name}: {count('ends.csv', options)}")
PYTHON

diff - seen.txt <<'SEEN'
texts, parallel = true: refused
texts, parallel = false: 500 rows
ends, new_line LF: 0 rows
ends, new_line CR LF: 2 rows
SEEN
