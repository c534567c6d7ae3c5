# Everything there is to do here. `make` alone lists it. Each target sets up what it needs by itself.
#
#   PYTHON=/path/to/python   the interpreter of the environment; a new environment is made if it has another
#   VENV=.venv-3.12          where the environment is; one for each interpreter saves making it again
#   WORKERS=4                how many processes run tests at the same time; most tests wait for something

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV ?= .venv
WORKERS ?= 4
IN := $(VENV)/bin
# Cargo links test programs against the same interpreter that the module is built for.
export PYO3_PYTHON = $(abspath $(IN)/python)

# ---- setup: stamp files inside the environment, so that a second run does nothing --------------------------

IDENTITY := import sys; print(sys.base_prefix, sys.hexversion)
INTERPRETER := $(VENV)/.interpreter
DEPENDENCIES := $(VENV)/.dependencies
NATIVE := $(VENV)/.native
PEERS := $(VENV)/.peers
SITE := $(VENV)/.site
RUST := $(shell find crates -name target -prune -o \( -name '*.rs' -o -name '*.toml' \) -print 2>/dev/null) \
	$(wildcard Cargo.toml Cargo.lock)

# Another interpreter was asked for than the one the environment has: make it anew.
ifneq ($(PYTHON),)
ifneq ($(shell $(PYTHON) -c '$(IDENTITY)' 2>/dev/null),$(shell cat $(INTERPRETER) 2>/dev/null))
.PHONY: $(INTERPRETER)
endif
endif

# The stamp names the built module: when the module is gone, build it again.
ifeq ($(wildcard $(shell cat $(NATIVE) 2>/dev/null || echo none)),)
.PHONY: $(NATIVE)
endif

.PHONY: setup
setup: $(NATIVE) ## make the environment, install what is needed, build the native module
	@:

$(INTERPRETER):
	@tools/prerequisites "$(or $(PYTHON),python3)"
	rm -rf $(VENV)
	"$(or $(PYTHON),python3)" -m venv $(VENV)
	$(IN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	@$(IN)/python -c '$(IDENTITY)' >$@

$(DEPENDENCIES): $(INTERPRETER) pyproject.toml
	$(IN)/python -m pip install --quiet --group dev
	@touch $@

$(PEERS): $(INTERPRETER) pyproject.toml
	$(IN)/python -m pip install --quiet --group bench
	@touch $@

$(SITE): $(INTERPRETER) pyproject.toml
	$(IN)/python -m pip install --quiet --group docs
	@touch $@

$(NATIVE): $(DEPENDENCIES) $(RUST)
	@tools/prerequisites $(IN)/python
	VIRTUAL_ENV=$(abspath $(VENV)) $(IN)/maturin develop --release --quiet --group build
	@$(IN)/python -c 'import sysconfig; print("src/manor/_native" + sysconfig.get_config_var("EXT_SUFFIX"))' >$@

# ---- using it ----------------------------------------------------------------------------------------------------

.PHONY: demo
demo: setup ## word statistics of the standard library by processes that share one manager; DEMO=--help
	$(IN)/python -m examples.demo $(DEMO)

.PHONY: bench
bench: setup $(PEERS) ## every benchmark beside the standard library; BENCH='--only tcp' for some
	@$(IN)/python -m compileall -q src benchmarks  # as installed: a server that is spawned imports from bytecode
	$(IN)/python -m benchmarks $(BENCH)

# ---- testing it --------------------------------------------------------------------------------------------------

.PHONY: test
test: setup ## all tests: the Rust crates', ours, CPython's own; PYTEST='-k name' for some
	cargo test --quiet --workspace
	$(IN)/python -m pytest --numprocesses $(WORKERS) $(PYTEST)

.PHONY: stress
stress: setup ## the long versions of the tests
	tools/memcheck
	MANOR_STRESS=1 cargo test --quiet --release --workspace -- --include-ignored
	MANOR_STRESS=1 $(IN)/python -m pytest -m stress --timeout=7200 -o faulthandler_timeout=7200 --numprocesses $(WORKERS) $(PYTEST)

.PHONY: check lint types layers tidy docs
check: lint types layers tidy docs ## everything that can be said without running it
	@echo 'check: all clean'

lint: setup ## format and lint, Python and Rust
	$(IN)/ruff format --check --quiet .
	$(IN)/ruff check --quiet .
	cargo fmt --all --check
	cargo clippy --quiet --workspace --all-targets -- -D warnings

types: setup ## mypy --strict, the package against itself and its stubs, and whether users' checkers see every type
	$(IN)/mypy
	$(IN)/python -m mypy.stubtest manor --mypy-config-file pyproject.toml --concise --allowlist tools/stubtest.allow --ignore-unused-allowlist
	tools/verify_types $(IN)
	PATH="$(abspath $(IN)):$$PATH" pyright --warnings tests/typing

layers: setup ## imports point down
	$(IN)/lint-imports

tidy: setup ## lengths, names, whitespace, unsafe, differences
	$(IN)/python tools/tidy.py

docs: setup $(SITE) ## the documentation as a site in target/site; a link that leads nowhere fails
	NO_MKDOCS_2_WARNING=1 $(IN)/mkdocs build --quiet --strict

.PHONY: fmt
fmt: setup ## format Python and Rust, repair what the linter can
	$(IN)/ruff check --fix-only --quiet .
	$(IN)/ruff format --quiet .
	cargo fmt --all

# ---- shipping it -------------------------------------------------------------------------------------------------

.PHONY: wheel
wheel: setup ## build a wheel and run the first example from an empty environment that has only the wheel
	rm -rf dist
	VIRTUAL_ENV=$(abspath $(VENV)) $(IN)/maturin build --release --quiet --out dist
	tools/try_wheel $(IN)/python dist/*.whl examples/first.py

.PHONY: sdist
sdist: setup ## make a source distribution, build it in an empty environment and run the first example there
	rm -rf dist
	$(IN)/maturin sdist --out dist
	tools/try_sdist $(IN)/python dist/*.tar.gz examples/first.py

.PHONY: clean
clean: ## remove the environment and everything that was built
	rm -rf $(VENV) target dist src/manor/*.so .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

.PHONY: help
help:
	@echo 'Two commands: `make demo` and `make test`. All of them:'
	@sed -n 's/^\([a-z]*\):[^#]*## /\1\t/p' Makefile | while IFS=$$'\t' read -r name says; do printf '  make %-8s %s\n' "$$name" "$$says"; done
