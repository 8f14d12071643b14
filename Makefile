# `make demo` and `make test` are all a new user needs; `make help` lists the rest.
# Only python3 (3.11 or 3.12) and make are assumed.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
NN     ?=
WORKERS ?= 2

# One thread per numeric library keeps two workers on two cores from fighting each other.
TEST_ENV := OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 PYTHONHASHSEED=0

.DEFAULT_GOAL := help
.PHONY: help demo install install-nn install-dev test slow bench coverage check lint format types contracts docs constraints wheel clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | expand -t 16

demo: $(if $(NN),install-nn,install) ## the whole loop on the synthetic market, in ./demo_run (NN=1 adds the neural models)
	$(BIN)/quantpits demo --target demo_run $(if $(NN),--nn)
	@echo "To use the commands here: source $(BIN)/activate"

install: $(VENV)/.installed ## the virtual environment with what running needs
install-nn: $(VENV)/.installed-nn ## the same with torch
install-dev: $(VENV)/.installed-dev ## the same with what the tests need

test: install-dev ## every test but the long proofs
	$(TEST_ENV) $(BIN)/python -m pytest -m "not slow" -n $(WORKERS) --dist loadgroup --durations 15
	$(BIN)/python -m pytest -q --import-mode=importlib --doctest-modules quantpits

slow: install-dev ## the long proofs: many more random cases of what `make test` draws
	$(TEST_ENV) QUANTPITS_SLOW=1 $(BIN)/python -m pytest -m slow -n $(WORKERS) --durations 15

bench: install-dev ## every speed claim: ratios and bars, on an idle machine (about eight minutes)
	$(BIN)/python -m benchmarks.simulator_vs_qlib
	$(BIN)/python -m benchmarks.search_speed --case all
	$(BIN)/python -m benchmarks.search_end_to_end --case all
	$(BIN)/python -m benchmarks.fusion_speed
	$(BIN)/python -m benchmarks.ledger_import
	$(BIN)/python -m benchmarks.feature_speed

coverage: install-dev ## every test with branch coverage, and the gates of the pure rooms
	rm -f .coverage .coverage.*
	$(TEST_ENV) NUMBA_DISABLE_JIT=1 $(BIN)/python -m pytest -m "not slow" -n $(WORKERS) --dist loadgroup --cov --cov-report=
	$(BIN)/python -m coverage report --fail-under=95
	$(BIN)/python -m coverage report --fail-under=100 --include='quantpits/trading/*,quantpits/signals/*,quantpits/config/*,quantpits/errors.py,quantpits/post_trade/entries.py,quantpits/post_trade/ledger.py,quantpits/post_trade/fold.py'

check: lint format types contracts ## lint, format, types and import contracts

lint: install-dev
	$(BIN)/ruff check .

format: install-dev
	$(BIN)/ruff format --check .

types: install-dev
	$(BIN)/mypy

contracts: install-dev
	$(BIN)/lint-imports

docs: install-dev ## regenerate docs/cli.md and docs/public_api.txt
	$(BIN)/python -m quantpits.cli.reference
	$(BIN)/python tests/architecture/public_api.py > docs/public_api.txt

wheel: install-dev ## build the wheel into dist/
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

constraints: ## resolve every dependency afresh and pin it in constraints.txt
	rm -rf .venv-constraints
	$(PYTHON) -m venv .venv-constraints
	.venv-constraints/bin/pip install --quiet '.[nn,dashboard,tune,ray,dev]'
	( echo '# Every transitive pin; made by `make constraints`.'; \
	  .venv-constraints/bin/pip freeze --exclude quantpits | sed -E 's/\+cpu$$//' ) > constraints.txt
	rm -rf .venv-constraints

clean: ## remove what make made here
	rm -rf $(VENV) demo_run build dist .pytest_cache .mypy_cache .ruff_cache .coverage .coverage.*

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 13) else f"QuantPits needs Python 3.11 or 3.12, this is {v[0]}.{v[1]}. Try: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "Installing QuantPits and its pinned dependencies into $(VENV) (a few minutes the first time)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-nn: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[nn]'
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed-nn
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[nn,tune,dev]'
	@touch $@
