"""What only an account shows, in a sandbox that `make up SEED=…` has filled: `SANDBOX=ACCOUNT make sandbox`.

It writes and removes objects of a tenant of its own, publishes a Predict that fails and sends it a tenth of the calls,
and stops a training's task. Never where somebody waits for answers.
"""

import argparse
import os
import sys
from collections.abc import Callable
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from infra.deploy.sandbox import canary, checks, spot
from infra.deploy.up.site import Site
from infra.deploy.up.steps import Say, Unfinished

Check = Callable[[Site, Say], str]
CHECKS: dict[str, Check] = {
    "conditional writes": checks.conditional_writes,
    "TLS to PostgreSQL, checked strictly": checks.tls_to_postgresql,
    "SnapStart's restores": checks.restore_times,
    "zeros of AWS/States": checks.zeros_of_states,
    "sessions pinned at the proxy": checks.pinned_sessions,
    "a canary with a fault goes back": canary.fault_goes_back,
    "a stopped Spot task is tried again": spot.stopped_task_is_tried_again,
}


def confirm(site: Site) -> None:
    """Raises Unfinished unless the very account is named."""
    account, region, caller = site.caller()
    if os.environ.get("SANDBOX") != account:
        raise Unfinished(
            f"this breaks things on purpose in account {account}, {region}, stack {site.stack}, as {caller}.\n"
            f"Where nobody needs it: SANDBOX={account} make sandbox"
        )
    if not site.outputs(site.stack):
        raise Unfinished(f"there is no stack {site.stack}: make up SEED=harborview")


def run(site: Site, say: Say, wanted: list[str]) -> list[str]:
    """All of them, whatever fails; the names of those that did."""
    failed = []
    for name in wanted:
        say(f"{name} …")
        try:
            say(f"  ok: {CHECKS[name](site, say)}")
        except (Unfinished, BotoCoreError, ClientError) as error:
            failed.append(name)
            say(f"  FAILED: {error}")
    return failed


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m infra.deploy.sandbox", description=__doc__)
    parser.add_argument("--config", default="default", help="section of samconfig.toml")
    parser.add_argument("--only", action="append", choices=CHECKS, help="one of them; may be given again")
    given = parser.parse_args()
    site, say = Site(given.config), partial(Console().print, markup=False, highlight=False, soft_wrap=True)
    try:
        confirm(site)
    except (Unfinished, BotoCoreError, ClientError) as error:
        sys.exit(str(error))
    failed = run(site, say, given.only or list(CHECKS))
    sys.exit(f"failed: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
