#!/usr/bin/env bash
# duckdb 1.5.5: read_csv with encoding = 'utf-16' takes a file with the high byte first for one with the low byte first.
#
# Expected: a file that begins with the byte order mark FE FF, which RFC 2781 and Unicode make the sign of big-endian
# UTF-16, is read as such, or refused.
# Seen: the mark is not looked at. The header becomes one column of CJK letters, the rows vanish, and there is no error.
#
# Why it matters here: exports of orders come in UTF-16 from spreadsheets and databases. Rows that vanish without an error are
# customers who are not segmented, so the project looks at the mark before the engine reads.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check duckdb==1.5.5

"$folder/venv/bin/python" - "$folder" <<'PYTHON'
import codecs
import sys
from pathlib import Path

import duckdb

text = "order,customer\r\n1,7\r\n2,8\r\n"
files = {
    "little": codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
    "big": codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
}
found = {}
for name, content in files.items():
    path = Path(sys.argv[1]) / f"{name}.csv"
    path.write_bytes(content)
    relation = duckdb.sql(f"from read_csv('{path}', encoding = 'utf-16', header = true, delim = ',', all_varchar = true)")
    found[name] = (len(relation.columns), relation.fetchall())
    print(f"{name}-endian: {found[name][0]} columns, {len(found[name][1])} rows")
assert found["little"] == (2, [("1", "7"), ("2", "8")]), found["little"]
assert found["big"] == (1, []), found["big"]
PYTHON
