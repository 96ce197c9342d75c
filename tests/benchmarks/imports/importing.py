"""In a process of its own, as in the cloud: what lies under imports/ of one tenant. Prints its figures as JSON."""

import json
import resource
import sys
import time

from portfolio_twin.adapters.tenant import stores_from_environment
from portfolio_twin.services.imports.import_run import ImportRun
from portfolio_twin.services.imports.run_import import run_import
from portfolio_twin.settings import ImportSettings


def main(tenant_id: str) -> None:
    stores = stores_from_environment(ImportSettings)
    event = {"tenant_id": tenant_id, "skip_bad_rows": False, "execution": "bench"}
    started = time.perf_counter()
    answer = run_import(ImportRun.of(stores, event))
    seconds = time.perf_counter() - started
    if answer["decision"] != "imported":
        sys.exit(f"nothing was imported: {answer}")
    rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"s": seconds, "rss_mb": rss_mb}))  # its answer to the benchmark


if __name__ == "__main__":
    main(sys.argv[1])
