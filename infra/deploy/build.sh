#!/usr/bin/env bash
# `make build`: infra/deploy/build.py, with Lambda's Python found for it. The first argument is the project's own Python.
set -euo pipefail
cd "$(dirname "$0")/../.."
. infra/deploy/python313.sh
exec "$1" -m infra.deploy.build "${@:2}"
