# One command each: make demo · make test · make check · make bench · make docs
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help setup demo test check format bench docs gallery clean

help:  ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

setup: $(VENV)/.done  ## make .venv with paribus and everything for its development

$(VENV)/.done: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade --constraint constraints.txt pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --build-constraint constraints.txt \
		--editable . --group dev
	@touch $@

demo: setup  ## does batch norm help a small CNN read handwritten digits? (about a minute)
	$(BIN)/paribus study digits/cnn --vary model.norm=none,batch --seeds 5

test: setup  ## run all tests
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

check: setup  ## lint, format, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: setup  ## put the code into its format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup  ## measure speed and memory as ratios (several minutes)
	$(BIN)/python -m benchmarks

docs: setup  ## build the documentation into docs/_build/html
	$(BIN)/sphinx-build --fail-on-warning --quiet docs docs/_build/html
	@echo "open docs/_build/html/index.html"

gallery: setup  ## draw every kind of picture into build/gallery, to be looked at (three minutes)
	$(BIN)/python -m docs.gallery build/gallery
	@echo "open build/gallery/index.html"

clean:  ## remove what was built
	rm -rf $(VENV) docs/_build build dist .pytest_cache .mypy_cache .ruff_cache
