# Plain `make` lists the verbs. Those that need .venv make or update it first (tools/setup_env.py), so any may be the first.

PYTHON ?= $(if $(filter Windows_NT,$(OS)),python,python3)
PORT ?= 8000

# The tools, and those they call by name (nbgrader calls alembic), come from .venv; .venv itself comes from outside it.
BIN := $(CURDIR)/.venv/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
OUTSIDE := $(subst $(BIN):,,$(PATH))
export PATH := $(BIN):$(OUTSIDE)

NAMES := $(sort $(notdir $(basename $(wildcard solutions/*/*.ipynb))))
released = classroom/release/$(1)/$(1).ipynb

ifeq ($(origin A),command line)
  ifneq ($(filter-out $(NAMES),$(A)),)
    $(error There is no assignment "$(filter-out $(NAMES),$(A))" in solutions/. There are: $(NAMES))
  endif
  CHOSEN := $(A)
else
  CHOSEN := $(NAMES)
endif

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help setup data book pdf test lab exercises serve bench lint format lock clean

help:
	@echo "Usage: make VERB"
	@awk -F':.*## ' '/^[a-z]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup:  ## make or update .venv; the verbs that need it do this first
	@PATH="$(OUTSIDE)"; command -v "$(PYTHON)" >/dev/null || { echo "There is no $(PYTHON) on PATH. Install Python 3.11 or newer from https://www.python.org/downloads/ or name one: make PYTHON=/path/to/python3.12" >&2; exit 1; }; "$(PYTHON)" tools/setup_env.py

data:  ## put Fashion-MNIST into data/; without it its chapter is not tested
	@"$(PYTHON)" tools/data.py

# Sphinx reports a page's warnings only when it reads the page: after a failure forget the pages, or the next build would pass.
book: setup exercises  ## build the book into _build/html; any warning is an error
	@jupyter-book build . --builder html -W -n --keep-going || { rm -rf _build/.doctrees; exit 1; }
	@echo "The book is built. Open _build/html/index.html"

TEX := $(shell cat tools/tex_packages.txt)
pdf: setup exercises  ## build the whole book as _build/latex/backpropagation.pdf (needs TeX)
	@for program in latexmk xelatex xindy rsvg-convert; do command -v $$program >/dev/null || { echo "There is no $$program on PATH. On Debian or Ubuntu: sudo apt install $(TEX)" >&2; exit 1; }; done
	@jupyter-book build . --builder pdflatex -W -n --keep-going || { rm -rf _build/.doctrees; exit 1; }
	@echo "The book is _build/latex/backpropagation.pdf"

test: setup  ## run every test
	@pytest

lab: setup exercises  ## open JupyterLab here; the exercises lie in classroom/release
	@jupyter lab

exercises: $(foreach name,$(CHOSEN),$(call released,$(name)))  ## make the students' notebooks from solutions/ (one: A=name)

define release_rule
$(call released,$(1)): solutions/$(1)/$(1).ipynb $(wildcard solutions/$(1)/*) $(wildcard nbgrader_config.py) | setup
	@echo "Making the students' version of $(1)"
	@nbgrader generate_assignment $(1) --force --log-level=ERROR
endef
$(foreach name,$(NAMES),$(eval $(call release_rule,$(name))))

serve: setup  ## show the built book at http://127.0.0.1:8000/ (another port: PORT=9000)
	@test -f _build/html/index.html || { echo "Nothing is built yet: run make book first." >&2; exit 1; }
	@echo "The book is at http://127.0.0.1:$(PORT)/ (Ctrl-C ends this)"
	@python -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

bench: setup  ## run the benchmarks (choose: ARGS="--help")
	@python -m benchmarks $(ARGS)

lint: setup  ## check style, formatting and notebooks
	@ruff check .
	@ruff format --check .
	@python tools/check_notebooks.py

format: setup  ## put code and notebooks into the project's format
	@ruff check --fix .
	@ruff format .

lock:  ## renew requirements.lock after a change of requirements.txt (needs uv)
	@grep -v '^-c ' requirements.txt | uv pip compile --quiet --universal --python-version 3.11 --strip-extras --no-annotate \
		--no-emit-package backprop-lib --custom-compile-command 'make lock' --output-file requirements.lock -

clean:  ## remove what was built and the caches; never classroom/ or .venv
	@rm -rf _build build dist .pytest_cache .ruff_cache .hypothesis .jupyter_cache
	@find . \( -path ./.venv -o -path ./classroom -o -path ./.git \) -prune -o \
		\( -name __pycache__ -o -name .ipynb_checkpoints \) -type d -print | while read -r folder; do rm -rf "$$folder"; done
