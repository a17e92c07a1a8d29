#!/usr/bin/env bash
# dbt-core 1.11.16 with dbt-duckdb 1.11.1: inside `dbt retry` nothing in Jinja says that it is a retry.
#
# Expected: `flags.WHICH`, "the command that runs", is `retry` in a retry, and the arguments name the run that is
# gone on with.
# Seen: `flags.WHICH` and `invocation_args_dict.which` are `build`, the arguments are those of the build, and the
# invocation id is a new one. `selected_resources`, by its description all that the run builds, is empty.
# Why it matters here: what a build publishes must have passed its gate. A model that asks whether its own run built
# the gate is told no in a retry, although the run that is gone on with did, and a condition on `retry` never holds. One
# that asks whether the run builds everything is told that it builds nothing.
set -euo pipefail

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check dbt-core==1.11.16 dbt-duckdb==1.11.1
mkdir -p "$folder/project/models" "$folder/project/macros"
cd "$folder/project"
cat > dbt_project.yml <<'YAML'
name: retried
version: "1.0"
profile: retried
flags: {send_anonymous_usage_stats: false}
YAML
cat > profiles.yml <<'YAML'
retried: {target: dev, outputs: {dev: {type: duckdb, path: retried.duckdb}}}
YAML
cat > models/first.sql <<'SQL'
select 1 as one
SQL
cat > models/second.sql <<'SQL'
{% if execute %}
{% do log("seen: which=" ~ flags.WHICH ~ " argument=" ~ invocation_args_dict.which
    ~ " selected=" ~ (selected_resources | sort | join(",")), info=true) %}
{% endif %}
select {{ "1" if env_var("MENDED", "") else "no_such_column" }} as two from {{ ref("first") }}
SQL
dbt="$folder/venv/bin/dbt --no-use-colors"
built="$($dbt build --profiles-dir . || true)"
retried="$(MENDED=1 $dbt retry --profiles-dir .)"
printf 'build: %s\n' "$(grep -o 'seen: .*' <<< "$built")"
printf 'retry: %s\n' "$(grep -o 'seen: .*' <<< "$retried")"
grep -q 'seen: which=build argument=build selected=model.retried.first,model.retried.second' <<< "$built"
grep -q 'seen: which=build argument=build selected=$' <<< "$retried"
