# pgflow. Users need make and pg_config: make install [PG_CONFIG=/path/to/pg_config] [DESTDIR=…]
# Developers need Python 3.11 or later besides; each target below does its own set-up in .venv.

EXTENSIONS = pgasync pgasync_server pgflow pgflow_server pgflow_ui
CONTROLS   = $(EXTENSIONS:=.control)
SCRIPTS    = $(wildcard build/*--*.sql)

PG_CONFIG ?= pg_config
INSTALL   ?= install
PYTHON    ?= python3
VENV      := .venv/bin/python

# make test MAJORS=11,18 TESTS='tests/unit -k name' JOBS=0 (no parallel workers, for a debugger)
MAJORS    ?=
TESTS     ?=
JOBS      ?= 3

all: ;

# The extensions are scripts only, so PGXS and its header files are not needed.

target = folder=$$('$(PG_CONFIG)' --sharedir) && [ -n "$$folder" ] || \
	{ echo "cannot ask '$(PG_CONFIG)' for its --sharedir: name another one, make $@ PG_CONFIG=/path/to/pg_config" >&2; exit 1; }; \
	folder="$(DESTDIR)$$folder/extension"

install:
	@$(target); \
	$(INSTALL) -d "$$folder" && \
	$(INSTALL) -m 644 $(CONTROLS) $(SCRIPTS) "$$folder" && \
	echo "installed $(EXTENSIONS) in $$folder"

uninstall:
	@$(target); \
	for file in $(CONTROLS) $(notdir $(SCRIPTS)); do rm -f "$$folder/$$file"; done

# For developers

venv:
	@command -v '$(PYTHON)' >/dev/null || \
	{ echo "there is no '$(PYTHON)': install Python 3.11 or later with its module venv (Debian: python3-venv)" >&2; exit 1; }
	@'$(PYTHON)' tools/venv.py

build: venv
	@$(VENV) -m pgflow_build assemble

lint: venv
	@$(VENV) -m pgflow_build check
	@$(VENV) -m pgflow_build meta
	@$(VENV) -m pgflow_build lint
	@$(VENV) -m pgflow_build pgspot
	@$(VENV) -m pgflow_build plpgsql_check
	@$(VENV) -m ruff check .
	@$(VENV) -m ruff format --check .
	@$(VENV) -m mypy

test: venv
	@$(VENV) -m pgflow_build check
	@$(VENV) -m pytest -n $(JOBS) --dist worksteal $(if $(MAJORS),--majors=$(MAJORS)) $(TESTS)

coverage: venv
	@$(VENV) -m pgflow_build coverage --jobs $(JOBS) $(TESTS)

demo: venv
	@$(VENV) -m pgflow_cli demo

# make bench BENCH='steps chain --majors 11,18': see docs/performance.md
bench: venv
	@$(VENV) -m bench $(BENCH)

.PHONY: all install uninstall venv build lint test coverage demo bench
