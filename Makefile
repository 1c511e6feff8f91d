# The two commands to know: `make book` builds and serves the book, `make test` runs every test.
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
# Two files of tests at a time, each file in one process and in order; torch takes one thread in each.
IN_PARALLEL := -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: book site serve lab test bench shots formulas notebooks environment test-environment clean help

book: site serve  ## build the book and serve it at a local address

site: environment  ## build the book into _build/html
	@$(BIN)/python tools/build.py

serve:  ## serve the book as it was last built (PORT=8000)
	@PORT=$(PORT) $(PYTHON) tools/serve.py

lab: environment  ## open the chapters in JupyterLab
	@$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) book

test: export OMP_NUM_THREADS = 1
test: test-environment site  ## style, every test, and every number in the notebooks
	@$(BIN)/ruff check .
	@CHROMIUM="$$($(BIN)/python tools/browser.py --install)" && export CHROMIUM && $(BIN)/pytest $(IN_PARALLEL) --nbval --nbval-sanitize-with tests/book/sanitize.cfg tests book

bench: test-environment site  ## how fast, how light; each number beside its target
	@$(BIN)/python -m tools.bench

shots: test-environment site  ## screenshots of every state of every explorer, for review (PAGE=labelled_pairs for one page)
	@$(BIN)/python tools/shots.py

formulas: test-environment site  ## measure the room that each formula needs, and build the book with it
	@$(BIN)/python tools/formulas.py
	@$(BIN)/python tools/build.py

notebooks: environment  ## run every notebook top to bottom, keep what nbval compares
	@$(BIN)/python tools/execute.py book/*.ipynb
	@$(BIN)/python tools/strip.py book/*.ipynb

environment:
	@$(PYTHON) tools/environment.py requirements.txt

test-environment:
	@$(PYTHON) tools/environment.py requirements.txt requirements-test.txt

clean:  ## forget what was built (keeps .venv)
	rm -rf _build build *.egg-info .pytest_cache .ruff_cache .hypothesis

help:
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'
