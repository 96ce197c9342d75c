#!/usr/bin/env bash
# Pins what serving imports (project.dependencies of pyproject.toml) for Lambda's Python, into the layer.
set -euo pipefail
cd "$(dirname "$0")/../.."
. infra/deploy/python313.sh
[ -x build/lock/bin/pip-compile ] || { "$PYTHON313" -m venv build/lock && build/lock/bin/pip install --quiet pip-tools; }
build/lock/bin/pip-compile --quiet --upgrade --strip-extras --no-annotate --no-header --no-emit-index-url --no-emit-find-links \
  --no-emit-trusted-host --output-file layers/dependencies/requirements.txt pyproject.toml
