# make help lists what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help study test check format docs dashboard clean

help:  ## list what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | awk -F'\t' '{printf "  make %-10s %s\n", $$1, $$2}'

study: $(VENV)/.installed  ## install if needed, then run python -m search.study; ARGS="--data sign-mnist --trials 30" passes arguments on
	$(BIN)/python -m search.study --trials 100 $(ARGS)

test: $(VENV)/.installed-test  ## install if needed, then run the tests; ARGS="-k split" passes arguments on
	$(BIN)/python -m pytest -n auto $(ARGS)

check: $(VENV)/.installed-test  ## lint, formatting and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.installed-test  ## format the code and mend what the linter can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.installed-test  ## write the generated tables of docs/commands.md
	$(BIN)/python -m docs.tables

dashboard: $(VENV)/.installed  ## browse studies.db with optuna-dashboard on http://127.0.0.1:8080
	$(BIN)/optuna-dashboard --host 127.0.0.1 $${OPTUNA_STORAGE:-sqlite:///studies.db}

clean:  ## remove the virtual environment and caches; studies.db and results/ stay
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# The stamps make a second run start at once; a changed pyproject.toml or constraints.txt installs again.
$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing into $(VENV): this takes several minutes and prints nothing"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[download]'
	@touch $@

$(VENV)/.installed-test: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing into $(VENV): this takes several minutes and prints nothing"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[download,test]'
	@touch $@ $(VENV)/.installed
