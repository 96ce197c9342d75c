#!/usr/bin/env bash
# Builds the training image for the machine that it will run on, whatever this one is, and pushes it: image.sh REPOSITORY:TAG.
# PLATFORM=linux/arm64 for TrainingArchitecture=ARM64; TORCH_INDEX names PyTorch's index of CPU wheels, where pip's own
# index gives torch for CUDA: without it the image carries CUDA's libraries, and is several times as large.
set -euo pipefail
cd "$(dirname "$0")/../../.."
image=${1:?which image? REPOSITORY:TAG}

docker build --platform "${PLATFORM:-linux/amd64}" --file functions/train/Dockerfile --tag "$image" \
  --build-arg TORCH_INDEX="${TORCH_INDEX:-}" --build-arg CODE_VERSION="$(git rev-parse HEAD)" .
docker push "$image"
