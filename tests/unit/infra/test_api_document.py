"""docs/openapi.json and docs/api.md: what the code says, whole, with examples that are sound."""

import json
import re
from functools import cache
from typing import Any

import jsonschema
import pytest

from infra.openapi.__main__ import ROOT, document, files
from portfolio_twin.entrypoints.document import TAGS, operations
from portfolio_twin.entrypoints.http_errors import STATUS
from portfolio_twin.entrypoints.vocabulary import QUESTIONS


@cache
def made() -> dict[str, Any]:
    return document()


OPERATIONS = [(path, method) for path, method, _ in operations(made())]
every_route = pytest.mark.parametrize(("path", "method"), OPERATIONS)


def check(example: Any, schema: dict[str, Any]) -> None:
    jsonschema.validate(example, schema | {"components": made()["components"]}, jsonschema.Draft202012Validator)


def test_the_files_are_what_the_code_says() -> None:
    stale = [path.relative_to(ROOT).as_posix() for path, text in files().items() if path.read_text() != text]
    assert not stale, f"run `make openapi`, and commit {', '.join(stale)}"


@every_route
def test_the_readme_lists_every_route_once(path: str, method: str) -> None:
    assert (ROOT / "README.md").read_text().count(f"`{method.upper()} {path}`") == 1


@every_route
def test_every_route_says_what_it_is_for(path: str, method: str) -> None:
    operation = made()["paths"][path][method]
    for name in ("summary", "description", "tags"):
        assert operation.get(name), f"{method.upper()} {path} has no {name}: give it one in its function's app.py"
    assert set(operation["tags"]) <= TAGS.keys()
    assert all(parameter["description"] for parameter in operation.get("parameters", []))


def test_every_operation_has_an_id_of_its_own() -> None:
    ids = [operation["operationId"] for _, _, operation in operations(made())]
    assert len(set(ids)) == len(ids)
    assert [name for name in ids if not re.fullmatch(r"(get|post|put|patch|delete)_\w+", name)] == []


@pytest.mark.parametrize("name", sorted(made()["components"]["schemas"]))
def test_every_field_has_a_meaning_and_every_model_an_example(name: str) -> None:
    schema = made()["components"]["schemas"][name]
    fields = schema.get("properties", {})
    missing = [field for field, part in fields.items() if not part.get("description")]
    assert not missing, f"{name}: say what {missing} mean, in the model or in entrypoints/vocabulary.py"
    assert not fields or schema["examples"]


@pytest.mark.parametrize("name", sorted(made()["components"]["schemas"]))
def test_the_example_of_a_model_is_one(name: str) -> None:
    schema = made()["components"]["schemas"][name]
    for example in schema.get("examples", []):
        check(example, schema)


@every_route
def test_the_example_of_a_body_is_a_sound_one(path: str, method: str) -> None:
    for content in made()["paths"][path][method].get("requestBody", {}).get("content", {}).values():
        check(content["example"], content["schema"])
        name = content["schema"].get("title") or content["schema"]["$ref"].rpartition("/")[2]
        assert name in QUESTIONS, f"say in entrypoints/vocabulary.py how a {name} looks"


@every_route
def test_every_refusal_is_of_the_table_and_has_the_one_shape(path: str, method: str) -> None:
    operation = made()["paths"][path][method]
    refused = {status: answer for status, answer in operation["responses"].items() if int(status) >= 400}
    assert {int(status) for status in refused} <= set(STATUS.values())
    shapes = {answer["content"]["application/json"]["schema"]["$ref"] for answer in refused.values()}
    assert shapes <= {"#/components/schemas/ErrorAnswer"}
    assert bool(refused) == bool(operation["security"])  # what takes no token refuses nothing


class Recorder:
    """Stands where docs/api.md has its client."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []

    def __getattr__(self, method: str) -> Any:
        return lambda path, body=None, **query: self.asked.append((method, path, body))


@every_route
def test_the_page_shows_every_route_as_curl_and_as_python_and_both_say_the_same(path: str, method: str) -> None:
    page = (ROOT / "docs/api.md").read_text()
    section = page.split(f"### {method.upper()} {path}\n")[1].split("\n### ")[0]
    curl, python = re.findall(r"```(?:python)?\n(curl.*?|twin.*?)\n```", section, re.DOTALL)[:2]
    recorder = Recorder()
    exec(python, {"twin": recorder})  # our own page
    ((verb, asked, body),) = recorder.asked
    assert verb == method
    assert re.fullmatch(re.sub(r"\{\w+\}", "[^/{}]+", path), asked)
    assert f"$URL{asked}" in curl
    sent = re.search(r"-d '(.*)'", curl)
    assert (json.loads(sent[1]) if sent else None) == body
