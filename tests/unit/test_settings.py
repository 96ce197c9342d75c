"""A function whose environment is not complete does not start, and says which variable it is."""

import runpy
from pathlib import Path

import pytest

from portfolio_twin.settings import BadEnvironment, ExplorerSettings

FUNCTIONS = Path(__file__).resolve().parents[2] / "functions"
FOLDERS = {path.parent.name: path.parent for path in FUNCTIONS.glob("*/*/app.py")}
NAMES = sorted(FOLDERS.keys() - {"explorer"})  # which needs nothing
READ_NO_FACTS = {"predict", "recommend", "lookalike", "browse", "evaluate_gates", "deploy_model"}


def start(name: str) -> None:
    runpy.run_path(str(FOLDERS[name] / "app.py"))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("variable", ["BUCKET", "QDRANT_URL"])
def test_without_a_variable_a_function_does_not_start(
    name: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(variable)
    with pytest.raises(BadEnvironment, match=f"^{variable}: Field required$"):
        start(name)


@pytest.mark.parametrize("name", NAMES)
def test_only_who_reads_the_facts_needs_their_address(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL")
    if name in READ_NO_FACTS:
        start(name)
    else:
        with pytest.raises(BadEnvironment, match=r"^(PIPELINE_)?DATABASE_URL: "):
            start(name)


def test_every_bad_value_is_named_and_none_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QDRANT_URL", "ftp://secret-host")
    monkeypatch.setenv("LIVE_TTL_SECONDS", "soon")
    with pytest.raises(BadEnvironment, match=r"QDRANT_URL: .*; LIVE_TTL_SECONDS: ") as refused:
        start("predict")
    assert "secret" not in str(refused.value)
    assert "soon" not in str(refused.value)


def test_the_explorer_starts_without_any_and_its_policy_names_who_signs_in(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("BUCKET", "QDRANT_URL", "DATABASE_URL"):
        monkeypatch.delenv(variable)
    start("explorer")
    assert ExplorerSettings().origins == ""
    monkeypatch.setenv("JWT_ISSUER", "https://issuer.example/pool")
    assert ExplorerSettings().origins == ""
    monkeypatch.setenv("EXPLORER_CLIENT_ID", "client")
    monkeypatch.setenv("EXPLORER_CONNECT_SRC", "https://sign-in.example")
    assert ExplorerSettings().origins == "https://issuer.example https://sign-in.example"
    monkeypatch.setenv("EXPLORER_CONNECT_SRC", "https://a.example; script-src *")
    with pytest.raises(BadEnvironment, match="EXPLORER_CONNECT_SRC"):
        start("explorer")
