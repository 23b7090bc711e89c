# Two commands are all a newcomer needs: `make run` and `make test`.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help run test check lint types imports flows bench texts books danger lock clean
.DEFAULT_GOAL := help

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCK := $(BIN)/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
  --no-header --strip-extras --allow-unsafe

# .runs has what Earshot runs on, .ready also what tests and checks it.
.venv/.runs: requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Earshot needs Python 3.11 or newer; this is " + sys.version.split()[0])'
	$(PYTHON) -m venv .venv
	$(PIP) --require-hashes -r requirements.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.ready: .venv/.runs requirements-dev.txt
	$(PIP) --require-hashes -r requirements.txt -r requirements-dev.txt
	@touch $@

run: .venv/.runs ## Start Earshot on http://127.0.0.1:8000
	@$(BIN)/earshot serve

# Tests start Earshot dozens of times: where Python may not keep what it compiled, it compiles it all each time.
test: .venv/.ready ## Run every test, on all cores
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest --numprocesses logical --maxprocesses 8 --dist worksteal

check: lint types imports flows test ## Run exactly what CI runs

lint: .venv/.ready ## Style and common mistakes
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: .venv/.ready ## Types
	$(BIN)/mypy

imports: .venv/.ready ## Who may import whom
	$(BIN)/lint-imports

flows: .venv/.ready ## Check every flow
	$(BIN)/earshot flows check

bench: .venv/.ready ## Measure speed, memory and safety, beside a plain bot on the same machine
	$(BIN)/python -m tests.bench

texts: .venv/.ready ## Bring the translation files up to date with the flows
	$(BIN)/earshot texts extract
	$(BIN)/earshot texts update

books: .venv/.ready ## Write down what our tables come to, once they have changed, or how they are read
	PYTHONHASHSEED=0 $(BIN)/python -m flows.language.keep_books
	$(BIN)/python -m storage.places.building.keep_index

danger: .venv/.ready ## Train our small models, of danger and of what is said to us, from the labelled messages
	$(BIN)/python -m flows.language.distress.train_danger tests/flows/distress
	$(BIN)/python -m flows.language.intents.train_sense tests/flows
	$(MAKE) books

lock: .venv/.ready ## Pin every dependency again, with hashes
	$(PIP) pip-tools
	$(LOCK) --build-deps-for editable --output-file requirements.txt pyproject.toml
	$(LOCK) --output-file requirements-dev.txt requirements-dev.in

clean: ## Remove the environment and caches, never your data
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist *.egg-info
