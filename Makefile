# Two commands do everything on a fresh machine with Python 3.11+: `make demo` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check -q
SOURCES := pyproject.toml setup.py constraints.txt
# How many files of tests run side by side.
JOBS ?= 2

.PHONY: demo test lint soak benchmarks zou clean

demo: $(VENV)/.demo
	$(BIN)/wetgate demo --out demo-out

test: $(VENV)/.test lint
	$(BIN)/pytest -m "not soak" -n $(JOBS) --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy -p wetgate
	$(BIN)/mypy tests
	$(BIN)/lint-imports

soak: $(VENV)/.test
	$(BIN)/pytest -m soak --timeout 7200

benchmarks: $(VENV)/.test
	for bench in benchmarks/*.py; do $(BIN)/python $$bench || exit 1; done

# Kitsu's server, for the tests of its connector; it needs PostgreSQL, Redis and ffmpeg beside it.
zou: .zou/.whole

.zou/.whole: tests/zou.txt
	$(PYTHON) -m venv .zou
	.zou/bin/pip --disable-pip-version-check -q install -r tests/zou.txt
	@touch $@

# An environment is whole or absent: the stamp is written last.
$(VENV)/.demo: $(SOURCES)
	@echo "Setting up (about two minutes the first time) ..."
	$(PYTHON) -m venv $(VENV)
	$(PIP) install -c constraints.txt -e ".[demo]"
	@touch $@

$(VENV)/.test: $(SOURCES)
	@echo "Setting up (about two minutes the first time) ..."
	$(PYTHON) -m venv $(VENV)
	$(PIP) install -c constraints.txt -e ".[demo,ftrack,postgres,test]"
	@touch $@ $(VENV)/.demo

clean:
	rm -rf $(VENV) .zou demo-out build *.egg-info
