"""The lines of the log that CloudWatch counts."""

import json
from collections.abc import Callable
from typing import Any

import pytest

Metrics = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def metrics(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Metrics:
    """What was counted since it was last asked; the service is called `stack`."""
    monkeypatch.delenv("POWERTOOLS_METRICS_DISABLED", raising=False)
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "stack")
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
