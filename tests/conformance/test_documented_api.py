"""Every route does what its documentation says, whatever it is sent: schemathesis, with all its checks."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.conformance.conftest import Api
from tests.fakes.processes import ROOT

EXAMPLES = 60  # of each route, beside one for every limit and every broken rule of its parameters
LEAST_CASES = 5_000
LONGEST_LINE = 600
LONGEST_SECONDS = 900  # on a busy machine; a fifth of it otherwise


def test_every_answer_is_as_documented_and_every_broken_rule_is_refused(api: Api, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", f"{api.url}/openapi.json",
        "--header", f"Authorization: Bearer {api.token}", "--checks", "all", "--max-examples", str(EXAMPLES),
        "--seed", "1", "--continue-on-failure", "--no-shrink", "--request-timeout", "30", "--warnings", "off",
        "--report-json-path", str(report),
    ]  # fmt: skip
    environment = os.environ | {"SCHEMATHESIS_HOOKS": "tests.conformance.hooks", "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=LONGEST_SECONDS, check=False
    )
    told = "\n".join(line[:LONGEST_LINE] for line in (run.stdout + run.stderr).splitlines())
    assert run.returncode == 0, told
    assert json.loads(report.read_text())["test_cases"]["generated"] >= LEAST_CASES
