PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test nightly clean

# Run every pair on real text.
demo: .venv/ready
	$(BIN)/diptych check

# Pass the whole suite: style, types, doctests, property tests, meta-tests.
test: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -q -n 2

# Search with new random cases, many more of them.
nightly: .venv/ready
	$(BIN)/pytest -q -n 2 --diptych-profile nightly

.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "diptych needs Python 3.11 or newer: make PYTHON=python3.x")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[test]'
	@touch $@

clean:
	rm -rf .venv
