#!/usr/bin/env bash
# Deploys what `make build` built: asks for every parameter (--guided), then prints the API's address and an example.
# CONFIG=prod takes [prod.*] of samconfig.toml, PARAMETERS="NAME=VALUE …" goes over its parameters; GUIDED= asks nothing.
set -euo pipefail
cd "$(dirname "$0")/../../.."
config=${CONFIG:-default}
release=infra/deploy/release

[ -f .aws-sam/build/template.yaml ] || { echo "nothing is built: run make build" >&2; exit 1; }
infra/deploy/sam.sh --version >/dev/null  # makes its environment
python=.venv-sam/bin/python
AWS_DEFAULT_REGION=$($python $release/account.py)
export AWS_DEFAULT_REGION
mkdir -p build
$python $release/parameters.py "$config" >build/parameters.yaml
$python $release/quotas.py build/parameters.yaml
$python $release/leftover.py "$($python $release/parameters.py "$config" --stack)"
infra/deploy/sam.sh deploy --config-env "$config" ${GUIDED---guided} --parameter-overrides file://build/parameters.yaml "$@"

stack=$($python $release/parameters.py "$config" --stack)  # after the deployment: --guided may have changed it
outputs=$(infra/deploy/sam.sh list stack-outputs --stack-name "$stack" --output json)
url=$($python -c 'import json, sys; print(next(o["OutputValue"] for o in json.loads(sys.argv[1]) if o["OutputKey"] == "ApiUrl"))' "$outputs")
cat <<MESSAGE

The API answers at $url

  curl $url/health
  curl $url/recommend --header "Authorization: Bearer \$TOKEN" --header 'Content-Type: application/json' \\
    --data '{"user_id": 1, "top_k": 5}'
MESSAGE
