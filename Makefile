# What `make` can do: `serve`, `demo`, `web`, `pictures`, `test`, `test-clients`, `test-web`, `test-adapters`, `test-execution`, `test-chaos`, `test-followers`, `test-hostile`, `bench`, `check`, `format`, `migration`, `lock`.
# Only Python 3.11 or newer is needed, and Node 20.19 for `web`, `pictures`, `test-web`, `test-clients` and `bench`; everything else is installed.

PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,\
	$(if $(shell $(name) -c 'import sys; print(sys.version_info >= (3, 11))' 2>/dev/null | grep True),$(name))))
BIN := .venv/bin
SERVE := .venv/installed
DEVELOP := .venv/installed-development
PYTHON_CLIENTS := tests/clients/gql tests/clients/ariadne_codegen tests/clients/pydantic_ai
NPM_CLIENTS := tests/clients/npm
PRISMA := tests/clients/prisma
PEERS := bench/peers
ADAPTERS := adapters
WEB := web/dist/explorer/index.html
WEB_SOURCES = schema.graphql $(shell find web -type f \
	-not -path '*/node_modules/*' -not -path 'web/dist/*' -not -path '*/.generated/*')
HAS_NODE := $(shell command -v npm >/dev/null 2>&1 && node --eval 'const [major, minor] = process.versions.node.split("."); \
	process.exit(major * 1000 + minor * 1 < 20019 ? 1 : 0)' 2>/dev/null && echo yes)
INSTALL := -m pip install --quiet --disable-pip-version-check --no-input
PIP := $(BIN)/python $(INSTALL)

.DEFAULT_GOAL := help
.PHONY: help serve demo web pages pictures test test-execution test-clients test-web test-adapters test-chaos test-followers test-hostile bench check format migration lock

help:
	@sed -n '1,2s/^# //p' Makefile

serve: $(SERVE) pages
	@$(BIN)/sessiongraph serve

demo: $(SERVE) pages
	@$(BIN)/sessiongraph demo --serve

# the pages for people: the explorer and GraphiQL
web: $(WEB)

# the server runs without them
ifeq ($(HAS_NODE),)
pages:
	@echo "The explorer and GraphiQL are not built: there is no Node 20.19 or newer with npm." >&2
else
pages:
	@$(MAKE) --no-print-directory web \
		|| echo "The explorer and GraphiQL are not built: see the error above. The API works without them." >&2
endif

test: $(DEVELOP)
	$(BIN)/pytest

test-clients: $(DEVELOP) $(PYTHON_CLIENTS:=/.venv/installed) $(NPM_CLIENTS)/node_modules/installed \
		$(PRISMA)/node_modules/installed
	$(BIN)/pytest tests/clients

# in Chromium: Debian's, which root installs where there is none
test-web: $(DEVELOP) $(WEB)
	@command -v chromium >/dev/null || test $$(id -u) -ne 0 \
		|| { apt-get update --quiet && apt-get install --quiet --yes --no-install-recommends chromium; }
	$(BIN)/pytest tests/web

# the frameworks' stores, with the frameworks themselves, in an environment of their own
test-adapters: $(DEVELOP) $(ADAPTERS)/.venv/installed
	$(BIN)/python $(ADAPTERS)/write_schema_types.py --check
	cd $(ADAPTERS) && .venv/bin/mypy && .venv/bin/pytest

# those of the explorer and GraphiQL in docs/pictures, of a fresh sample history; it needs chromium
pictures: $(DEVELOP) $(WEB)
	$(BIN)/python -m tests.web.pictures

# ten times the random queries that `test` runs by plan and by graphql-core
test-execution: $(DEVELOP)
	SESSIONGRAPH_TEST_EXAMPLES=20000 $(BIN)/pytest tests/execution

# ten times the faults that `test` has; SESSIONGRAPH_TEST_SEED=n draws those of another run again
test-chaos: $(DEVELOP)
	SESSIONGRAPH_TEST_FAULTS=90 $(BIN)/pytest -s tests/chaos

# ten times the followers that `test` has, half of which do not read
test-followers: $(DEVELOP)
	SESSIONGRAPH_TEST_FOLLOWERS=1000 $(BIN)/pytest -s tests/server/test_slow_followers.py

# thirty times the damaged requests that `test` draws, and a hundred documents for each field
test-hostile: $(DEVELOP)
	SESSIONGRAPH_TEST_EXAMPLES=10000 $(BIN)/pytest tests/hostile/test_fuzz.py
	SESSIONGRAPH_TEST_EXAMPLES=100 $(BIN)/pytest tests/hostile/test_schema_fuzz.py

# about ten minutes; writes bench/README.md and bench/results.svg
bench: $(DEVELOP) $(PEERS)/node_modules/installed
	$(BIN)/python -m bench.compare --write

