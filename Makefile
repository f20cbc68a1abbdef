# Two commands are enough: `make course` to read and work, `make test` to test everything.

PYTHON ?= python3
PY := .venv/bin/python
LAB ?=
FILE ?=
FILES ?=
ZONE ?=

export PYTHONDONTWRITEBYTECODE :=
.DEFAULT_GOAL := help
.PHONY: help course book labs submit collect grade similarity items leaderboard term feedback-zip backup restore variants test test-fast test-nightly lint format bench lock chapter setup setup-peers setup-engines engines clean

help: ## list the commands
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:
	@$(PYTHON) tools/setup.py course

setup-peers:
	@$(PYTHON) tools/setup.py peers

setup-engines:
	@$(PYTHON) tools/setup.py engines

course: setup-peers ## set up, build the book, start JupyterLab and serve both on this machine
	@$(PY) -m tools.course

book: setup-peers ## build the book into _build/html
	@$(PY) -m tools.book

labs: setup ## generate the labs from their solutions
	@$(PY) -m tools.labs

submit: setup ## make the file to hand in: make submit LAB=06
	@$(PY) -m tools.labs submit "$(LAB)"

collect: setup ## sort what a platform gave you: make collect FILES="~/Downloads/submissions.zip"
	@$(PY) -m grading.collect $(if $(LAB),--lab "$(LAB)") $(if $(ZONE),--zone "$(ZONE)") $(FILES)

grade: setup ## grade what lies in grading/submitted, each submission in isolation
	@$(PY) -m grading

similarity: setup ## say which answers resemble each other
	@$(PY) -m grading.similarity

items: setup ## say what the answers tell about the tests
	@$(PY) -m grading.items

leaderboard: setup ## the scores of a lab, without names: make leaderboard LAB=22
	@$(PY) -m grading.leaderboard $(if $(LAB),--lab "$(LAB)")

term: setup ## the term in one page, and grades for your learning platform
	@$(PY) -m grading.term

feedback-zip: setup ## the feedback pages of a lab, to upload: make feedback-zip LAB=06
	@$(PY) -m grading.feedback_archive $(if $(LAB),--lab "$(LAB)")

backup: setup ## all that was handed in and graded, in one archive
	@$(PY) -m grading.backup

restore: setup ## put a backup in place of what is there: make restore FILE=grading/backups/...
	@$(PY) -m grading.backup --restore $(if $(FILE),"$(FILE)")

variants: setup ## show that every lab is the same lab under 200 ids, in about an hour
	@$(PY) -m grading.variants --workers 2

test: setup-peers lint ## test everything: code, book, labs, grading
	@$(PY) -m tools.test all

test-fast: setup-peers ## the tests to run often, in about two minutes
	@$(PY) -m tools.test fast

test-nightly: setup-peers lint ## test what make test takes samples of, whole; hours
	@$(PY) -m tools.test nightly

lint: setup-peers ## check form and names
	@$(PY) -m ruff format --check --quiet . || (echo "Some files are not formatted; run make format." && exit 1)
	@$(PY) -m ruff check --quiet .

format: setup-peers ## format the code
	@$(PY) -m ruff format .
	@$(PY) -m ruff check --fix .

bench: setup-peers ## measure speed against the peers; writes benchmarks/results
	@$(PY) -m benchmarks

engines: setup-engines ## run Redis, etcd and SeaweedFS on this machine and kill a node; installs 220 MB
	@$(PY) -m benchmarks.engines

chapter: setup-peers ## lay out the rooms of a new chapter: make chapter SLUG=05-heavy-hitters
	@$(PY) -m tools.chapter "$(SLUG)"

lock: setup-peers ## pin the versions anew from the ranges in pyproject.toml
	@$(PY) -m tools.lock

clean: ## remove what was built; .venv and work/ stay
	@rm -rf _build .pytest_cache .ruff_cache .hypothesis
