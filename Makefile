# `make run`, then `make demo` in another terminal. `make PYTHON=python3.12 run` picks the interpreter (3.11 or newer).

PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help install run demo test lint lock bench chaos

help:
	@echo "make run      start everything on this machine, until Ctrl-C"
	@echo "make demo     play a missed call against it (from another terminal)"
	@echo "make test     lint, types, import contracts, migrations check, all tests, coverage"
	@echo "make lint     only what needs no tests"
	@echo "make bench    measure the webhooks"
	@echo "make chaos    break everything on purpose and report what held (most of an hour)"
	@echo "make install  only .venv with the locked dependencies"
	@echo "make lock     write requirements/*.txt anew from requirements/*.in (needs uv)"

install:
	@$(PYTHON) nevermisscall/dev/install.py

run: install
	@exec $(BIN)/python -m nevermisscall.dev.run --stop-with-parent

demo: install
	@$(BIN)/python -m nevermisscall.dev.demo

test: lint
	$(BIN)/python -m pytest -n auto --cov --cov-fail-under=90

# The migrations check wants to compare with a database; without one it would only warn, and no port 9 answers.
lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@echo "makemigrations --check"
	@DATABASE_URL=postgresql://127.0.0.1:9/none \
		$(BIN)/python -W "ignore:Got an error checking:RuntimeWarning" manage.py makemigrations --check --dry-run

bench: install
	$(BIN)/python -m bench

# Every fault on purpose, short and long, and one report; docs/reliability.md has its figures.
chaos: install
	$(BIN)/python -m pytest -m "chaos or fault" tests -p no:xdist -o addopts="" -v --fault-report var/chaos/report.md

lock:
	@command -v uv >/dev/null || { echo "make lock needs uv: https://docs.astral.sh/uv/"; exit 1; }
	@cd requirements && for name in base llm dev; do \
		uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
			--output-file $$name.txt $$name.in || exit 1; \
	done
