# Every target does its own set-up: a virtual environment with pinned, hashed requirements. Needs Python 3.11 and make.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
TESTS ?=

.PHONY: demo test lint bench durability proof pbx pins clean venv help
help:  ## what each target does
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

venv: $(VENV)/.ready
$(VENV)/.ready: requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "callcentre needs Python 3.11 or later; set PYTHON=/path/to/python3.11")'
	@echo "Setting up $(VENV) (once, about half a minute)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: venv  ## the product on a simulated office with a month of history; pages on localhost
	@$(BIN)/callcentre demo

test: venv  ## everything that runs without root, a PBX or a database server
	@$(BIN)/python -m pytest -m "not pbx and not bench and not proof" -n auto --dist worksteal $(TESTS)

lint: venv  ## style, types, who imports whom
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: venv  ## measurements against named peers, on one core
	@$(BIN)/python -m tests.bench

durability: venv  ## kills the daemon 300 times while messages are left, and counts what became of each
	@$(BIN)/python -m tests.durability --kills 300

proof: venv  ## thirty simulated days and a day of faults in a real Prometheus, held against dashboards, rules and the database
	@CALLCENTRE_TEST_PROMETHEUS_REQUIRED=1 $(BIN)/python -m pytest -q -m proof tests/grafana/proof $(TESTS)

pbx: venv  ## fetches an Asterisk 22 and a 16 into a folder of its own (needs root) and plays real calls through them
	@$(BIN)/python -m tests.pbx.fetch_asterisk
	@CALLCENTRE_TEST_PBX_REQUIRED=1 $(BIN)/python -m pytest -m pbx tests/pbx -s $(TESTS)

pins:  ## compile the pinned requirements again (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements/base.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml requirements/dev.in -o requirements/dev.txt

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache
