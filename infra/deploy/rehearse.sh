#!/usr/bin/env bash
# `make rehearse`: what `make build` builds, deployed by the real `sam deploy` into MiniStack, an emulator of AWS without
# Docker. It runs the functions with its own Python, so its environment has Lambda's.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${1:-.venv/bin/python}

. infra/deploy/python313.sh
if [ ! -e .venv-ministack/.installed ] || [ infra/deploy/requirements-ministack.txt -nt .venv-ministack/.installed ]; then
  "$PYTHON313" -m venv --clear .venv-ministack  # of its own: it pins botocore
  .venv-ministack/bin/pip install --quiet --disable-pip-version-check --requirement infra/deploy/requirements-ministack.txt
  touch .venv-ministack/.installed
fi
case $(uname -m) in aarch64 | arm64) architecture=arm64 ;; *) architecture=x86_64 ;; esac
infra/deploy/build.sh "$python" --architecture "$architecture"
ARCHITECTURE=$architecture "$python" -m pytest --capture=no tests/rehearsal
