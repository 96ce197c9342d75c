"""`make demo`: two tenants from nothing to answers, on this machine, and what came of it in build/demo.json."""

import json
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from rich.console import Console
from sqlalchemy import text

from infra.local.cloud import gateway
from infra.local.system import LocalSystem, local_system
from infra.local.twin.demo_models import DemoTenant, Trainings
from infra.local.twin.demo_requests import Asker, ask_everything, ask_for_anothers
from infra.local.twin.exits import to_type
from infra.local.twin.importer import import_canonical
from infra.local.twin.tokens import issue_token
from infra.simulator import MARKETS, simulate, write_canonical
from portfolio_twin.errors import InvalidInput

SEED = 7
INVENTED = ("harborview", "mesa")
RESULT = Path("build/demo.json")
Json = dict[str, Any]
MOST_ACTIVE = """
select user_id from interactions where kind in ('deal', 'like') group by user_id order by count(*) desc, user_id limit 1
"""


def run_demo(state: Path, data: Path | None, console: Console) -> None:
    """Imports, retrains, asks; safe to kill and to run again: what is there already is used again."""
    console.rule("[bold]Portfolio Twin")
    with ExitStack() as running:
        with console.status("starting PostgreSQL, the Qdrant engine and S3"):
            system = running.enter_context(local_system(state))
        Demo(system, console).run(data)


@dataclass(frozen=True)
class Demo:
    """The steps of the demo on a running system; each shows what it does."""

    system: LocalSystem
    console: Console

    def run(self, data: Path | None) -> None:
        tenants = self.load(data)
        runs = Trainings(self.system, self.console).retrain(tenants)
        result = self.ask(gateway.start(self.system.state, port=0), tenants)
        self.finish({"tenants": [runs[tenant.tenant_id] for tenant in tenants]} | result)

    def load(self, data: Path | None) -> list[DemoTenant]:
        """The folder that was given and one invented market beside it, or two invented markets."""
        self.console.rule("data")
        loaded = [self._import(data.resolve().name, data)] if data else []
        with TemporaryDirectory() as scratch:
            for name in INVENTED[len(loaded) :]:
                folder = Path(scratch) / name
                with self.console.status(f"inventing the market of {name}"):
                    write_canonical(simulate(MARKETS[name], SEED), folder)
                loaded.append(self._import(name, folder))
        return loaded

    def _import(self, name: str, folder: Path) -> DemoTenant:
        interactions = next(iter(sorted(folder.glob("interactions.csv*"))), None)
        properties = next(iter(sorted(folder.glob("properties.csv*"))), None)
        if properties is None:
            raise InvalidInput(f"{folder} holds no properties.csv or properties.csv.gz")
        tenant_id, report = import_canonical(self.system.database, name, properties, interactions, console=self.console)
        self.console.print(f"  [bold]{name}[/]: {report.summary()}")
        return DemoTenant(name, tenant_id, report.changed)

    def ask(self, url: str, tenants: list[DemoTenant]) -> Json:
        first, second = tenants
        requests: list[Json] = []
        changed = []
        for tenant in tenants:
            self.console.rule(f"asking as {tenant.name}")
            asker = self._asker(url, tenant)
            changed.append(ask_everything(asker, self._investor(tenant, asker)))
            requests += asker.requests
        self.console.rule(f"{first.name}'s token, {second.name}'s property")
        asker = self._asker(url, first)
        status = ask_for_anothers(asker, self._some_property(second.tenant_id))
        return {
            "requests": requests + asker.requests,
            "feedback_changed_recommendations": all(changed),
            "cross_tenant_status": status,
        }

    def _asker(self, url: str, tenant: DemoTenant) -> Asker:
        return Asker(url, issue_token(self.system.state, tenant.tenant_id), self.console)

    def _some_property(self, tenant_id: UUID) -> str:
        with self.system.database.tenant_session(tenant_id) as session:
            return str(session.execute(text("select min(property_id) from properties")).scalar_one())

    def _investor(self, tenant: DemoTenant, asker: Asker) -> int:
        """The one with most positive interactions; where nobody has done anything yet, a new one who likes one."""
        with self.system.database.tenant_session(tenant.tenant_id) as session:
            most_active = session.execute(text(MOST_ACTIVE)).scalar()
        if most_active is not None:
            return int(most_active)
        self.console.print("nobody has done anything here yet: a new investor likes one property")
        liked = self._some_property(tenant.tenant_id)
        asker.ask("POST", f"/properties/{liked}/feedback", {"user_id": 1, "kind": "like"}, "/properties/{id}/feedback")
        return 1

    def finish(self, result: Json) -> None:
        RESULT.parent.mkdir(parents=True, exist_ok=True)
        RESULT.write_text(json.dumps(result, indent=1) + "\n")
        self.console.rule("done")
        serve = to_type("serve", state=self.system.state)
        told = f"written: {RESULT}; next: {serve}, then open a link that it prints"
        self.console.print(told, soft_wrap=True, highlight=False)
        bad = [request for request in result["requests"][:-1] if request["status"] >= 400]
        if bad or not result["feedback_changed_recommendations"] or result["cross_tenant_status"] != 404:
            raise SystemExit(f"the demo did not do what it should: {bad}, {result['cross_tenant_status']}")
