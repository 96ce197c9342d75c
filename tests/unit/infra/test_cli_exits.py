"""`twin` ends with 2 when the caller has something to change, and says what on standard error."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from types import SimpleNamespace
from uuid import UUID

import pytest
from rich.console import Console
from rich.table import Table

from infra.local import system
from infra.local.cloud import gateway, gateway_processes
from infra.local.cloud.executions import TenantRun
from infra.local.twin import cli, cli_models
from infra.local.twin.exits import to_type
from infra.local.twin.model_card import card as model_card
from infra.local.twin.retraining import remarks, tell

ACME = SimpleNamespace(name="acme", tenant_id=UUID(int=1))


class NoModels:
    """A registry without a model in it."""

    def live(self) -> None:
        return None

    def versions(self) -> list[str]:
        return []


@pytest.fixture(autouse=True)
def no_stores(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def empty(_state: Path, **_settings: str) -> Iterator[SimpleNamespace]:
        tenant = SimpleNamespace(bucket=SimpleNamespace(models=NoModels()))
        yield SimpleNamespace(database=SimpleNamespace(list_tenants=lambda: [ACME]), tenant=lambda _: tenant)

    monkeypatch.setattr(cli_models, "local_system", empty)
    monkeypatch.setattr(cli_models, "reached_system", empty)


def ends(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[object, str]:
    monkeypatch.setattr(sys, "argv", ["twin", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["index", "--tenant", "acme"], "twin retrain --tenant acme"),
        (["index", "--tenant", "nobody"], "there are: acme"),
        (["evaluate", "--tenant", "acme"], "run `twin retrain` first"),
        (["promote", "v1", "--tenant", "acme"], "v1 is not published"),
        (["rollback", "--tenant", "acme"], "NoPreviousVersion: there is no previous version to roll back to"),
        (["simulate", "--market", "atlantis"], "harborview, mesa"),
        (["put", ".", "--tenant", "acme"], "make one with `twin train"),
        (["index"], "Missing option"),
        (["train", "--tenant", "acme", "--output-dir", __file__], "is a file"),
        (["simulate", "--out", __file__], "is a file"),
        (["serve", "--port", "99999"], "--port"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
def test_what_cannot_be_done_ends_with_2_and_a_way_out(
    arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, err = ends(monkeypatch, capsys, *arguments)
    assert (code, message in " ".join(err.replace("│", " ").split())) == (2, True), err


def test_a_command_that_is_told_can_be_pasted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "check out"
    monkeypatch.setattr(sys, "executable", str(here / ".venv/bin/python"))
    assert to_type("serve", state=Path(".twin")) == f"'{here}/.venv/bin/twin' serve"
    here.mkdir()
    monkeypatch.chdir(here)
    assert to_type("token", "--tenant", "a b", state=Path(".twin")) == ".venv/bin/twin token --tenant 'a b'"
    assert to_type("serve", state=tmp_path) == f".venv/bin/twin serve --state {tmp_path}"
    (here / ".venv/bin").mkdir(parents=True)
    (here / ".venv/bin/twin").touch(0o700)
    monkeypatch.setenv("PATH", str(here / ".venv/bin"))
    assert to_type("serve", state=Path(".twin")) == "twin serve"


def test_a_card_that_cannot_be_written_ends_with_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(model_card, "read_bundle", lambda *_: None)
    monkeypatch.setattr(model_card, "render_card", lambda *_: "")
    (tmp_path / "file").touch()
    out = tmp_path / "file" / "card.md"
    code, err = ends(monkeypatch, capsys, "model-card", "--tenant", "acme", "--version", "v1", "--out", str(out))
    assert (code, "--out" in err) == (2, True), err


def test_serve_stops_its_stores_when_it_is_terminated(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = []

    @contextmanager
    def stores(_state: Path) -> Iterator[SimpleNamespace]:
        yield SimpleNamespace(database=SimpleNamespace(list_tenants=list))
        stopped.append(True)

    monkeypatch.setattr(cli, "local_system", stores)

    @contextmanager
    def answering(*_: object) -> Iterator[str]:
        Timer(0.5, os.kill, (os.getpid(), signal.SIGTERM)).start()
        yield "http://127.0.0.1:1"

    monkeypatch.setattr(gateway_processes, "gateway_processes", answering)
    before = signal.getsignal(signal.SIGTERM)
    try:
        cli.serve(port=0, host="127.0.0.1")
    finally:
        signal.signal(signal.SIGTERM, before)
    assert stopped == [True]


def test_a_folder_in_use_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with system._only_one(tmp_path), pytest.raises(SystemExit) as ended, system.local_system(tmp_path):
        pass
    assert ended.value.code == 2
    assert "--state" in capsys.readouterr().err


def test_a_folder_whose_process_is_just_starting_ends_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with system._only_one(tmp_path), pytest.raises(SystemExit) as ended, system.reached_system(tmp_path):
        pass
    assert ended.value.code == 2
    assert "try again" in capsys.readouterr().err


def test_a_port_in_use_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(SystemExit) as ended:
        gateway.start(tmp_path, taken.getsockname()[1])
    assert ended.value.code == 2
    assert "--port" in capsys.readouterr().err


def test_a_port_that_another_gateway_would_share_ends_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (
        socket.create_server(("127.0.0.1", 0), reuse_port=True) as taken,
        pytest.raises(SystemExit) as ended,
        gateway_processes.gateway_processes(tmp_path, taken.getsockname()[1]),
    ):
        pass
    assert ended.value.code == 2
    assert "--port" in capsys.readouterr().err


def test_a_rejected_run_says_which_gate_by_how_much_and_what_to_do() -> None:
    gates = {
        "f1": {"value": 0.41, "limit": 0.6, "passed": False, "note": "look at the report's classification"},
        "ece": {"value": 0.02, "limit": 0.1, "passed": True, "note": ""},
    }
    run = TenantRun(str(ACME.tenant_id), "v1", "Rejected", {"gates": {"gates": gates}}, {})
    assert remarks(run) == [
        "f1: 0.410 where 0.600 is asked; look at the report's classification", "what was live stays live"
    ]  # fmt: skip
    told = Console(record=True, width=40)
    assert not tell([run], {ACME.tenant_id: "acme"}, told)
    assert "acme: Rejected, v1" in told.export_text()


def test_a_version_is_never_cut_off() -> None:
    version, narrow = "20261121T193426Z-e2a2f07d", Console(record=True, width=40)
    table = Table(cli_models.whole("version"), "kind", "created")
    table.add_row(version, "twin", "2026-11-21T19:34:26Z")
    narrow.print(table)
    assert version in narrow.export_text()
