"""The explorer's page without a browser: what it is made of, what it asks, and what its answers carry."""

import gzip
import json
import re
from base64 import b64decode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import pytest

from functions.api.explorer.app import PAGE, RELEASE
from infra.local.cloud.gateway import Gateway
from infra.local.cloud.http_event import HttpRequest

VENDOR = PAGE / "vendor"
OWN = sorted(path for path in PAGE.rglob("*.js") if VENDOR not in path.parents)
LATER = ("screens", "elements", "canvas")  # loaded once somebody has signed in
MARKUP = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|unsafeHTML|document\.write|\beval\b|styleMap| style=")
KILOBYTE = 1000


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class Page(NamedTuple):
    gateway: Gateway

    def get(self, path: str, **headers: str) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.gateway.workers.submit(self.gateway.invoke, HttpRequest("GET", path, headers=sent)).result()
        body = b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
        return Answer(answer["statusCode"], answer["headers"], body)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    gateway = Gateway(tmp_path_factory.mktemp("state"))
    yield Page(gateway)
    gateway.close()


def compressed(paths: list[Path]) -> int:
    return sum(len(gzip.compress(path.read_bytes())) for path in paths)


def test_what_is_vendored_is_what_the_lock_command_made() -> None:
    made = json.loads((VENDOR / "vendor.json").read_text())
    assert made["sha256"] == {path.name: sha256(path.read_bytes()).hexdigest() for path in sorted(VENDOR.glob("*.js"))}
    package = json.loads(Path("infra/explorer/package.json").read_text())
    assert made["packages"] == package["dependencies"] | package["devDependencies"]


def test_every_route_that_the_page_asks_is_in_the_documentation(page: Page) -> None:
    paths = json.loads(page.gateway.invoke(HttpRequest("GET", "/openapi.json"))["body"])["paths"]
    asked = re.findall(r'(get|post)\([`"](/[^`"?]*)', (PAGE / "api.js").read_text())
    assert len(asked) > 6
    for method, path in asked:
        pattern = re.sub(r"\$\{[^}]*\}", "[^/]+", path)
        assert any(re.fullmatch(pattern, known) and method in paths[known] for known in paths), f"{method} {path}"


def test_every_import_leads_to_a_file_and_every_file_is_imported() -> None:
    imported = {PAGE / "app.js"}
    for path in OWN:
        for target in re.findall(r'(?:from|import)[ (]"(\.[^"]+)"', path.read_text()):
            resolved = (path.parent / target).resolve()
            assert resolved.is_file(), f"{path.name}: {target}"
            imported.add(resolved)
    assert set(OWN) <= imported


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_no_element_writes_markup_or_is_longer_than_one_reads(path: Path) -> None:
    text = path.read_text()
    assert not MARKUP.search(text)
    assert len(text.splitlines()) <= 130
    assert not re.search(r"https?://(?!www\.w3\.org)", text.replace("https://x", ""))


def test_the_page_has_nothing_inline_and_asks_no_other_origin(page: Page) -> None:
    markup = page.get("/").body.decode()
    assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|https?://", markup)
    assert "{release}" not in markup
    for path in re.findall(r'(?:src|href)="([^"]+)"', markup):
        assert page.get(path).status == 200, path


def test_the_policy_lets_in_nothing_foreign_and_no_markup(page: Page) -> None:
    policy = page.get("/").headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self';" in policy
    assert "require-trusted-types-for 'script'; trusted-types lit-html" in policy
    assert "unsafe" not in policy
    assert page.get("/explorer/app.js").headers["content-security-policy"] == policy


def test_what_cannot_change_is_kept_and_all_else_is_asked_for_again(page: Page) -> None:
    assert "immutable" in page.get(f"/explorer/{RELEASE}/app.js").headers["cache-control"]
    for path in ("/", "/explorer/app.js", "/explorer/000000000000/app.js", "/explorer/config.json"):
        answer = page.get(path)
        assert (answer.status, answer.headers["cache-control"]) == (200, "no-cache"), path
    again = page.get("/explorer/app.js", if_none_match=page.get("/explorer/app.js").headers["etag"])
    assert again.status == 304


@pytest.mark.parametrize("path", ["../app.py", "%2e%2e/app.py", "..%2fapp.py", "nothing.js", "", "elements"])
def test_nothing_but_the_page_s_files_is_served(page: Page, path: str) -> None:
    answer = page.get(f"/explorer/{path}")
    assert (answer.status, json.loads(answer.body)["error"]["code"]) == (404, "NotFound")


def test_what_the_model_is_for_is_what_its_card_says() -> None:
    text = (PAGE / "screens/model-card.js").read_text()
    use = re.findall(r'\["((?:Not )?[A-Z]\w+(?: for)?)", "([^"]+)"\]', text)
    assert len(use) == 5
    (caveat,) = re.findall(r'CAVEAT = "([^"]+)"', text)
    card = " ".join(Path("infra/local/twin/model_card/card.md").read_text().replace("**", "").split())
    for sentence in (*(" ".join(both) for both in use), caveat):
        assert sentence in card, sentence


def test_it_travels_compressed(page: Page) -> None:
    answer = page.get("/explorer/vendor/vendor.js", accept_encoding="gzip, br")
    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(answer.body) == (VENDOR / "vendor.js").read_bytes()


def test_it_is_small() -> None:
    early = [path for path in OWN if path.parent.name not in LATER]
    assert compressed([*early, VENDOR / "vendor.js"]) <= 60 * KILOBYTE
    assert compressed(OWN) <= 65 * KILOBYTE
    assert compressed([VENDOR / "vendor.js", VENDOR / "oidc.js"]) <= 45 * KILOBYTE
    assert compressed([PAGE / "page.css"]) <= 6 * KILOBYTE
