# The environment is made once and again whenever the project's requirements change.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
INSTALLED_DEV := $(VENV)/installed-dev
# Programs that look at the project from outside; what they need must not mix with what it needs.
TOOLS := $(VENV)/tools

.PHONY: help serve test check fuzz audit openapi bench constraints clean

help: ## Show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

serve: $(INSTALLED) ## Serve the archive in ./data on http://127.0.0.1:8080
	$(BIN)/fovea serve

test: check $(INSTALLED_DEV) ## Check and test everything, transactions also on PostgreSQL and S3
	$(BIN)/pytest -n auto --dist worksteal
	$(BIN)/pytest -n auto --dist worksteal --archive=postgresql+s3 tests/api

check: $(INSTALLED_DEV) ## Check format, lint, types, import contracts and the API description
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/fovea openapi | diff openapi/openapi.yaml -
	$(BIN)/fovea settings --describe | diff docs/settings.md -

fuzz: $(INSTALLED_DEV) $(TOOLS)/installed ## Send thousands of requests made up from the API description
	$(BIN)/python -m tests.fuzz $(TOOLS)/bin/schemathesis --max-examples 30

audit: $(TOOLS)/installed ## Look for dangerous code, and for known faults of what is depended on
	$(TOOLS)/bin/bandit --quiet --recursive --skip B105,B314,B405,B406 app storage  # docs/security.md says why
	$(TOOLS)/bin/pip-audit --disable-pip --no-deps --requirement constraints.txt

openapi: $(INSTALLED) ## Write openapi/openapi.yaml and docs/settings.md from the code
	$(BIN)/fovea openapi > openapi/openapi.yaml
	$(BIN)/fovea settings --describe > docs/settings.md

bench: $(INSTALLED_DEV) ## Measure store, search, metadata and frames
	$(BIN)/python -m benchmarks

constraints: $(INSTALLED_DEV) ## Write the exact versions in use to constraints.txt
	$(BIN)/pip freeze --exclude-editable --exclude pip --exclude setuptools > constraints.txt

clean: ## Remove the environment and what tools left behind
	rm -rf $(VENV) build dist .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Fovea needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)

$(INSTALLED): $(BIN)/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[video]'
	touch $@

$(TOOLS)/installed: $(BIN)/python
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/pip install --quiet --disable-pip-version-check 'schemathesis>=4.32,<5' 'bandit>=1.9,<2' 'pip-audit>=2.10,<3'
	touch $@

$(INSTALLED_DEV): $(BIN)/python pyproject.toml constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@ $(INSTALLED)
