"""A model card from the files of a bundle: no figure in it is written by hand."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from string import Template
from typing import Any
from uuid import UUID

from functions.train.report.tables import CLASSIFICATION, NAMES, OURS, RANKING, TOO_FEW, interval
from infra.local.twin.model_card.text import AS_NEW, CARD
from portfolio_twin.adapters.s3.registry import Registry, models_prefix
from portfolio_twin.evaluation.bootstrap import FEW_USERS, RESAMPLES
from portfolio_twin.evaluation.comparison_gates import SLICE_LOSS
from portfolio_twin.evaluation.slices import GROUPS, label_of
from portfolio_twin.model.bundle import MANIFEST
from portfolio_twin.services.pipeline.verdicts import read_verdict

Json = Mapping[str, Any]
NO_TEST = "Nobody has done enough to be tested on: this model ranks by likeness of properties alone."
NO_GATES = "Not judged: this bundle has not been through EvaluateGates."


@dataclass(frozen=True)
class Bundle:
    """What a version says of itself, and what EvaluateGates said of it, None where it was not asked."""

    manifest: Json
    metrics: Json
    gates: Json | None


def read_bundle(registry: Registry, tenant_id: UUID, version: str) -> Bundle:
    """Of a published version; raises NotFound when it is not there, or was published without its metrics."""
    prefix = models_prefix(tenant_id, version)
    manifest, metrics = (json.loads(registry.read(prefix + name)) for name in (MANIFEST, "metrics.json"))
    sources = (f"{tenant_id}/training/{version}/", f"uploads/{tenant_id}/{version}/")
    verdicts = (read_verdict(registry, tenant_id, version, source) for source in sources)
    return Bundle(manifest, metrics, next(filter(None, verdicts), None))


def render_card(bundle: Bundle, tenant: str, about: str, command: str) -> str:
    """The page in Markdown. `about` says what the data is, `command` how the page was made."""
    manifest, metrics = bundle.manifest, bundle.metrics
    config, schema, tested = manifest["config"], manifest["feature_schema"], bool(metrics["test_users"])
    window, embedding, data = manifest["data_window"], metrics["embedding"], metrics["data"]
    names = [feature["name"] for feature in (*schema["numeric"], *schema["categorical"])]
    names += ["lat", "lon"] if schema["place"] else []
    ranking = manifest["ranking"]
    return Template(CARD).substitute(
        tenant=tenant, about=about, command=command,
        **{name: manifest[name] for name in ("kind", "version", "code_version")},
        created=manifest["created_at"][:10], training_seconds=f"{metrics['training_seconds']:.0f}",
        fitted=_fitted(manifest["kind"], config), seed=config["seed"],
        second_step=f"A linear second step ranks by {', '.join(ranking['terms'])}." if ranking
        else "There is no second step: properties are ranked by cosine.",
        dimensions=embedding["dimensions"], effective_rank=f"{embedding['effective_rank']:.1f}",
        collapsed=embedding["collapsed_directions"], base_rate=f"{metrics['base_rate']:.2%}",
        resamples=f"{RESAMPLES:,}", few=FEW_USERS, slice_loss=SLICE_LOSS,
        test_users=f"{metrics['test_users']:,}", candidates=f"{metrics['candidates']:,}",
        snapshot=manifest["snapshot"]["id"],
        window=f"{window[0][:10]} to {window[1][:10]}" if window else "without interactions",
        **{name: f"{data[name]:,}" for name in ("properties", "interactions", "investors")},
        inputs=", ".join(f"`{name}`" for name in names),
        ranking=_ranking(metrics["ranking"]) if tested else NO_TEST,
        classification=_classification(metrics["classification"], metrics["everybody"]) if metrics["pairs"] else "",
        slices=_slices(metrics) if tested else "",
        gates=_gates(bundle.gates) if bundle.gates else NO_GATES,
    )  # fmt: skip


def _fitted(kind: str, config: Json) -> str:
    if kind == "content":
        return "Principal components of the inputs, not trained on what investors did"
    return f"Loss {config['loss']}, hidden layers {', '.join(map(str, config['hidden']))}, {config['epochs']} epochs"


def _ranking(ranking: Mapping[str, Json]) -> str:
    rows = [[NAMES.get(model, model), *(_number(row[name]) for name in RANKING)] for model, row in ranking.items()]
    return _table(["ranking", *RANKING.values()], rows)


def _classification(figures: Json, told: Json) -> str:
    row = [*(_number(figures[name]) for name in CLASSIFICATION), interval(told["ece"]), _number(told["ece_by_chance"])]
    return _table([*CLASSIFICATION.values(), "ECE [95 %]", "ECE by chance"], [row])


def _slices(metrics: Json) -> str:
    rows = [_slice("**all test investors**", metrics["everybody"])]
    for group in GROUPS:
        rows += [
            _slice(f"{GROUPS[group]}: {label_of(name)}", told)
            for name, told in metrics["slices"].get(group, {}).items()
        ]
    heads = ["slice", "investors", "HR@10 [95 %]", "NDCG@10 [95 %]", "best rival's", "ECE [95 %]", "ECE by chance"]
    return f"{_table(heads, rows)}\n\n{AS_NEW}"


def _slice(label: str, told: Json) -> list[str]:
    if told["ndcg_at_10"] is None:
        return [label, f"{told['users']:,}", TOO_FEW, "", "", "", ""]
    rivals = [value for model, value in told["others_ndcg_at_10"].items() if model not in OURS]
    return [
        label, f"{told['users']:,}", interval(told["hr_at_10"]), interval(told["ndcg_at_10"]),
        _number(max(rivals, default=None)), interval(told["ece"]), _number(told["ece_by_chance"]),
    ]  # fmt: skip


def _gates(gates: Json) -> str:
    rows = []
    for name, gate in gates["gates"].items():
        passed = "passed" if gate["passed"] else "failed"
        rows.append([f"`{name}`", _number(gate["value"]), _number(gate["limit"]), passed, gate["note"]])
    return f"Decision: **{gates['decision']}**.\n\n" + _table(["gate", "value", "limit", "", "note"], rows)


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
