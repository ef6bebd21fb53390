# Everything a person types. `make` alone lists the targets.
PATH := $(CURDIR)/.venv/bin:$(CURDIR)/.tools/bin:$(PATH)
export PATH
# Bytecode is what makes Python start quickly; some machines switch it off.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup quickstart test check format oracle clean

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

setup: ## the environment, a JDK and the jars; downloads nothing when they are there
	@sh scripts/bootstrap.sh

quickstart: setup ## text of this machine to packed training sequences and a report; INPUT=folder adds your own
	tokenlake run examples/quickstart.yaml $(if $(INPUT),--input $(INPUT))

test: setup ## the whole test suite
	pytest -n 2 --dist loadfile --no-loadscope-reorder

check: setup ## format, lint, types, arrows between the rooms
	ruff format --check .
	ruff check .
	mypy
	lint-imports

format: setup ## what `check` asks for, as far as a program can do it
	ruff format .
	ruff check --fix .

oracle: setup ## the same decisions and signatures as datatrove, which this installs
	uv sync --locked --quiet --group oracle
	pytest -m oracle tests/oracle

clean: ## remove lakes and caches made here, compiled kernels too
	rm -rf lakes .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find pipelines -name '*.nb[ic]' -delete
