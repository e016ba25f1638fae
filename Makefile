# Everything a user needs: `make run` and `make test` set the machine up by themselves.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PORTFOLIO ?= sample
LANDING ?=
VENV := .venv
ASSAY := $(VENV)/bin/assay
export DO_NOT_TRACK := 1

# The first interpreter that really starts: version managers leave names on PATH that do not.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && { echo $$p; break; }; done)

.PHONY: help run test lint bench ui format setup setup-dev lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(VENV)/bin/uv: requirements-bootstrap.lock
	@test -n "$(PYTHON)" || { echo "Assay needs Python 3.11, 3.12 or 3.13 with venv; none was found on PATH. Install one, or name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3.12" >&2; exit 1; }
	@echo "==> environment: $(VENV) on $$($(PYTHON) --version)"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(VENV)/bin/python -m pip install -q --require-hashes -r requirements-bootstrap.lock
	@touch $@

# Bytecode is compiled at once: every later start is two to four times quicker.
$(VENV)/.installed: $(VENV)/bin/uv requirements.lock pyproject.toml
	@echo "==> packages: requirements.lock, hashes required"
	@env -u PYTHONDONTWRITEBYTECODE $(VENV)/bin/uv pip install -q --python $(VENV)/bin/python --require-hashes --compile-bytecode -r requirements.lock
	@$(VENV)/bin/uv pip install -q --python $(VENV)/bin/python --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements-dev.lock
	@echo "==> development packages: requirements-dev.lock, hashes required"
	@env -u PYTHONDONTWRITEBYTECODE $(VENV)/bin/uv pip install -q --python $(VENV)/bin/python --require-hashes --compile-bytecode -r requirements-dev.lock
	@touch $@

setup: $(VENV)/.installed
setup-dev: $(VENV)/.installed-dev

lock: $(VENV)/bin/uv ## resolve the lock files anew
	@for extra in "" dev; do \
	  $(VENV)/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-strip-extras --no-header \
	    $${extra:+--extra $$extra -c requirements.lock} -o requirements$${extra:+-$$extra}.lock pyproject.toml || exit 1; done

run: setup ## set up and run the daily job: PORTFOLIO=sample (default), msme, eagle_bank, complete_journey; LANDING=folder of files
	@$(ASSAY) run --portfolio "$(PORTFOLIO)" $(if $(LANDING),--landing "$(LANDING)")

ui: setup ## Dagster's webserver and daemon on loopback
	@$(ASSAY) ui --portfolio "$(PORTFOLIO)" $(if $(LANDING),--landing "$(LANDING)")

# One worker per core of the smallest machine we promise to work on; a third made it slower. Nor has a worker a second
# thread for its matrices: two workers' four threads waited for each other in most of their time.
test: setup-dev ## all tests, on a PostgreSQL of their own
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(VENV)/bin/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder -q $(PYTEST_ARGS)

lint: setup-dev ## formatter, linter, types, SQL linter, Spark transpile check
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/python tests/portability/lint_sql.py

format: setup-dev ## format the Python code
	@$(VENV)/bin/ruff format . && $(VENV)/bin/ruff check --fix .

bench: setup-dev ## measure: speed, memory, and what models and rules find; parts: python -m tests.benchmarks NAME
	@$(VENV)/bin/python -m tests.benchmarks

clean: ## stop what runs and remove the environment and all run-time state
	@if [ -x $(ASSAY) ]; then $(ASSAY) stop; fi
	@rm -rf $(VENV) .assay
