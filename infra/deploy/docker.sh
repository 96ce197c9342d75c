#!/usr/bin/env bash
# Leaves a Docker engine running that has the two base images, and installs one where it may (Debian, as root).
set -euo pipefail
cd "$(dirname "$0")/../.."
LAMBDA_IMAGE=public.ecr.aws/lambda/python:3.13-x86_64
LOCAL_IMAGES=${LOCAL_IMAGES:-}  # a script that makes them where no registry can be reached

answers() { docker info >/dev/null 2>&1; }

if ! answers; then
  command -v dockerd >/dev/null || {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || { echo "Docker does not answer: start it, or install it" >&2; exit 1; }
    echo "docker: installing the engine"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker.io debootstrap iptables >/dev/null
  }
  mkdir -p build
  setsid nohup dockerd >build/dockerd.log 2>&1 </dev/null &
  for _ in $(seq 60); do answers && break; sleep 1; done
  answers || { echo "dockerd does not start:" >&2; tail -20 build/dockerd.log >&2; exit 1; }
fi

# A machine without an image registry makes stand-ins; elsewhere `sam` and `docker build` pull the public images.
if ! docker image inspect "$LAMBDA_IMAGE" >/dev/null 2>&1 && [ -x "$LOCAL_IMAGES" ]; then
  . infra/deploy/python313.sh
  "$LOCAL_IMAGES"
fi
