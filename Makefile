# The commands that anyone needs: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help demo lint test test-all mutate lab build site bench wheel wheel-alone clean

help:  ## Say what there is.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

# pip runs again only when what it installs has changed.
.venv/ready: requirements.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

demo: .venv/ready  ## Build, release, grade a sample class with real fine-tuning, feed back, report.
	$(BIN)/autograder demo --into demo

lint: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# One worker for each of the machine's logical cores: much of the time is spent waiting.
test: lint  ## Format, lint, types and tests without the slowest; warnings are errors.
	$(BIN)/pytest -n logical --dist worksteal -m "not nightly"

test-all: lint  ## The same with all tests: attacks, kills, hundreds of submissions, each lesson in a browser.
	$(BIN)/pytest -n logical --dist worksteal

# Some: make mutate MUTANTS='course.plain* autograder.verdict*'
mutate: .venv/ready  ## Change the core in small ways, one at a time: a test must notice each.
	$(BIN)/pip install --quiet --disable-pip-version-check mutmut==3.8.1
	HYPOTHESIS_PROFILE=mutants $(BIN)/mutmut run --max-children 1 $(MUTANTS)
	$(BIN)/mutmut results

lab: .venv/ready  ## Open the course in JupyterLab; lessons open as notebooks.
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/jupyter lab

build: .venv/ready  ## Build source/ and release/ from course/lessons/.
	$(BIN)/autograder build

site: .venv/ready  ## Make the course's web site in dist/site; the first time takes minutes.
	$(BIN)/autograder site

bench: .venv/ready  ## Measure import, check and grading times, each beside a peer.
	$(BIN)/python bench/speed.py
	$(BIN)/python bench/grading.py

wheel: .venv/ready  ## Make the student's wheel (course alone) in dist/.
	$(BIN)/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist ./course

wheel-alone: .venv/ready  ## Make the self-learner's wheel (course, exams and solutions) in dist/.
	$(BIN)/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist ./autograder

clean:  ## Remove what was made, except the virtual environment.
	rm -rf demo dist build .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
