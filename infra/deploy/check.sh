#!/usr/bin/env bash
# The deployment as data: SAM, cfn-lint, checkov, parliament, tests/infrastructure (statelint among them). Needs no Docker and no account.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${1:-.venv/bin/python}

infra/deploy/sam.sh validate --lint
.venv-sam/bin/cfn-lint template.yaml infra/foundation.yaml infra/migrations/template.yaml

if [ ! -e .venv-checkov/.installed ] || [ infra/deploy/requirements-checkov.txt -nt .venv-checkov/.installed ]; then
  "${PYTHON:-python3.11}" -m venv .venv-checkov  # of its own: it pins boto3, and another one than sam does
  .venv-checkov/bin/pip install --quiet --disable-pip-version-check --requirement infra/deploy/requirements-checkov.txt
  touch .venv-checkov/.installed
fi
mkdir -p build
for template in template.yaml infra/foundation.yaml; do
  "$python" -m infra.deploy.expand build/expanded.json "$template"
  .venv-checkov/bin/checkov --config-file infra/deploy/checkov.yaml --file build/expanded.json
  .venv-checkov/bin/python infra/deploy/policies.py build/expanded.json
done

"$python" -m pytest tests/infrastructure
