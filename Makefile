# Every target sets up what it needs; nothing is installed twice.
PYTHON ?= python3.11
VENV := .venv
RUN := $(VENV)/bin/python -m
STATE ?= .twin
ARCHITECTURE ?= arm64
FUNCTION ?= Predict
EVENT ?= tests/events/api/predict.json
CONFIG ?= default
SIDE_BY_SIDE := --numprocesses auto --maxprocesses 4 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help install demo serve browser test unit cases conformance check fix bench openapi lock build invoke api e2e rehearse image migrate up down quotas sandbox client token deploy clean

help:  ## what there is to make
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.installed: pyproject.toml requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(RUN) pip install --quiet --disable-pip-version-check --requirement requirements.lock
	$(RUN) pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

install: $(VENV)/.installed  ## the virtual environment, from the lock

demo: install  ## two tenants from nothing to answers; DATA=folder for your own CSVs
	$(VENV)/bin/twin demo --state $(STATE) $(if $(DATA),--data $(DATA))

serve: install  ## the explorer, the API and their stores on this machine: prints a link for each tenant
	$(VENV)/bin/twin serve --state $(STATE)

test: install  ## unit and integration tests on the embedded services, on as many cores as there are; TESTS=path for some
	$(RUN) pytest $(or $(TESTS),$(SIDE_BY_SIDE))

unit: install  ## the unit tests alone: no network, no process
	$(RUN) pytest tests/unit

cases: install  ## each bad day of docs/cases.md, its tests, and whether they passed
	$(RUN) pytest -p tests.cases -m case tests/unit tests/integration

conformance: install  ## every route against its documentation: thousands of requests by schemathesis, in minutes
	$(RUN) pytest tests/conformance

browser: install  ## the explorer's tests in Chromium (Debian's, or the one that CHROMIUM names); PICTURES=docs/images keeps its pictures
	$(RUN) pytest $(or $(TESTS),tests/browser)

fix: install  ## what ruff can mend by itself, and its format
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

check: install  ## ruff, mypy, import-linter, and the checks on the deployment
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-cache
	PYTHON=$(PYTHON) infra/deploy/check.sh $(VENV)/bin/python

openapi: install  ## docs/openapi.json, docs/api.md and README's routes anew, from the functions
	$(RUN) infra.openapi

bench: install  ## figures as a table and as JSON under build/bench, in 20 minutes; NAME=serving for one of them
	$(RUN) tests.benchmarks $(NAME)

lock: install  ## pins every dependency anew, and bundles the page's; needs Node 20
	mkdir -p build && $(RUN) dependency_groups dev >build/dev.in
	$(VENV)/bin/pip-compile --quiet --upgrade --strip-extras --no-annotate --no-header --no-emit-index-url --no-emit-find-links \
	  --no-emit-trusted-host --output-file requirements.lock pyproject.toml build/dev.in
	sed -i 's/+cpu$$//' requirements.lock  # a CPU build of torch, where pip finds one, satisfies the plain version
	infra/deploy/lock.sh

build: install  ## the functions and both layers as Lambda gets them, with their sizes; ARCHITECTURE=x86_64 for this machine
	PYTHON=$(PYTHON) infra/deploy/build.sh $(VENV)/bin/python --architecture $(ARCHITECTURE)

invoke: install  ## one function in Lambda's container, on the stores of `make demo`: FUNCTION=Predict EVENT=file
	infra/deploy/docker.sh && infra/deploy/build.sh $(VENV)/bin/python --architecture x86_64
	$(RUN) infra.local.cloud.containers --state $(STATE) invoke $(FUNCTION) --event $(EVENT)

api: install  ## the built API in Lambda's container, at http://127.0.0.1:3000
	infra/deploy/docker.sh && infra/deploy/build.sh $(VENV)/bin/python --architecture x86_64
	$(RUN) infra.local.cloud.containers --state $(STATE) start-api

e2e: install  ## every built function, and the training image, in their containers; needs Docker, or root on Debian
	infra/deploy/e2e.sh $(VENV)/bin/python

rehearse: install  ## the built template deployed for real, into an emulator of AWS on this machine
	infra/deploy/rehearse.sh $(VENV)/bin/python

image:  ## the training image, built for Fargate and pushed: IMAGE=REPOSITORY:TAG, TORCH_INDEX=address of CPU wheels
	TORCH_INDEX=$(TORCH_INDEX) infra/deploy/release/image.sh $(IMAGE)

migrate:  ## PostgreSQL's roles, tables and passwords up to date, from inside its network; before each deployment
	PYTHON=$(PYTHON) infra/deploy/release/migrate.sh

up: install  ## an empty AWS account to a first answer: SEED=harborview also puts data in; TORCH_INDEX as for image
	$(RUN) infra.deploy.up --config $(CONFIG) up $(if $(SEED),--seed $(SEED)) $(if $(TENANT),--tenant $(TENANT))

down: install  ## takes away all that `make up` made, data too; asks first, YES=1 does not
	$(RUN) infra.deploy.up --config $(CONFIG) down

quotas: install  ## what `make up` needs of the account, and what it has
	$(RUN) infra.deploy.up --config $(CONFIG) quotas

sandbox: install  ## what only an account shows, broken on purpose: SANDBOX=ACCOUNT, after `make up SEED=harborview`
	$(RUN) infra.deploy.sandbox --config $(CONFIG)

client: install  ## a client of the token server for one more tenant: NAME=name TENANT_ID=UUID
	$(RUN) infra.deploy.up --config $(CONFIG) client --name $(NAME) --tenant-id $(TENANT_ID)

token: install  ## an access token of the first tenant; CLIENT_ID=id of another's client
	@$(RUN) infra.deploy.up --config $(CONFIG) token $(if $(CLIENT_ID),--client-id $(CLIENT_ID))

deploy:  ## what `make build` built, to AWS: asks for every parameter
	infra/deploy/release/deploy.sh

clean:  ## removes what demo and tests left, not the environment
	rm -rf $(STATE) build
