# Trellis: what developers and CI do. `make` lists it; everything sets up what it needs.
# Needs Python 3.11 or newer and make; another Python: make test PYTHON=python3.13

PYTHON := $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && break; done)
VERSION := $(shell $(or $(PYTHON),false) -c 'import platform; print(platform.python_version())')

VENV := .venv
BIN := $(VENV)/bin
# One stamp per Python version: asked for another, the environment is made anew.
READY := $(VENV)/ready-$(VERSION)

# The built wheel is tested away from its source: own environment, own copy of the tests.
WHEEL := build/wheel
WHEEL_READY := $(WHEEL)/venv/ready-$(VERSION)

ARGS :=
TIME := 600
SEEDS := 0..4999

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

.PHONY: help
help: ## list what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

# ── To use it ────────────────────────────────────────────────────────────────────────────────────

.PHONY: setup
setup: $(READY) ## install everything into .venv

$(READY): requirements.lock pyproject.toml tests/tools/venv.sh
	@sh tests/tools/venv.sh "$(PYTHON)" $(VENV)
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: demo
demo: $(READY) ## five controllers on this machine: a change, a partition, a merge
	@$(BIN)/trellis demo $(ARGS)

.PHONY: test
test: unit integration ## run the tests; some of them: make unit ARGS='tests/crdt -k join'

# ── The gate ─────────────────────────────────────────────────────────────────────────────────────

.PHONY: check
check: format-check lint contracts types-and-docs test simulate sim-bugs-short fuzz-short wheel ## all that CI asks

# Each of the two keeps one core busy, so they take no longer than the slower one.
.PHONY: types-and-docs
types-and-docs: $(READY)
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target types docs

.PHONY: format-check
format-check: $(READY)
	@echo "── format"
	@$(BIN)/ruff format --check

.PHONY: lint
lint: $(READY)
	@echo "── lint"
	@$(BIN)/ruff check

.PHONY: types
types: $(READY) ## check the types
	@echo "── types"
	@$(BIN)/mypy
	@$(BIN)/basedpyright

.PHONY: contracts
contracts: $(READY) ## check which package may import which
	@echo "── import contracts"
	@$(BIN)/lint-imports --no-cache --no-logo

.PHONY: unit
unit: $(READY) ## run the tests that start no process and open no socket
	@echo "── unit, property, specification and architecture tests"
	@$(BIN)/python -m pytest -m "not integration" --numprocesses auto $(ARGS)

.PHONY: simulate
simulate: $(READY) ## a short sweep of the simulator, and its determinism
ifneq ($(wildcard simulations/__main__.py),)
	@echo "── simulation"
	@$(BIN)/python -m simulations sweep --seeds 0..119 --no-database
	@sh tests/tools/same_digests.sh $(BIN)/python 0..9
	@$(BIN)/python -m tests.changes --short
endif

.PHONY: sim-bugs-short
sim-bugs-short: $(READY) ## the simulator must find a few planted bugs
	@echo "── planted bugs"
	@$(BIN)/python -m tests.planted --short

