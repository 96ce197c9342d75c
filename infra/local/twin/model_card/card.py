"""A model card from the files of a bundle: `card.md` holds its words, and no figure in it is written by hand.

Its sections are those of Mitchell et al., "Model Cards for Model Reporting" (FAT* 2019), §4.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from textwrap import fill
from typing import Any

from functions.train.report.tables import CLASSIFICATION, NAMES, RANKING, TOO_FEW, best_rival, interval, number
from portfolio_twin.adapters.s3 import keys
from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.evaluation.bootstrap import FEW_USERS, RESAMPLES
from portfolio_twin.evaluation.gating.comparison_gates import SLICE_LOSS
from portfolio_twin.evaluation.slices import GROUPS, label_of
from portfolio_twin.model.bundle.files import MANIFEST

Json = Mapping[str, Any]
CARD = Template(Path(__file__).with_name("card.md").read_text())
NO_TEST = "Nobody has done enough to be tested on: this model ranks by likeness of properties alone."
AS_NEW = """\
"Asked as if new": the same test investors with only the last 0, 1 or 2 properties known. What they did earlier was
trained on, but nothing is learnt per investor; the quality benchmark holds whole investors out."""
WIDTH = 120
NO_GATES = "Not judged: this bundle has not been through EvaluateGates."


@dataclass(frozen=True)
class Bundle:
    """What a version says of itself, and the verdict of EvaluateGates, None where there is none."""

    manifest: Json
    metrics: Json
    gates: Json | None


def read_bundle(tenant: Tenant, version: str) -> Bundle:
    """Of a published version; raises NotFound when it is not there, or was published without its metrics."""
    bucket, prefix = tenant.bucket, keys.model(tenant.tenant_id, version)
    manifest, metrics = (json.loads(bucket.objects.read(prefix + name)) for name in (MANIFEST, "metrics.json"))
    return Bundle(manifest, metrics, bucket.runs.verdict(version, "retrain") or bucket.runs.verdict(version, "upload"))


def render_card(bundle: Bundle, tenant: str, about: str, command: str) -> str:
    """The page in Markdown. `about` says what the data is, `command` how the page was made."""
    manifest, metrics = bundle.manifest, bundle.metrics
    config, schema, tested = manifest["config"], manifest["feature_schema"], bool(metrics["test_users"])
    window, embedding, data = manifest["data_window"], metrics["embedding"], metrics["data"]
    names = [feature["name"] for feature in (*schema["numeric"], *schema["categorical"])]
    names += ["lat", "lon"] if schema["place"] else []
    ranking = manifest["ranking"]
    page = CARD.substitute(
        tenant=tenant, about=about, command=command,
        **{name: manifest[name] for name in ("kind", "version", "code_version")},
        created=manifest["created_at"][:10], training_seconds=f"{metrics['training_seconds']:.0f}",
        fitted=_fitted(manifest["kind"], config, metrics), seed=config["seed"],
        ranking_layer=f"A linear ranking layer orders the candidates by {', '.join(ranking['terms'])}." if ranking
        else "There is no ranking layer: properties are ranked by cosine.",
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
        importance=_importance(metrics["importance"]),
        settled=_settled(metrics["decisions"]),
        **{name: f"{metrics['learnt'][name]['interactions']:,}" for name in ("first", "tested")},
        gates=_gates(bundle.gates) if bundle.gates else NO_GATES,
    )  # fmt: skip
    text, fence, code = page.partition("\n```\n")
    return "\n".join(map(_wrapped, text.split("\n"))) + fence + code


def _wrapped(line: str) -> str:
    if line.startswith("|"):
        return line  # a row of a table
    indent = "  " if line.startswith(("* ", "  ")) else ""
    return fill(line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _fitted(kind: str, config: Json, metrics: Json) -> str:
    if kind == "content":
        return "Principal components of the inputs, not trained on what investors did"
    epochs = config["epochs"] or metrics["epochs"]  # where it was not set, the data said how many
    return f"Loss {config['loss']}, hidden layers {', '.join(map(str, config['hidden']))}, {epochs} epochs"


def _importance(parts: Mapping[str, float]) -> str:
    return _table(["part", "of the log-odds"], [[f"`{name}`", number(size)] for name, size in parts.items()])


def _settled(decisions: Json) -> str:
    """What the first fit decided, and how."""
    layer = "that the ranking layer pays" if decisions["ranking"] else "that the ranking layer does not pay"
    scales = "learnt" if decisions["learnt_scales"] else "plain"
    return f"{layer}, {scales} scales of its kernel, and {decisions['slope']:.1f} for the slope of the tower's cosine"


def _ranking(ranking: Mapping[str, Json]) -> str:
    rows = [[NAMES.get(model, model), *(number(row[name]) for name in RANKING)] for model, row in ranking.items()]
    return _table(["ranking", *RANKING.values()], rows)


def _classification(figures: Json, everybody: Json) -> str:
    row = [*(number(figures[name]) for name in CLASSIFICATION), interval(everybody["ece"])]
    row.append(number(everybody["ece_by_chance"]))
    return _table([*CLASSIFICATION.values(), "ECE [95 %]", "ECE by chance"], [row])


def _slices(metrics: Json) -> str:
    rows = [_slice("**all test investors**", metrics["everybody"])]
    for group in GROUPS:
        rows += [
            _slice(f"{GROUPS[group]}: {label_of(name)}", figures)
            for name, figures in metrics["slices"].get(group, {}).items()
        ]
    heads = ["slice", "investors", "HR@10 [95 %]", "NDCG@10 [95 %]", "best rival's", "ECE [95 %]", "ECE by chance"]
    return f"{_table(heads, rows)}\n\n{AS_NEW}"


def _slice(label: str, figures: Json) -> list[str]:
    if figures["ndcg_at_10"] is None:
        return [label, f"{figures['users']:,}", TOO_FEW, "", "", "", ""]
    return [
        label, f"{figures['users']:,}", interval(figures["hr_at_10"]), interval(figures["ndcg_at_10"]),
        number(best_rival(figures)), interval(figures["ece"]), number(figures["ece_by_chance"]),
    ]  # fmt: skip


def _gates(gates: Json) -> str:
    rows = []
    for name, gate in gates["gates"].items():
        passed = "passed" if gate["passed"] else "failed"
        rows.append([f"`{name}`", number(gate["value"]), number(gate["limit"]), passed, gate["note"]])
    return f"Decision: **{gates['decision']}**.\n\n" + _table(["gate", "value", "limit", "", "note"], rows)


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
