#!/usr/bin/env bash
# Builds the functions and the training image for this machine, and runs the end-to-end tests in their containers.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${1:-.venv/bin/python}

infra/deploy/docker.sh
infra/deploy/build.sh "$python" --architecture x86_64
docker build --quiet --network host --file functions/train/Dockerfile --tag portfolio-twin-train .
"$python" -m pytest tests/e2e
