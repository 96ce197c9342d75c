#!/usr/bin/env bash
# Pins what serving imports (project.dependencies) for Lambda's Python, what training imports for the container's, and
# what the explorer's page imports.
set -euo pipefail
cd "$(dirname "$0")/../.."
. infra/deploy/python313.sh
[ -x build/lock/bin/pip-compile ] || { "$PYTHON313" -m venv build/lock && build/lock/bin/pip install --quiet pip-tools; }
options="--quiet --upgrade --strip-extras --no-annotate --no-header --no-emit-index-url --no-emit-find-links --no-emit-trusted-host"

build/lock/bin/pip-compile $options --output-file layers/dependencies/requirements.txt pyproject.toml
.venv/bin/pip-compile $options --output-file functions/train/requirements.txt functions/train/requirements.in
sed -i 's/+cpu$//' functions/train/requirements.txt  # which build of torch it is, the image's build decides
infra/explorer/vendor.sh
