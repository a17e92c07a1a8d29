# Every step of the project as one command; `make` alone lists them.

PYTHON ?= python3
DATA ?= ../shared/data
WORKERS ?= 2
SIZE ?= 2000
SEED ?= 20260101
FORMAT ?= csv
OUT ?= seeds/demo
LANDING ?= landing
# The planted answers go with the committed seeds; data generated elsewhere has them beside it.
TRUTH ?= $(if $(filter seeds/demo,$(OUT)),tests/data,$(OUT))

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SPARK_STAMP := $(VENV)/.installed-spark
DBT := $(BIN)/dbt --no-use-colors
DBT_HERE := --project-dir . --profiles-dir .
SAY := @printf '==> %s\n'

# An example builds a database of its own; SEGMENTATION_DATABASE moves either.
DATABASE = $(or $(SEGMENTATION_DATABASE),$(or $(EXAMPLE),customer_segmentation).duckdb)

# These reach the recipes through the environment, where no quote or space can break a command.
export EXAMPLE DATA VARS SIZE SEED FORMAT OUT TRUTH LANDING STORE TABLES STREAM
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONUNBUFFERED := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup spark-setup build test spark-test unit integration dbt-tests golden lint format demo-data \
	stream soak soak-refresh mutants bench bench-build bench-refresh bench-spark bench-stream bench-value study study-smoothing \
	study-identity study-online requirements reference tables schema clean

help: ## List the commands
	@printf 'Usage: make COMMAND [NAME=value ...]\n\n'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

setup: $(STAMP) ## Make .venv and install the pinned requirements and the package; nothing the second time
	$(SAY) 'The environment $(VENV) is ready'

$(STAMP): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		printf 'Error: Python 3.11 or later is needed, and %s is older or absent.\n' '$(PYTHON)' >&2; \
		printf 'Name another one: make PYTHON=python3.12 ...\n' >&2; exit 1; }
	$(SAY) 'Making $(VENV) with $(PYTHON)'
	@$(PYTHON) -m venv $(VENV)
	$(SAY) 'Installing requirements.txt (a minute or so, this once)'
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.txt
	$(SAY) 'Installing the package segmentation'
	@$(BIN)/python -m pip install --quiet --no-build-isolation --no-deps --editable .
	@touch $@

spark-setup: $(SPARK_STAMP) ## Add Apache Spark and the adapter of engines/sparksession to .venv (half a gigabyte)

$(SPARK_STAMP): requirements-spark.txt engines/sparksession/pyproject.toml $(STAMP)
	$(SAY) 'Adding requirements-spark.txt (some minutes, this once)'
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements-spark.txt
	$(SAY) 'Adding the adapter dbt-sparksession'
	@$(BIN)/python -m pip install --quiet --no-build-isolation --no-deps --editable engines/sparksession
	@touch $@

build: export SEGMENTATION_DATABASE := $(DATABASE)
build: $(STAMP) ## Build a warehouse: EXAMPLE=name DATA=folder REFIT=1 VARS='{yaml}' SEGMENTATION_DATABASE=file
	@set -eu; set --; \
	if [ -n "$$EXAMPLE" ]; then set -- --example "examples/$$EXAMPLE.yml" --data "$$DATA"; fi; \
	vars="$$($(BIN)/python -m segmentation.variables "$$@" --vars "$$VARS" $(if $(filter 1 true yes,$(REFIT)),--refit))"; \
	printf '==> Building %s\n' "$$SEGMENTATION_DATABASE"; \
	mkdir -p "$$(dirname "$$SEGMENTATION_DATABASE")"; \
	$(BIN)/python -m segmentation.opening --database "$$SEGMENTATION_DATABASE"; \
	$(DBT) build $(DBT_HERE) --vars "$$vars"; \
	$(BIN)/python -m segmentation.summary --database "$$SEGMENTATION_DATABASE"

