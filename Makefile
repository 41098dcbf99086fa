# `make` prints what there is to do.
PYTHON ?= python3
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test check bench clean

help: ## say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s%s\n", $$1, $$2 }' Makefile

setup: python ## make the virtual environment in .venv and install what running needs
	@$(PYTHON) app/dev/install.py

run: setup ## start everything; Ctrl-C stops it (another port: make run PORT=8123)
	@exec .venv/bin/peerline dev

test: setup-dev ## run every test (some of them: make test ARGS='-k booking')
	@exec .venv/bin/python -m pytest $(ARGS)

check: setup-dev ## look for style, types, imports against the arrow, and broken house rules
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/python -m pytest -q tests/guards

bench: setup-dev ## measure, with everything running
	@exec .venv/bin/python -m bench $(ARGS)

clean: ## remove the data, the virtual environment and all caches
	@! test -e .data/lock || flock --nonblock .data/lock true || { echo "It runs. Stop it first, with Ctrl-C or: kill $$(cat .data/lock)"; exit 1; }
	@rm -rf "$$(readlink -f .data/postgres)" .data .venv build *.egg-info .*_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

setup-dev: python
	@$(PYTHON) app/dev/install.py --dev

.PHONY: python
python:
	@command -v $(PYTHON) >/dev/null || { echo "Peerline needs Python 3.11 or later: apt install python3 python3-venv"; exit 1; }
