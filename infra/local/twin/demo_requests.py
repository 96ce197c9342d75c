"""The part of the demo that asks: every kind of question once, a feedback whose effect shows, and a forbidden look."""

import json
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table


@dataclass
class Asker:
    """Sends requests through the gateway and keeps what came back, for the screen and for build/demo.json."""

    url: str
    token: str
    console: Console
    requests: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client = httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.token}"}, timeout=30)

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None, route: str | None = None) -> Any:
        started = time.perf_counter()
        answer = self.client.request(method, path, json=body)
        milliseconds = (time.perf_counter() - started) * 1000
        shown = route or path.partition("?")[0]
        self.requests.append({"route": f"{method} {shown}", "status": answer.status_code, "ms": round(milliseconds, 2)})
        self.console.print(f"\n[bold]{method} {path}[/] [dim]{json.dumps(body) if body else ''}[/]")
        self.console.print(f"[dim]{answer.status_code} in {milliseconds:.1f} ms[/]")
        return answer.json()


def ask_everything(asker: Asker, user_id: int) -> bool:
    """Returns whether the feedback changed the recommendations."""
    asker.ask("GET", "/health")
    before = asker.ask("POST", "/recommend", {"user_id": user_id, "top_k": 5})
    _show_recommendations(asker.console, before)
    first = before["recommendations"][0]["property_id"]
    prediction = asker.ask("POST", "/predict", {"user_id": user_id, "property_id": first, "explain": True})
    _show(asker.console, prediction, "affinity_score", "confidence", "strategy", "model_version")
    explanation = asker.ask("POST", "/explain", {"user_id": user_id, "property": {"property_id": first}})
    _show_explanation(asker.console, explanation)
    similar = asker.ask("GET", f"/properties/{first}/similar?top_k=3", route="/properties/{id}/similar")
    likeness = {result["property_id"]: result["similarity_score"] for result in similar["results"]}
    _show_results(asker.console, "look-alikes", likeness)
    audience = asker.ask("GET", f"/properties/{first}/audience?top_k=3", route="/properties/{id}/audience")
    affinities = {investor["user_id"]: investor["affinity_score"] for investor in audience["investors"]}
    _show_results(asker.console, "audience", affinities)
    feedback = {"user_id": user_id, "kind": "dislike"}
    asker.client.headers["Idempotency-Key"] = f"demo-{time.time_ns()}"
    stored = asker.ask("POST", f"/properties/{first}/feedback", feedback, route="/properties/{id}/feedback")
    _show(asker.console, stored, "kind", "property_id", "twin_updated")
    after = asker.ask("POST", "/recommend", {"user_id": user_id, "top_k": 5})
    _show_recommendations(asker.console, after, before)
    return _ids(before) != _ids(after) and first not in _ids(after)


def ask_for_anothers(asker: Asker, property_id: str) -> int:
    """One tenant's token, another tenant's property: the status, which must be 404."""
    answer = asker.ask("GET", f"/properties/{property_id}/similar", route="/properties/{id}/similar")
    _show(asker.console, answer.get("error", {}), "code", "message")
    return int(asker.requests[-1]["status"])


def _ids(answer: dict[str, Any]) -> list[str]:
    return [recommended["property_id"] for recommended in answer["recommendations"]]


def _show(console: Console, answer: dict[str, Any], *names: str) -> None:
    console.print("  " + "  ".join(f"{name} [cyan]{_plain(answer.get(name))}[/]" for name in names))


def _plain(value: Any) -> str:
    return share(value) if isinstance(value, float) else str(value)


def share(value: float, digits: int = 3) -> str:
    """One that is neither nothing nor all is never told as 0 or 1."""
    shown, least = f"{value:.{digits}f}", 10**-digits
    if float(shown) == 0 < value:
        return f"< {least:.{digits}f}"
    return f"> {1 - least:.{digits}f}" if float(shown) == 1 > value else shown


def _show_results(console: Console, title: str, scores: dict[Any, float]) -> None:
    console.print(f"  {title}: " + ", ".join(f"{name} [cyan]{share(score)}[/]" for name, score in scores.items()))


def _show_explanation(console: Console, answer: dict[str, Any]) -> None:
    for reason in answer["contributions"][:4]:
        console.print(f"  [cyan]{reason['contribution']:+.3f}[/] {reason['text']}")
    if change := answer["smallest_change"]:
        console.print(
            f"  {change['input']} at {change['value']:,} would lift it to [cyan]{share(change['affinity'])}[/]"
        )


def _show_recommendations(console: Console, answer: dict[str, Any], before: dict[str, Any] | None = None) -> None:
    table = Table(title=f"recommended for investor {answer['user_id']} (strategy {answer['strategy']})")
    for heading in ("property", "affinity", "confidence", "because"):
        table.add_column(heading)
    earlier = _ids(before or answer)
    for row in answer["recommendations"]:
        new = "" if row["property_id"] in earlier else " [green]new[/]"
        because = "; ".join(reason["text"] for reason in row["reasons"][:2])
        affinity, confidence = share(row["affinity_score"]), share(row["confidence"], 2)
        table.add_row(row["property_id"] + new, affinity, confidence, because)
    console.print(table)
