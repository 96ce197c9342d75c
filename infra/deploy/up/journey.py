"""`make up`: from an account with nothing in it to an answer."""

import json
import sys
import tempfile
from functools import cached_property, partial
from pathlib import Path

from rich.console import Console

from infra.deploy.up import foundation, product, seed, tokens
from infra.deploy.up.image import ImageBuild, source_zip
from infra.deploy.up.quotas import look, show
from infra.deploy.up.site import Site
from infra.deploy.up.steps import Say, Step, Unfinished

TENANT_SCOPES = "twin/read twin/write"


class Up:
    """The steps; what one finds out the next ones use."""

    def __init__(self, site: Site, tenant: str, market: str | None, console: Console) -> None:
        self.site, self.tenant, self.market, self.console = site, tenant, market, console
        self.image = self.url = self.tenant_id = ""

    @property
    def say(self) -> Say:
        return partial(self.console.print, markup=False, highlight=False, soft_wrap=True)

    @cached_property
    def outputs(self) -> dict[str, str]:
        return self.site.outputs(self.site.foundation)

    @cached_property
    def build(self) -> ImageBuild:
        return ImageBuild(self.site, self.outputs, source_zip())

    def steps(self) -> list[Step]:
        events = "The stack's events are above: the first that failed says why."
        execution = "The cause is in the execution, and in the mail of the topic."
        begin = [
            Step("credentials and quotas", self.check, "Each line above says what to do."),
            Step("foundation", lambda: foundation.lay_foundation(self.site), events),
            Step(
                "PostgreSQL's authorities",
                lambda: foundation.fetch_authorities(self.site),
                "It needs a way out to AWS.",
            ),
            Step("training image: start", self.start_image, "CodeBuild says why; `make quotas` looks at its limit."),
            Step("PostgreSQL", self.migrate, f"The function's log, /aws/lambda/{self.site.migrations}, says more."),
            Step("functions", lambda: product.build(self.site, sys.executable), "What was missing is above."),
            Step("training image: ready", self.finish_image, "Its log says why; TORCH_INDEX names an index of torch."),
            Step("product", self.deploy, events),
            Step(f"tenant {self.tenant}", self.make_tenant, "docs/operations.md, Errors, says where the logs are."),
        ]
        data = [
            Step(f"data of {self.market}", self.seed, "A report of bad rows lies beside the files."),
            Step("model", self.retrain, execution),
        ]
        return [
            *begin,
            *(data if self.market else []),
            Step("answer", self.ask, "docs/operations.md, Errors, says more."),
        ]

    def check(self) -> str:
        faults = show(list(look(self.site)), self.console)
        if faults:
            raise Unfinished("\n".join(faults))
        if not self.site.environment.get("TORCH_INDEX"):
            self.say("      without TORCH_INDEX the training image carries CUDA's libraries: several times as large")
        return "enough"

    def start_image(self) -> str:
        return self.build.start()

    def migrate(self) -> str:
        return product.migrate(self.site, self.outputs)

    def finish_image(self) -> str:
        self.image = self.build.finish(self.say)
        return self.image

    def deploy(self) -> str:
        self.url = product.deploy(self.site, self.outputs, self.image)
        return self.url

    def make_tenant(self) -> str:
        admin = tokens.token(self.site, self.outputs, self.outputs["AdminClientId"], "twin/admin")
        made = tokens.ask(self.site, f"{self.url}/tenants", {"name": self.tenant}, admin)
        self.tenant_id = str(made["tenant_id"])
        tokens.belongs_to(self.site, self.outputs, self.outputs["FirstClientId"], self.tenant_id)
        return f"tenant {self.tenant_id}, client {self.outputs['FirstClientId']}"

    def seed(self) -> str:
        """One file after the other, each imported before the next is put."""
        imports = seed.Machine(self.site, "Import")
        with tempfile.TemporaryDirectory() as folder:
            told = seed.make_market(str(self.market), Path(folder))
            for name in seed.FILES:
                before = imports.executions()
                self.say(f"      {seed.put_file(self.site, self.tenant_id, Path(folder) / name)}")
                imports.hear(before, seed.IMPORT_SECONDS, self.say)
        return told

    def retrain(self) -> str:
        """An import may have begun one already."""
        machine = seed.Machine(self.site, "Retrain")
        machine.idle(seed.RETRAIN_SECONDS)
        if self._recommended():
            return "there is one"
        return machine.run({"tenant_ids": [self.tenant_id]}, seed.RETRAIN_SECONDS, self.say)

    def ask(self) -> str:
        body = {"user_id": 1, "top_k": 3}
        answer = (
            tokens.ask(self.site, f"{self.url}/recommend", body, self._bearer())
            if self.market
            else tokens.ask(self.site, f"{self.url}/health")
        )
        self.say(f"""
  curl {self.url}/health
  curl {self.url}/recommend --header "Authorization: Bearer $(make --silent token CONFIG={self.site.config})" \\
    --header 'Content-Type: application/json' --data '{json.dumps(body)}'

{json.dumps(answer, indent=2)}
""")
        return f"the API answers at {self.url}"

    def _bearer(self) -> str:
        return tokens.token(self.site, self.outputs, self.outputs["FirstClientId"], TENANT_SCOPES)

    def _recommended(self) -> bool:
        try:
            tokens.ask(self.site, f"{self.url}/recommend", {"user_id": 1, "top_k": 1}, self._bearer())
        except Unfinished:
            return False
        return True
