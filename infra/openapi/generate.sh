#!/usr/bin/env bash
# A Python client from docs/openapi.json into the folder that is named, by a public generator, from an environment of its
# own (it pins typer). A warning is an error: a part of the document that a generator leaves out is missed by somebody.
set -euo pipefail
folder=$(realpath -m "${1:?say where to: infra/openapi/generate.sh FOLDER}")
cd "$(dirname "$0")/../.."

if [ ! -e .venv-openapi/.installed ] || [ infra/openapi/requirements-generator.txt -nt .venv-openapi/.installed ]; then
  "${PYTHON:-python3.11}" -m venv .venv-openapi
  .venv-openapi/bin/pip install --quiet --disable-pip-version-check --requirement infra/openapi/requirements-generator.txt
  touch .venv-openapi/.installed
fi

exec .venv-openapi/bin/openapi-python-client generate --overwrite --fail-on-warning --path docs/openapi.json \
  --config infra/openapi/generator.yaml --output-path "$folder"
