"""An AWS account from empty to a first answer, and back: what `make up`, `make down` and their like call."""

import argparse
import os
import sys
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from infra.deploy.up import down, tokens
from infra.deploy.up.journey import TENANT_SCOPES, Up
from infra.deploy.up.quotas import look, show
from infra.deploy.up.site import Site
from infra.deploy.up.steps import Unfinished, walk


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.deploy.up", description=__doc__)
    parser.add_argument(
        "--config", default="default", help="section of samconfig.toml: default is development, or prod"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="makes everything, and asks the API for an answer")
    up.add_argument("--seed", help="a simulated market as the first tenant's data: harborview, mesa or chesapeake")
    up.add_argument("--tenant", help="the first tenant's name; default: the market's, or first")
    commands.add_parser("down", help="takes everything away, data too; asks first, unless YES=1 is in the environment")
    commands.add_parser("quotas", help="what is needed of the account, and what it has")
    client = commands.add_parser("client", help="a client of the token server for one more tenant")
    client.add_argument("--tenant-id", required=True, help="the tenant's UUID")
    client.add_argument("--name", required=True, help="the client's; the one that is there is kept")
    token = commands.add_parser("token", help="an access token of the first tenant's client, or of another's")
    token.add_argument("--client-id", help="default: the first tenant's")
    return parser.parse_args(arguments)


def main() -> None:
    given, console = options(), Console()
    say = partial(console.print, markup=False, highlight=False, soft_wrap=True)
    site = Site(given.config)
    try:
        if given.command == "up":
            walk(Up(site, given.tenant or given.seed or "first", given.seed, console).steps(), say, "make up")
        elif given.command == "down":
            confirm(site)
            walk(down.steps(site, say), say, "make down")
        elif given.command == "quotas":
            sys.exit("\n".join(show(list(look(site)), console)) or 0)
        else:
            print(with_clients(site, given))
    except (Unfinished, BotoCoreError, ClientError) as error:
        sys.exit(str(error))


def with_clients(site: Site, given: argparse.Namespace) -> str:
    outputs = site.outputs(site.foundation)
    if not outputs:
        raise Unfinished(f"there is no stack {site.foundation}: make up")
    if given.command == "client":
        client_id = tokens.add_client(site, outputs, given.name, given.tenant_id)
        return f"client {client_id}; make up again, and the API takes its tokens"
    return tokens.token(site, outputs, given.client_id or outputs["FirstClientId"], TENANT_SCOPES)


def confirm(site: Site) -> None:
    """Raises Unfinished unless somebody who knows what it deletes says so."""
    account, region, caller = site.caller()
    if os.environ.get("YES") == "1":
        return
    print(
        f"Deletes {site.stack}, {site.migrations} and {site.foundation} in account {account}, {region}, as {caller}:\n"
        "every tenant, every model, PostgreSQL with its backups, and the bucket with all its versions. For good."
    )
    if not sys.stdin.isatty():
        raise Unfinished("nobody is there to be asked: YES=1 make down")
    if input(f"Type {site.stack} to go on: ") != site.stack:
        raise Unfinished("nothing was deleted")


if __name__ == "__main__":
    main()