check: $(DEVELOP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sessiongraph schema --check schema.graphql
	$(BIN)/sessiongraph schema-changes schema.graphql
ifneq ($(HAS_NODE),)
	$(MAKE) --no-print-directory web/node_modules/installed
	cd web && npm run --silent check
else
	@echo "The sources in web/ are not checked: there is no Node 20.19 or newer with npm." >&2
endif

format: $(DEVELOP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

migration: $(DEVELOP)
	$(BIN)/sessiongraph write-migration "$(MESSAGE)"
	$(BIN)/ruff check --quiet --fix migrations
	$(BIN)/ruff format --quiet migrations

lock: $(DEVELOP)
	$(BIN)/uv pip compile pyproject.toml --extra build --output-file requirements.lock $(LOCKED)
	$(BIN)/uv pip compile pyproject.toml --extra build --extra telemetry --extra development \
		--output-file requirements-development.lock $(LOCKED)
	for client in $(PYTHON_CLIENTS); do $(BIN)/uv pip compile $$client/pyproject.toml \
		--output-file $$client/requirements.lock $(LOCKED) || exit 1; done
	$(BIN)/uv pip compile $(ADAPTERS)/pyproject.toml --all-extras \
		--output-file $(ADAPTERS)/requirements.lock $(LOCKED)
	for folder in web $(NPM_CLIENTS) $(PRISMA) $(PEERS); do \
		(cd $$folder && npm install --package-lock-only --loglevel=error) || exit 1; done

LOCKED = --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header

# A marker is written last, so that an install that was broken off is done again: from the start,
# because pip takes a package for whole that it was killed in the middle of.
INSTALLING := .venv/installing
INSTALLER := $(shell cat $(INSTALLING) 2>/dev/null)
ifneq ($(INSTALLER),)
ifneq ($(shell kill -0 $(INSTALLER) 2>/dev/null && echo alive),)
$(error Process $(INSTALLER) is installing into .venv: wait for it, or remove .venv)
endif
$(shell rm -rf .venv)
endif

$(SERVE): requirements.lock pyproject.toml $(ADAPTERS)/pyproject.toml .venv/made
	@echo "Installing Sessiongraph into .venv (a minute the first time)" >&2
	@echo $$PPID > $(INSTALLING)
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation --editable . --editable ./$(ADAPTERS)
	@rm $(INSTALLING)
	@touch $@

$(DEVELOP): requirements-development.lock $(SERVE)
	@echo "Installing the tools of development into .venv" >&2
	@echo $$PPID > $(INSTALLING)
	@$(PIP) --require-hashes -r requirements-development.lock
	@rm $(INSTALLING)
	@touch $@

# An environment of its own for each client, since a client may need other versions than the server.
%/.venv/installed: %/requirements.lock | $(DEVELOP)
	@echo "Installing a client into $(@D)" >&2
	@$(BIN)/python -m venv --clear $(@D)
	@$(@D)/bin/python $(INSTALL) --require-hashes -r $<
	@touch $@

$(NPM_CLIENTS)/node_modules/installed: $(NPM_CLIENTS)/package-lock.json
	@echo "Installing clients into $(@D)" >&2
	@cd $(NPM_CLIENTS) && npm ci --loglevel=error
	@touch $@

web/node_modules/installed: web/package-lock.json
	@echo "Installing what the explorer and GraphiQL are built with into web/node_modules" >&2
	@cd web && npm ci --loglevel=error
	@touch $@

# written last of all that a build writes
$(WEB): web/node_modules/installed $(WEB_SOURCES)
	@echo "Building the explorer and GraphiQL into web/dist" >&2
	@cd web && npm run --silent build >&2
	@touch $@

# Prisma writes its client without the engine that it would download.
$(PEERS)/node_modules/installed: $(PEERS)/package-lock.json $(PEERS)/yoga/schema.prisma
	@echo "Installing other GraphQL servers into $(@D)" >&2
	@cd $(PEERS) && npm ci --ignore-scripts --loglevel=error
	@cd $(PEERS) && PRISMA_SCHEMA_ENGINE_BINARY=/bin/true CHECKPOINT_DISABLE=1 npm run --silent build
	@touch $@

$(PRISMA)/node_modules/installed: $(PRISMA)/package-lock.json $(PRISMA)/build.js $(PRISMA)/schemas.js \
		$(wildcard $(PRISMA)/schemas/*.prisma)
	@echo "Installing Prisma into $(@D)" >&2
	@cd $(PRISMA) && npm ci --ignore-scripts --loglevel=error
	@cd $(PRISMA) && PRISMA_SCHEMA_ENGINE_BINARY=/bin/true CHECKPOINT_DISABLE=1 npm run --silent build
	@touch $@

.venv/made:
	@test -n "$(PYTHON)" && $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "Making .venv" >&2
	@$(PYTHON) -m venv --clear .venv
	@touch $@
