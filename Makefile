# Everything a person types. `make` alone tells what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

PYTHON ?= python3
PHOTO ?=
STYLE ?=

tools := .tools
uv := $(tools)/bin/uv
venv := .venv/bin

# The machine's Python serves; uv must not fetch one of its own, nor keep its cache elsewhere.
export UV_PYTHON_DOWNLOADS := never
export UV_LINK_MODE := copy

.PHONY: help
help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: .venv/ready .venv-ministack/ready ## install everything this project needs, below this folder

$(uv): requirements/uv.txt
	$(PYTHON) -m pip --version >/dev/null || { echo "pip is missing: apt-get install python3-pip"; exit 2; }
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
		--upgrade --target $(tools) --require-hashes -r requirements/uv.txt
	@touch $@

.venv/ready: requirements/dev.txt pyproject.toml $(uv)
	$(uv) venv --quiet --allow-existing --python $(PYTHON) .venv
	$(uv) pip sync --python $(venv)/python --require-hashes requirements/dev.txt
	$(uv) pip install --quiet --python $(venv)/python --no-deps --no-build-isolation -e .
	@touch $@

# MiniStack pins a botocore of its own, which must not reach ours.
.venv-ministack/ready: local/ministack.txt $(uv)
	$(uv) venv --quiet --allow-existing --python $(PYTHON) .venv-ministack
	$(uv) pip sync --python .venv-ministack/bin/python --require-hashes local/ministack.txt
	@touch $@

# The SAM CLI pins a boto3 of its own, too.
.venv-sam/ready: local/sam.txt $(uv)
	$(uv) venv --quiet --allow-existing --python $(PYTHON) .venv-sam
	$(uv) pip sync --python .venv-sam/bin/python --require-hashes local/sam.txt
	@touch $@

# And Checkov pins one of 2024.
.venv-lint/ready: infra/lint.txt $(uv)
	$(uv) venv --quiet --allow-existing --python $(PYTHON) .venv-lint
	$(uv) pip sync --python .venv-lint/bin/python --require-hashes infra/lint.txt
	@touch $@

.PHONY: demo
demo: setup ## see it work: three photos, two styles, real S3, SQS, Lambda and Flyte APIs (PHOTO=me.jpg STYLE=mosaic)
	$(venv)/nst demo $(if $(PHOTO),--photo "$(PHOTO)") $(if $(STYLE),--style "$(STYLE)")

.PHONY: test
test: setup ## run every test: unit, integration, end to end
	$(venv)/python -m pytest

.PHONY: sam-local
sam-local: setup .venv-sam/ready ## sam build, sam local invoke of every fixture; as root, installs Docker where it is missing
	$(venv)/python -m local.sam

.PHONY: lint
lint: setup lint-template ## check style, types and the templates
	$(venv)/ruff format --check .
	$(venv)/ruff check .
	$(venv)/mypy

.PHONY: lint-template
lint-template: .venv-lint/ready .venv-sam/ready ## check the templates: SAM, cfn-lint with the serverless rules, Checkov
	.venv-lint/bin/cfn-lint --append-rules cfn_lint_serverless.rules --template infra/*-template.yaml
	.venv-lint/bin/checkov --directory infra --framework cloudformation --compact --quiet --skip-download
	SAM_CLI_TELEMETRY=0 .venv-sam/bin/sam validate --lint --template infra/sam-template.yaml --region us-east-1

.PHONY: bench
bench: setup ## measure ourselves against named peers
	$(venv)/python -m benchmarks.dispatcher_start
	$(venv)/python -m benchmarks.engine --size 256 --steps 300

.PHONY: lock
lock: $(uv) ## resolve all requirements anew, with hashes
	compile="$(uv) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --upgrade"; \
	$$compile requirements/uv.in -o requirements/uv.txt; \
	$$compile pyproject.toml --all-extras --group dev --override requirements/overrides.txt -o requirements/dev.txt; \
	$$compile pyproject.toml --extra services -c requirements/dev.txt -o services/requirements.txt; \
	$$compile pyproject.toml --extra workflows --override requirements/overrides.txt -c requirements/dev.txt -o workflows/requirements.txt; \
	$$compile local/ministack.in -o local/ministack.txt; \
	$$compile local/sam.in -o local/sam.txt; \
	$$compile local/sam/images/runtime.in -o local/sam/images/runtime.txt; \
	$$compile infra/lint.in -o infra/lint.txt

.PHONY: clean
clean: ## stop what runs and remove what was made, environments too
	if [ -x $(venv)/nst ]; then $(venv)/nst down; fi
	rm -rf .nst .aws-sam build demo .venv .venv-ministack .venv-sam .venv-lint $(tools) *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

.PHONY: docs
docs: setup ## write docs/iam.md and draw the diagram of docs/architecture.md anew (needs graphviz)
	$(venv)/python -m tests.integration.iam_page > docs/iam.md
	dot -Tsvg docs/architecture.dot -o docs/architecture.svg
