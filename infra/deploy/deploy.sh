#!/usr/bin/env bash
# Deploys what `make build` built: asks for every parameter (--guided), then prints the API's address and an example.
# CONFIG=prod takes [prod.*] of samconfig.toml; GUIDED= asks nothing, for a workflow.
set -euo pipefail
cd "$(dirname "$0")/../.."
config=${CONFIG:-default}

[ -f .aws-sam/build/template.yaml ] || { echo "nothing is built: run make build" >&2; exit 1; }
infra/deploy/sam.sh --version >/dev/null  # makes its environment
AWS_DEFAULT_REGION=$(.venv-sam/bin/python infra/deploy/account.py)
export AWS_DEFAULT_REGION
infra/deploy/sam.sh deploy --config-env "$config" ${GUIDED---guided} "$@"

stack=$(sed -n "/^\[$config.global.parameters\]/,/^\[/s/^stack_name = \"\(.*\)\"/\1/p" samconfig.toml)
outputs=$(infra/deploy/sam.sh list stack-outputs --stack-name "$stack" --output json)
url=$(python3 -c 'import json, sys; print(next(o["OutputValue"] for o in json.loads(sys.argv[1]) if o["OutputKey"] == "ApiUrl"))' "$outputs")
cat <<MESSAGE

The API answers at $url

  curl $url/health
  curl $url/recommend --header "Authorization: Bearer \$TOKEN" --header 'Content-Type: application/json' \\
    --data '{"user_id": 1, "top_k": 5}'
MESSAGE
