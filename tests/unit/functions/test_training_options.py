"""What a training may be given beside its data: by the machine, the container's environment and the command line."""

import json
import re
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from functions.train.job import Job
from functions.train.offline import train_into
from functions.train.plain.config import PlainConfig
from functions.train.progress import Progress
from functions.train.settings import TrainSettings
from infra.local.twin import cli_models, training
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.errors import BundleRejected, InvalidInput
from portfolio_twin.model.bundle.files import check_live, unpack
from portfolio_twin.model.config import TrainingOptions, TwinConfig
from tests.fakes.logs import log_of
from tests.fakes.twins import small_catalogue, small_twin

KNOBS: dict[str, tuple[str, Any]] = {
    "epochs": ("3", 3), "batch_size": ("64", 64), "learning_rate": ("0.01", 0.01), "seed": ("7", 7),
    "loss": ("triplet", "triplet"), "embedding_dim": ("8", 8), "dropout": ("0.0", 0.0), "weight_decay": ("0.01", 0.01),
    "hidden": ("24,12", (24, 12)), "temperature": ("0.2", 0.2),
}  # fmt: skip
OF_THE_TWIN_ALONE = {"loss", "weight_decay"}


def job(monkeypatch: pytest.MonkeyPatch, **given: str) -> Job:
    """As the container reads it: what was not given arrives empty."""
    whose = {"bucket": "models", "tenant_id": str(UUID(int=1)), "snapshot_id": "s", "version": "v"}
    for name, value in (whose | dict.fromkeys(KNOBS, "") | given).items():
        monkeypatch.setenv(name.upper(), value)
    return TrainSettings().job()


@pytest.mark.parametrize("name", sorted(KNOBS))
def test_each_option_reaches_the_twins_config_by_the_environment(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    text, value = KNOBS[name]
    assert TrainingOptions.model_validate({name: text}).as_texts() == dict.fromkeys(KNOBS, "") | {name: text}
    assert job(monkeypatch, **{name: text}).config == TwinConfig(**{name: value})


@pytest.mark.parametrize("name", sorted(KNOBS.keys() - OF_THE_TWIN_ALONE))
def test_the_plain_design_takes_what_it_has(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    text, value = KNOBS[name]
    assert job(monkeypatch, design="baseline", **{name: text}).plain == PlainConfig(**{name: value})


@pytest.mark.parametrize("name", sorted(OF_THE_TWIN_ALONE))
def test_the_plain_design_refuses_what_it_does_not_have(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with pytest.raises(InvalidInput, match=f"the plain design has no {name}; it has hidden, embedding_dim"):
        job(monkeypatch, design="baseline", **{name: KNOBS[name][0]})


@pytest.mark.parametrize("name", sorted(KNOBS.keys() - {"seed"}))
def test_each_is_an_option_of_the_command_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    given: list[TrainingOptions] = []
    monkeypatch.setattr(cli_models, "reached_system", lambda _: nullcontext(SimpleNamespace(database=None)))
    monkeypatch.setattr(cli_models, "tenant_of", lambda *_: UUID(int=1))
    monkeypatch.setattr(training, "train_tenant", lambda *_, settings, options: given.append(settings))
    text, value = KNOBS[name]
    options = ["--tenant", "a", "--output-dir", str(tmp_path), f"--{name.replace('_', '-')}", text]
    result = CliRunner().invoke(cli_models.app, ["train", *options])
    assert result.exit_code == 0, result.output
    assert [settings.given() for settings in given] == [{name: value}]


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"epochs": 0}, "epochs: .* greater than or equal to 1"), ({"batch_size": 1}, "batch_size: .* equal to 2"),
        ({"learning_rate": 0}, "learning_rate: .* greater than 0"), ({"loss": "hinge"}, "loss: .* 'infonce' or"),
        ({"embedding_dim": 1}, "embedding_dim: .* equal to 2"), ({"dropout": 1}, "dropout: .* less than 1"),
        ({"weight_decay": -1}, "weight_decay: .* equal to 0"), ({"temperature": 0}, "temperature: .* equal to 0.01"),
        ({"hidden": "128,x"}, "hidden: 1: .* valid integer"), ({"hidden": "0"}, "hidden: 0: .* equal to 1"),
        ({"hidden": ""}, "hidden: 0: .* valid integer"),
        ({"loss": "triplet", "temperature": 0.2}, "temperature: the triplet loss has none"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_by_its_name(
    capsys: pytest.CaptureFixture[str], given: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ValidationError):
        TrainingOptions(**given)
    with pytest.raises(SystemExit):
        training.training_options(**given)
    assert re.search(complaint, capsys.readouterr().err)


@pytest.mark.parametrize("other", [{"loss": "triplet"}, {"temperature": 0.2}])
def test_the_bundle_carries_every_option(tmp_path: Path, other: dict[str, Any]) -> None:
    catalogue, rng = small_catalogue(), np.random.default_rng(0)
    chosen = [(user, day, row) for user in range(40) for day, row in enumerate(rng.permutation(len(catalogue))[:5])]
    deals = [(user, int(row), "deal", day) for user, day, row in chosen]
    options = {name: value for name, (_, value) in KNOBS.items() if name not in ("loss", "temperature")} | other
    trained = Job(UUID(int=1), "20261121T000000Z-00000000", config=TwinConfig(**options))
    data = Dataset(catalogue, log_of(*deals)).in_time_order()
    twin = unpack(train_into(tmp_path, trained, data, Progress()), trained.tenant_id, trained.version)
    assert {name: getattr(twin.config, name) for name in options} == options
    assert twin.property_vectors.shape[1] == options["embedding_dim"]
    assert [weight.shape[1] for weight, _ in twin.encoder.layers] == [*options["hidden"], options["embedding_dim"]]
    epochs = json.loads((tmp_path / "training_history.json").read_text())["epochs"]
    assert len(epochs) == options["epochs"]
    if "temperature" in other:
        assert epochs[0]["temperature"] == pytest.approx(other["temperature"], rel=0.1)  # learnt from that start
    with pytest.raises(BundleRejected, match="embedding_dim is 8: what goes live must have 16"):
        check_live(twin)
    check_live(small_twin())
