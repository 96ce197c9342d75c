"""The gateway of one machine under a mixed load of 1, 4 and 16 clients; then 16 disturbed, then 16 for long.

The disturbed run sees a promotion and a Qdrant that stalls. Ends with 1 where anything was wrong but slow.
"""

import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from tempfile import TemporaryFile
from typing import IO
from urllib.parse import urlsplit

import psutil

from infra.local.cloud.gateway_processes import gateway_processes
from infra.local.system import LocalSystem
from infra.local.twin.tokens import issue_token
from portfolio_twin.model.config import TwinConfig
from portfolio_twin.model.twin import Twin
from portfolio_twin.services.pipeline.index_shard import index_shard
from portfolio_twin.services.pipeline.plan_index import check_index, plan_index
from portfolio_twin.services.pipeline.promote_model import switch
from portfolio_twin.services.pipeline.run import Run
from tests.benchmarks.load import checks
from tests.benchmarks.load.clients import Answered, Plan
from tests.benchmarks.measure.figures import publish
from tests.benchmarks.measure.systems import temporary_system
from tests.benchmarks.measure.tenants import LiveTenant, live_tenant, publish_bundle, trained
from tests.fakes.fault_proxy import FaultProxy, proxied

CLIENTS = {1: 1_500, 4: 3_000, 16: 5_500}  # and their requests
DISTURBED = 4_000  # requests more, of 16 clients
STEADY = 20_000  # and more, over which memory and descriptors must stay as they are
STALL_SECONDS = 4.0
NEXT = "20260102T000000Z-00000001"
LONGEST_SECONDS = 600  # of one run


def main() -> None:
    with proxied(("127.0.0.1", 1)) as proxy:
        address = f"http://127.0.0.1:{proxy.port}"
        with temporary_system(QDRANT_URL=address) as system:
            proxy.target = ("127.0.0.1", urlsplit(system.qdrant_url).port or 0)
            with gateway_processes(system.state, 0) as url:
                Load(system, proxy, urlsplit(url).port or 0).run()


class Load:
    """A live tenant behind the gateway, and what was answered."""

    def __init__(self, system: LocalSystem, proxy: FaultProxy, port: int) -> None:
        self.proxy, self.live = proxy, live_tenant(system)
        other = trained(self.live.dataset, replace(TwinConfig(), epochs=3, seed=1))
        self.next = replace(other, version=NEXT)
        publish_bundle(self.live.tenant, self.next, self.live.dataset)
        token = issue_token(system.state, self.live.tenant.tenant_id)
        self.plan = plan_for(self.live, port, token)

    def run(self) -> None:
        answers, figures = list[Answered](), dict[str, float]()
        self.ask(16, 500)  # warm: every worker, every model
        for clients, requests in CLIENTS.items():
            started = time.perf_counter()
            given = self.ask(clients, requests)
            figures |= speeds(clients, given, time.perf_counter() - started)
            answers += given
        stalled, given = self.disturbed()
        answers += given
        before = footprint()  # both models, and the index of both, are there by now
        steady = self.asked(16, STEADY)
        after = footprint()
        answers += read(steady)
        figures |= {f"{name}_grown": after[name] - before[name] for name in before}
        twins = {twin.version: twin for twin in (self.live.twin, self.next)}
        wrong = (
            checks.statuses(answers, stalled) + checks.stored_once(self.live.tenant, answers)
            + checks.flat(before, after) + checks.unmixed(twins, self.plan.embedding, answers) + both_seen(given, twins)
        )  # fmt: skip
        publish("load", figures | {
            "requests": len(answers), "stored": sum(each.status == 201 for each in answers),
            "meant_503": sum(each.status == 503 for each in answers), "wrong": len(wrong),
        })  # fmt: skip
        if wrong:
            sys.exit("\n".join([f"{len(wrong)} things were wrong:", *wrong[:20]]))

    def ask(self, clients: int, requests: int) -> list[Answered]:
        return read(self.asked(clients, requests))

    def asked(self, clients: int, requests: int) -> IO[bytes]:
        """The file of what was answered."""
        plan = replace(self.plan, clients=clients, requests=requests, seed=clients + requests)
        answers = TemporaryFile()  # noqa: SIM115  # `read` closes it
        subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.load.clients"], input=json.dumps(asdict(plan)).encode(),
            stdout=answers, check=True, timeout=LONGEST_SECONDS,
        )  # fmt: skip
        return answers

    def disturbed(self) -> tuple[tuple[float, float], list[Answered]]:
        """When Qdrant stalled, and what was answered: a promotion first, then the stall."""
        told: list[tuple[float, float]] = []

        def disturb() -> None:
            time.sleep(2)
            self.promote()
            begin = time.time()
            self.proxy.fault = "black hole"
            time.sleep(STALL_SECONDS)
            self.proxy.fault = None
            told.append((begin, time.time()))

        thread = threading.Thread(target=disturb)
        thread.start()
        given = self.ask(16, DISTURBED)
        thread.join()
        return told[0], given

    def promote(self) -> None:
        run = Run(self.live.tenant, NEXT, execution="load")
        check_index(run)
        for shard in plan_index(run, recreate=True).shards:
            index_shard(run, shard)
        switch(run, self.live.tenant.bucket.models.live())


def plan_for(live: LiveTenant, port: int, token: str) -> Plan:
    catalogue = live.dataset.catalogue
    return Plan(
        port=port, token=token, clients=1, requests=1, users=live.twin.user_ids[:200].tolist(),
        property_ids=catalogue.ids[:300].tolist(), rows=[catalogue.row(i) for i in range(50)],
        embedding=live.twin.property_vectors[0].tolist(), seed=0,
    )  # fmt: skip


def speeds(clients: int, answers: list[Answered], seconds: float) -> dict[str, float]:
    """Of all requests together, and of each route."""
    routes = {"": answers}
    for each in answers:
        routes.setdefault(f"{each.route}_", []).append(each)
    figures = {f"load_{clients}_rps": len(answers) / seconds}
    for route, given in routes.items():
        cuts = statistics.quantiles([each.ms for each in given], n=100, method="inclusive")
        figures |= {f"load_{clients}_{route}p{percent}_ms": cuts[percent - 1] for percent in (50, 95, 99)}
    return figures


def read(answers: IO[bytes]) -> list[Answered]:
    with answers:
        answers.seek(0)
        return [Answered(**each) for each in json.load(answers)]


def footprint() -> dict[str, float]:
    """Of the gateway's processes together."""
    processes = [each for each in psutil.Process().children() if gateway_processes.__module__ in each.cmdline()]
    if not processes:
        sys.exit("no process of the gateway is to be found: nothing is known of its memory")
    return {
        "rss_mb": sum(process.memory_info().rss for process in processes) / 2**20,
        "descriptors": float(sum(process.num_fds() for process in processes)),
    }


def both_seen(answers: Sequence[Answered], twins: dict[str, Twin]) -> list[str]:
    """The promotion fell into the run."""
    seen = {each.version for each in answers if each.version}
    return [] if seen == set(twins) else [f"the disturbed run saw {sorted(seen)} alone"]


if __name__ == "__main__":
    main()