# exec: a signal to the command reaches the stream itself.
stream: export SEGMENTATION_DATABASE := $(DATABASE)
stream: $(STAMP) ## Build what arrives, batch by batch: LANDING=folder STORE=folder TABLES='{yaml}', and as for build
	@set -eu; set --; \
	if [ -n "$$EXAMPLE" ]; then set -- --example "examples/$$EXAMPLE.yml" --data "$$DATA"; fi; \
	if [ -n "$$STORE" ]; then set -- "$$@" --store "$$STORE"; fi; \
	mkdir -p "$$(dirname "$$SEGMENTATION_DATABASE")"; \
	exec $(BIN)/python -m segmentation.stream --landing "$$LANDING" --database "$$SEGMENTATION_DATABASE" \
		--vars "$$VARS" --tables "$$TABLES" "$$@" $(STREAM)

test: $(STAMP) ## Run the tests: pytest, which builds the demo with all dbt tests too, and where there is Java 17 spark-test: LONG=1 for the longest
	$(SAY) 'Running pytest with $(WORKERS) processes (builds the project many times; nearly an hour on two cores)'
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(if $(LONG),,-m 'not long')
	@$(MAKE) --no-print-directory spark-test

# Where there is no Java 17, nothing is installed either: the tests could only be skipped.
ifneq ($(filter spark-test,$(MAKECMDGOALS)),)
JAVA := $(or $(shell java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p'),0)
HAS_JAVA := $(shell [ $(JAVA) -ge 17 ] && echo yes)
endif

spark-test: $(if $(HAS_JAVA),$(SPARK_STAMP)) ## Prove on a cluster of two workers that Spark's marts are DuckDB's: LONG=1 for more data
ifeq ($(HAS_JAVA),yes)
	$(SAY) 'Running the tests of the adapter'
	@$(BIN)/python -m pytest engines/sparksession/tests
	$(SAY) 'Building on a cluster of one master and two workers, and comparing (up to fifteen minutes)'
	@SEGMENTATION_DATA="$(abspath $(DATA))" $(BIN)/python -m pytest tests/spark $(if $(LONG),,-m 'not long')
else
	$(SAY) 'Skipping the tests on Spark: they need Java 17 or later, and there is none here'
endif

dbt-tests: $(STAMP) ## Build the demo data with all dbt tests in a database that is thrown away
	$(SAY) 'Building the demo data with the dbt tests, in a temporary database'
	@set -eu; folder="$$(mktemp -d)"; trap 'rm -rf "$$folder"' EXIT; \
	SEGMENTATION_DATABASE="$$folder/tested.duckdb" SEGMENTATION_PUBLISHED= \
	$(DBT) --quiet build $(DBT_HERE) --target-path "$$folder/target" --log-path "$$folder/logs"; \
	printf '==> The demo data passes the dbt tests\n'

unit: $(STAMP) ## Run the tests of the package alone (seconds)
	@$(BIN)/python -m pytest src tests/unit

integration: $(STAMP) ## Run the tests that build the project
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal tests/integration

golden: $(STAMP) ## Write the golden results anew, which a change of the marts must come with (two minutes)
	@GOLDEN=write $(BIN)/python -m pytest -q -n 0 -m golden tests/integration
	@git --no-pager diff --stat -- tests/data/golden

lint: $(STAMP) ## Check Python with ruff and mypy, SQL with sqlfluff
	$(SAY) 'ruff'
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	$(SAY) 'mypy'
	@$(BIN)/mypy
	$(SAY) 'sqlfluff'
	@SEGMENTATION_DATABASE=:memory: $(BIN)/sqlfluff lint --disable-progress-bar --processes $(WORKERS) models tests

format: $(STAMP) ## Put Python and SQL into the form that lint asks for
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@SEGMENTATION_DATABASE=:memory: $(BIN)/sqlfluff fix --disable-progress-bar models tests

demo-data: $(STAMP) ## Generate demo data: SIZE=customers SEED=number FORMAT=csv|parquet OUT=folder
	$(SAY) 'Generating demo data'
	@$(BIN)/python -m segmentation.demo --customers "$$SIZE" --seed "$$SEED" --format "$$FORMAT" \
		--out "$$OUT" --truth "$$TRUTH"

bench: $(STAMP) ## Time the engine beside kmodes and scikit-learn (ten minutes, most theirs): PART='million search ...'
	@$(BIN)/python benchmarks/bench_engine.py $(PART)

study: $(STAMP) ## Ask planted and structureless data sets for k and verdict (half an hour): SETS=100 FIRST_SEED=0
	@$(BIN)/python benchmarks/study_recovery.py $(or $(SETS),100) $(or $(FIRST_SEED),0)

study-smoothing: $(STAMP) ## Ask what smoothing finds of planted changes and removes of planted flicker (half a minute)
	@$(BIN)/python benchmarks/study_smoothing.py

study-identity: $(STAMP) ## Ask whether segments keep their ids across refits, and how split and merge are named (a minute)
	@$(BIN)/python benchmarks/study_identity.py

study-online: $(STAMP) ## Ask whether online updates follow a planted drift, beside refits at every step (a minute)
	@$(BIN)/python benchmarks/study_online.py

bench-build: $(STAMP) ## Time a build over a million generated customers
	@$(BIN)/python benchmarks/bench_build.py

bench-value: $(STAMP) ## Time the models of customer value, fitted and applied to a million customers
	@$(BIN)/python benchmarks/bench_value.py

bench-refresh: $(STAMP) ## Time runs that work on one new order in a hundred, beside a full build of a million customers
	@$(BIN)/python benchmarks/bench_refresh.py

bench-stream: $(STAMP) ## Time the stream: from a file of 1,000 orders to marts, at 100,000 customers
	@$(BIN)/python benchmarks/bench_stream.py

soak-refresh: $(STAMP) ## Hold partial runs against full builds over random histories (forty minutes): SEEDS=8 FIRST_SEED=0
	@$(BIN)/python benchmarks/soak_refresh.py

soak: $(STAMP) ## Soak the stream: SOAK_BATCHES=200 SOAK_KILLS=5 SOAK_CUSTOMERS=300 (some hours)
	@$(BIN)/python benchmarks/soak_stream.py

# Sizes given to the script itself come last and win: MUTANTS='--kind python --from 0 --to 50'.
mutants: $(STAMP) ## Ask the tests whether they notice random mistakes (hours): MUTANTS_SQL=60 MUTANTS_PYTHON=150 SEED=number
	@$(BIN)/python benchmarks/mutants.py --sql $(or $(MUTANTS_SQL),60) --python $(or $(MUTANTS_PYTHON),150) \
		--seed $(SEED) $(MUTANTS)

bench-spark: $(SPARK_STAMP) ## Time both engines over 100,000 and a million customers, and watch the driver's memory (twenty minutes)
	@$(BIN)/python benchmarks/bench_spark.py

requirements: ## Recompile requirements.txt and requirements-spark.txt from pyproject.toml and requirements.in
	$(SAY) 'Compiling requirements.txt and requirements-spark.txt'
	@set -eu; folder="$$(mktemp -d)"; trap 'rm -rf "$$folder"' EXIT; \
	$(PYTHON) -m venv "$$folder"; \
	"$$folder/bin/python" -m pip install --quiet 'pip-tools>=7.5,<8'; \
	"$$folder/bin/pip-compile" --quiet --extra dev --generate-hashes --allow-unsafe --no-strip-extras --no-header \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
		--output-file requirements.txt pyproject.toml requirements.in; \
	"$$folder/bin/pip-compile" --quiet --extra dev --extra spark --generate-hashes --allow-unsafe --no-strip-extras \
		--no-header --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --constraint requirements.txt \
		--output-file requirements-spark.txt pyproject.toml requirements.in

reference: $(STAMP) ## Write the reference table of countries and the composed letters anew from the libraries that know them
	@$(BIN)/python -m segmentation.reference seeds/reference/countries.csv macros/engine/composed_letters.sql

tables: $(STAMP) ## Write docs/tables.md anew from the YAML of models and seeds and from docs/notes/tables.md
	@$(BIN)/python -m segmentation.dictionary models seeds docs/notes/tables.md docs/tables.md

schema: $(STAMP) ## Write the JSON schema of var files and the macros of input columns anew from segmentation.config
	@$(BIN)/python -m segmentation.config.generate

clean: ## Remove .venv and what tools and builds leave behind; databases stay
	@rm -rf $(VENV) target logs build .pytest_cache .mypy_cache .ruff_cache .hypothesis src/*.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