.PHONY: integration
integration: $(READY) ## run the tests with real processes, sockets and daemons
ifneq ($(wildcard tests/integration/test_*.py tests/integration/*/test_*.py),)
	@echo "── integration tests"
	@sh tests/tools/debian_packages.sh
	@$(BIN)/python -m pytest -m integration --numprocesses 2 --dist loadfile $(ARGS)
endif

.PHONY: docs
docs: $(READY) ## build the documentation into build/docs, warnings are errors
	@echo "── documentation"
	@$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going --fresh-env -b html docs build/docs
	@$(BIN)/sphinx-build --quiet --fail-on-warning -b doctest docs build/doctest

.PHONY: wheel
wheel: $(READY) $(WHEEL_READY) ## build the wheel and run the tests against it
	@echo "── tests against the built wheel"
	@rm -rf $(WHEEL)/dist $(WHEEL)/tree && mkdir -p $(WHEEL)/tree/docs
	@$(BIN)/python -m build --wheel --no-isolation --outdir $(WHEEL)/dist . >$(WHEEL)/build.log \
		|| { cat $(WHEEL)/build.log; exit 1; }
	@$(WHEEL)/venv/bin/python -m pip install --quiet --no-deps --force-reinstall $(WHEEL)/dist/*.whl
	@cp -R tests pyproject.toml $(WHEEL)/tree
	@cp -R docs/examples $(WHEEL)/tree/docs
	@cd $(WHEEL)/tree && TRELLIS_HYPOTHESIS=wheel ../venv/bin/python -m pytest \
		-m "not integration and not repository" --numprocesses auto

$(WHEEL_READY): requirements.lock tests/tools/venv.sh
	@sh tests/tools/venv.sh "$(PYTHON)" $(WHEEL)/venv
	@touch $@

# ── Proof that takes longer than a gate may ──────────────────────────────────────────────────────

.PHONY: sweep
sweep: $(READY) ## simulate many seeds: make sweep SEEDS=0..4999
	@$(BIN)/python -m simulations sweep --seeds $(SEEDS) $(ARGS)

.PHONY: changes
changes: $(READY) ## 1,000 meshes that part and meet again: no change in part, none lost, all alike
	@$(BIN)/python -m tests.changes $(ARGS)

.PHONY: determinism
determinism: $(READY) ## the same seeds must be the same runs on every Python that is here
	@sh tests/tools/same_digests.sh $(BIN)/python 0..9
	@sh tests/tools/same_digests_on_pythons.sh 0..9

.PHONY: sim-bugs
sim-bugs: $(READY) ## the simulator must find every planted bug; writes the table of the docs
	@$(BIN)/python -m tests.planted $(ARGS)

.PHONY: mutants
mutants: $(READY) ## plant named faults; each must be caught by a test
	@$(BIN)/python -m tests.mutants $(ARGS)

.PHONY: fuzz
fuzz: $(READY) ## fuzz every parser: make fuzz TIME=600; some: ARGS='message invite'
	@$(BIN)/python -m pip install --quiet --requirement tests/fuzz/requirements.txt
	@$(BIN)/python -m tests.fuzz --seconds $(TIME) $(ARGS)

.PHONY: fuzz-short
fuzz-short: $(READY)
	@echo "── fuzzing, the same few inputs for each parser"
	@rm -rf build/fuzz
	@$(BIN)/python -m pip install --quiet --requirement tests/fuzz/requirements.txt
	@$(BIN)/python -m tests.fuzz --inputs 2000

.PHONY: api
api: $(READY) ## schemathesis against the API of a real controller: make api TIME=600
	@$(BIN)/python -m tests.api --seconds $(TIME) $(ARGS)

.PHONY: torture
torture: $(READY) ## kill real controllers at any moment; no acknowledged change may be lost
	@sh tests/tools/debian_packages.sh
	@$(BIN)/python -m tests.torture $(ARGS)

.PHONY: hostile
hostile: $(READY) ## attack three honest controllers as a stranger, a thief and a member gone bad
	@$(BIN)/python -m tests.hostile $(ARGS)

.PHONY: damage
damage: $(READY) ## damage the memory of one controller at random; a report below build/damage
	@sh tests/tools/debian_packages.sh
	@$(BIN)/python -m tests.damage $(ARGS)

.PHONY: models
models: $(READY) ## search the models of the barrier with Spin, deeper than the gate does
	@sh tests/tools/debian_packages.sh
	@$(BIN)/python -m tests.models $(ARGS)

.PHONY: tiers
tiers: $(READY) ## give the same plays in the simulator, in memory and with real processes
	@sh tests/tools/debian_packages.sh
	@$(BIN)/python -m tests.tiers $(ARGS)

.PHONY: bench
bench: $(READY) ## measure; never a test
	@$(BIN)/python -m tests.benchmarks $(ARGS)

.PHONY: bench-peers
bench-peers: $(READY) ## measure beside etcd, fetched from Debian and unpacked below build
	@$(BIN)/python -m tests.benchmarks.peers $(ARGS)

.PHONY: coverage
coverage: $(READY) ## which lines and branches the tests reach
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest -m "not integration" $(ARGS)
	@$(BIN)/coverage report --skip-covered --show-missing

# ── Upkeep ───────────────────────────────────────────────────────────────────────────────────────

.PHONY: format
format: $(READY) ## format the code, and mend what can be mended
	@$(BIN)/ruff check --fix --show-fixes
	@$(BIN)/ruff format

.PHONY: lock
lock: ## pin versions anew after a change in pyproject.toml; newer ones: make lock ARGS=--upgrade
	@"$(PYTHON)" -m venv build/lock
	@build/lock/bin/python -m pip install --quiet --quiet uv
	@build/lock/bin/uv pip compile pyproject.toml --quiet --group dev --universal \
		--python-version 3.11 --generate-hashes --no-emit-index-url \
		--custom-compile-command "make lock" --output-file requirements.lock $(ARGS)

.PHONY: clean
clean: ## remove everything that was made here
	@rm -rf .venv build dist .coverage .hypothesis .import_linter_cache .mypy_cache \
		.pytest_cache .ruff_cache
	@find crdt mesh simulations tests docs -name __pycache__ -type d -prune -exec rm -rf {} +
