# Two commands: `make demo` solves three problems with the bundled model, `make test` runs the tests.
# Both set up what they need first (.venv, packages, a sandbox) and are quick the second time.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Extras of the package that the tests need; CI adds deepspeed and gguf.
EXTRAS ?= local,dev

.PHONY: demo test check sandbox clean help

help:
	@echo "make demo     set up, then solve three bundled problems with the bundled model"
	@echo "make test     set up, then run the tests"
	@echo "make check    ruff, mypy, import rules"
	@echo "make clean    remove the virtual environment"

demo: $(VENV)/.installed sandbox
	@$(BIN)/cure-agent demo

test: $(VENV)/.installed-$(EXTRAS) sandbox
	$(BIN)/python -m pytest $(ARGS)

check: $(VENV)/.installed-$(EXTRAS)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

sandbox: $(VENV)/.installed
	@sh scripts/setup-sandbox $(BIN)

$(VENV)/.installed: pyproject.toml scripts/setup-venv
	@PYTHON=$(PYTHON) sh scripts/setup-venv $(VENV) local
	@touch $@

$(VENV)/.installed-$(EXTRAS): $(VENV)/.installed
	@PYTHON=$(PYTHON) sh scripts/setup-venv $(VENV) $(EXTRAS)
	@touch $@

clean:
	rm -rf $(VENV)
