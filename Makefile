# make confirm   run the main job (ARGS=--quick for a first look)
# make replicate every numbered result of the paper, checked (ARGS=--report=page.html for a page)
# make test      lint, types, import contracts, spelling, tests
# make bench     every figure of speed and memory beside its bar (ARGS=dense_clearing for one topic)
# make docs      the documentation as a site, in docs/_build/html; built offline, warnings are errors
# make matrix    wheel and source tried in clean environments, oldest and newest libraries (ARGS=--list)
# make verify    the slow proofs: full study, kill and resume

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FAMILIES := economies mechanisms policies evidence envs learners plugins studies paper
CODE := src/deviator $(FAMILIES:%=src/deviator/%/) tests docs benchmarks

.PHONY: confirm replicate test lint bench bench-micro docs matrix verify format clean

confirm: $(VENV)/user
	$(BIN)/deviator confirm $(ARGS)

replicate: $(VENV)/user
	$(BIN)/deviator replicate $(ARGS)

# Threads of two test processes would wait for each other: on two cores that costs a third more.
test: lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses 2 --dist loadfile

lint: $(VENV)/developer
	$(BIN)/ruff check $(CODE) noxfile.py
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell *.md runs/*.yaml docs tests benchmarks $(FAMILIES) src/deviator/*.py src/deviator/cli src/deviator/numerics

bench: $(VENV)/bench
	$(BIN)/python -m benchmarks $(ARGS)

bench-micro: $(VENV)/bench
	$(BIN)/python -m pytest benchmarks/test_micro.py $(ARGS)

docs: $(VENV)/developer
	$(BIN)/python -m sphinx -b html -W -q docs docs/_build/html

matrix: $(VENV)/matrix
	$(BIN)/python -m nox $(ARGS)

verify: $(VENV)/developer
	$(BIN)/python -m pytest -m slow -s

format: $(VENV)/developer
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix $(CODE)

clean:
	rm -rf $(VENV)

$(VENV)/python:
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/user: $(VENV)/python pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/developer: $(VENV)/user
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	touch $@

$(VENV)/bench: $(VENV)/developer
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[bench]"
	touch $@

$(VENV)/matrix: $(VENV)/user
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[matrix]"
	touch $@
