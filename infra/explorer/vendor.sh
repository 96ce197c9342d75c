#!/usr/bin/env bash
# Bundles what the explorer's page imports into two modules, with their licences and digests beside them.
# For maintainers, with Node 20 or newer; what comes out is committed, so nobody else needs Node.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=$PWD/functions/api/explorer/page/vendor
mkdir -p "$out" build/explorer
cp infra/explorer/*.js* build/explorer
cd build/explorer

npm ci --silent --no-audit --no-fund
for name in vendor oidc; do
  node_modules/.bin/esbuild "$name.entry.js" --bundle --format=esm --target=es2022 --minify --legal-comments=none \
    --banner:js="/* made by make lock, licences in LICENSES.txt */" --log-level=warning --outfile="$out/$name.js"
done
# A host of the elements, for tests/browser alone.
node_modules/.bin/esbuild react.entry.js --bundle --format=esm --target=es2022 --minify --legal-comments=eof \
  --define:process.env.NODE_ENV='"production"' --log-level=warning --outfile="$out/../../../../../tests/browser/hosts/react.js"
for package in lit d3-zoom d3-selection d3-drag d3-transition oidc-client-ts jwt-decode; do
  printf '== %s\n\n' "$package"
  cat "node_modules/$package/LICENSE"
  echo
done >"$out/LICENSES.txt"
node digests.js "$out" vendor.js oidc.js >"$out/vendor.json"
