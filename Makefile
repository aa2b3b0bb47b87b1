# What a developer or a user types. Everything happens inside .venv; nothing else is touched.

VENV := .venv
PY := $(VENV)/bin/python
RUNS := $(VENV)/.installed
TESTS := $(VENV)/.installed-for-tests

# The first of these interpreters that is new enough. Or: make run PYTHON=/path/to/python3.11
PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3 python,$(shell \
	$(name) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' \
	2>/dev/null && echo $(name))))
INSTALL = $(PY) -m pip install --disable-pip-version-check --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help run venv test check screenshots lock clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' $(MAKEFILE_LIST)

run: $(RUNS) ## install what is needed and open the dashboard
	$(PY) -m dashboard

venv: $(RUNS) ## install what is needed into .venv, and no more

test: check ## install what tests need as well, then check and test everything
	$(PY) -m pytest --numprocesses 2 --dist loadfile

check: $(TESTS) ## style, format and types only
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy

screenshots: $(TESTS) ## pictures of every page in every state, into screenshots/
	PYTHONPATH=. $(PY) tests/screenshots.py $(if $(WORKSPACE),--workspace $(WORKSPACE))

lock: ## pin everything that requirements*.txt need in turn (constraints.txt)
	$(make-venv)
	$(PY) -m pip install --disable-pip-version-check "$$(grep '^pip-tools==' requirements-dev.txt)"
	CUSTOM_COMPILE_COMMAND="make lock" $(PY) -m piptools compile --quiet --no-annotate \
		--no-emit-options --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
		--strip-extras --allow-unsafe --output-file constraints.txt \
		requirements-dev.txt requirements-windows.txt

clean: ## remove .venv and what tests and tools left behind
	rm -rf $(VENV) neurostage.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(RUNS): requirements.txt constraints.txt
	$(make-venv)
	$(INSTALL) --requirement requirements.txt
	$(INSTALL) --no-deps --editable .
	@touch $@

$(TESTS): requirements.txt requirements-dev.txt constraints.txt
	$(make-venv)
	$(INSTALL) --requirement requirements-dev.txt
	$(INSTALL) --no-deps --editable .
	@touch $(RUNS) $@

define make-venv
@test -n "$(PYTHON)" || { echo "NeuroStage needs Python 3.11 or 3.12 and found neither. Install one," \
	"or say where it is: make run PYTHON=/path/to/python3.11" >&2; exit 1; }
$(PYTHON) -m venv $(VENV)
endef
