#!/usr/bin/env bash
# sqlfluff 4.4.0, dialects duckdb and postgres
#
# Expected: `case when a is distinct from b then ...` parses in the dialect duckdb, as DuckDB 1.5.5 runs it and as
#   sqlfluff's own dialects ansi and sparksql parse it.
# Seen: duckdb and postgres report an unparsable section from `case` on, so nothing in it is linted and every run fails.
#   The same condition in brackets, or in a where clause, parses.
# Why it matters here: of several rows with one key a case tells what decided, by `is distinct from`, since both sides
#   may be null. The conditions stand in brackets for this reason alone.
set -euo pipefail

home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
# Settings of a project around would count otherwise.
cd "$home"
python3 -m venv "$home/venv"
"$home/venv/bin/pip" install --quiet --disable-pip-version-check sqlfluff==4.4.0 duckdb==1.5.5

bare="select case when a is distinct from b then 1 end as c from t"
bracketed="select case when (a is distinct from b) then 1 end as c from t"

verdict() {
    # It exits with an error where something cannot be parsed, which is what is looked for.
    tree=$(echo "$2" | "$home/venv/bin/sqlfluff" parse --dialect "$1" - 2>&1) || true
    if grep -qi unparsable <<< "$tree"; then
        echo "$1: unparsable: $2"
    else
        echo "$1: parsed: $2"
    fi
}

found=$(
    for dialect in ansi sparksql duckdb postgres; do
        verdict "$dialect" "$bare"
        verdict "$dialect" "$bracketed"
    done
)
echo "$found"
"$home/venv/bin/python" -c "
import duckdb
print('DuckDB', duckdb.__version__, 'runs it:', duckdb.sql('with t as (select 1 as a, null as b) $bare').fetchall())
"

expected="ansi: parsed: $bare
ansi: parsed: $bracketed
sparksql: parsed: $bare
sparksql: parsed: $bracketed
duckdb: unparsable: $bare
duckdb: parsed: $bracketed
postgres: unparsable: $bare
postgres: parsed: $bracketed"
[ "$found" = "$expected" ] || { echo "what is seen has changed" >&2; exit 1; }
