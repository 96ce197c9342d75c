#!/usr/bin/env bash
# Brings PostgreSQL's roles, tables and passwords up to date from inside its network: deploys infra/migrations as a
# function of a stack of its own, and calls it. CONFIG, PARAMETERS and options as for deploy.sh; run it before that.
set -euo pipefail
cd "$(dirname "$0")/../../.."
config=${CONFIG:-default}
release=infra/deploy/release

infra/deploy/sam.sh --version >/dev/null  # makes its environment
python=.venv-sam/bin/python
AWS_DEFAULT_REGION=$($python $release/account.py)
export AWS_DEFAULT_REGION

# What the product's layer has, and Alembic as the tests have it.
rm -rf build/migrate
mkdir -p build/migrate/infra
cp -R shared/portfolio_twin build/migrate/
cp -R infra/migrations build/migrate/infra/
[ ! -f build/rds-ca.pem ] || cp build/rds-ca.pem build/migrate/  # who signs Aurora's certificates: `make up` fetches it
{ cat layers/dependencies/requirements.txt; grep -iE '^(alembic|mako|markupsafe)==' requirements.lock; } >build/migrate/requirements.txt

$python $release/parameters.py "$config" >build/parameters.yaml
stack=$($python $release/parameters.py "$config" --stack)-migrate
# As parameters the build and the deployment get the same: what a template does not know it passes over.
infra/deploy/sam.sh build --config-env "$config" --config-file "$PWD/samconfig.toml" --template-file infra/migrations/template.yaml \
  --build-dir .aws-sam/migrate --parameter-overrides file://build/parameters.yaml
infra/deploy/sam.sh deploy --config-env "$config" --config-file "$PWD/samconfig.toml" --stack-name "$stack" \
  --template-file .aws-sam/migrate/template.yaml --parameter-overrides file://build/parameters.yaml \
  --no-confirm-changeset --no-fail-on-empty-changeset --no-progressbar "$@"
$python $release/invoke.py "$stack"
