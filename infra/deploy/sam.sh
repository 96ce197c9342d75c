#!/usr/bin/env bash
# `sam` from an environment of its own (it pins boto3), with a real python3.13 first on PATH, as `sam build` demands.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ ! -e .venv-sam/.installed ] || [ infra/deploy/requirements-sam.txt -nt .venv-sam/.installed ]; then
  "${PYTHON:-python3.11}" -m venv .venv-sam
  .venv-sam/bin/pip install --quiet --disable-pip-version-check --requirement infra/deploy/requirements-sam.txt
  touch .venv-sam/.installed
fi

. infra/deploy/python313.sh
export PATH="$(dirname "$PYTHON313"):$PWD/.venv-sam/bin:$PATH" SAM_CLI_TELEMETRY=0 SAM_CLI_ENABLE_LANGUAGE_EXTENSIONS=1 AWS_DEFAULT_REGION="${AWS_DEFAULT_REGION:-us-east-1}"
exec .venv-sam/bin/sam "$@"
