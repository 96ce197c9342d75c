"""CheckData and PrepareData of a large tenant, as a job with more memory and time. `python -m functions.prepare.app`.

What it decides is kept beside the version, where CheckData finds it, and the snapshot is where PrepareData finds it: so
the machine goes on through both as ever. Run again it goes on from what is already there.
"""

import sys
from typing import Any

from pydantic import Json

from functions.train.progress import on_stderr
from portfolio_twin.adapters import telemetry
from portfolio_twin.adapters.tenant import Stores
from portfolio_twin.errors import TwinError
from portfolio_twin.services.pipeline.check_data import check_data
from portfolio_twin.services.pipeline.prepare_data import prepare_data
from portfolio_twin.services.pipeline.run import Run
from portfolio_twin.settings import PipelineSettings, from_environment


class PrepareSettings(PipelineSettings):
    """The stores of the pipelines, and the event that CheckData had."""

    event: Json[dict[str, Any]]


def prepare(settings: PrepareSettings) -> str:
    run = Run.of(Stores(settings), settings.event)
    answer = check_data(run)
    run.tenant.bucket.runs.write_check(run.version, answer)
    if answer["decision"] in ("train", "content"):
        prepare_data(run)
    return str(answer["decision"])


def main() -> int:
    telemetry.log_as_json()
    progress = on_stderr()
    try:
        progress.say(f"decided: {prepare(from_environment(PrepareSettings))}")
    except TwinError as error:
        progress.say(f"{type(error).__name__}: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
