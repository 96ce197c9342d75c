"""The house keeps its walls: rooms of a size that can be looked through, and one place that spells the keys of S3."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.infrastructure.resources import ROOT

FILES_IN_A_FOLDER = 12
SOURCES = {".py", ".sh", ".sql", ".html", ".css", ".js", ".json", ".yaml", ".j2"}
FOLDERS = ("shared", "functions", "infra", "tests")
KEYS = ROOT / "shared/portfolio_twin/adapters/s3/keys.py"
KEY = re.compile(r"(^|/)(models|snapshots|training|index)/|(^|/)uploads/|/(live|lease|data_report|gates)\.json")


def sources(folder: str) -> Iterator[Path]:
    files = (path for path in (ROOT / folder).rglob("*") if path.suffix in SOURCES and path.name != "__init__.py")
    return (path for path in files if "__pycache__" not in path.parts)


def texts(module: ast.AST) -> Iterator[str]:
    """The string literals of a module that are no docstrings and no routes; of an f-string, an empty text for each
    value in it.
    """
    docstrings = {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}
    docstrings |= {id(node) for route in routes_of(module) for node in ast.walk(route)}
    parts = {id(part) for node in ast.walk(module) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(module):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings | parts:
            yield node.value


def routes_of(module: ast.AST) -> Iterator[ast.expr]:
    """The decorators of its functions, which is where an app spells its paths."""
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from node.decorator_list


def spelt_keys(path: Path) -> list[str]:
    return [text for text in texts(ast.parse(path.read_text())) if KEY.search(text)]


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_folder_holds_more_than_twelve_source_files(folder: str) -> None:
    sizes = Counter(path.parent.relative_to(ROOT).as_posix() for path in sources(folder))
    assert {name: size for name, size in sizes.items() if size > FILES_IN_A_FOLDER} == {}


@pytest.mark.parametrize("folder", ["shared", "functions", "infra"])
def test_nobody_but_keys_py_spells_a_key_of_the_bucket(folder: str) -> None:
    paths = [path for path in sources(folder) if path.suffix == ".py" and path != KEYS]
    spelt = {path.relative_to(ROOT).as_posix(): spelt_keys(path) for path in paths}
    assert {name: keys for name, keys in spelt.items() if keys} == {}


def test_no_statement_of_ours_pins_a_session_of_rds_proxy() -> None:
    """The proxy pins by the statements that it sees: parameters are set inside SQL functions alone."""
    pinning = re.compile(r"\bset_config\b|\A\s*set\s|\bpg_advisory_lock\b", re.IGNORECASE)
    assert pinning.search("select set_config('a', 'b', true)")
    assert pinning.search("SET LOCAL statement_timeout = 5")
    paths = [path for path in sources("shared") if path.suffix == ".py"]
    sent = {path.relative_to(ROOT).as_posix(): texts(ast.parse(path.read_text())) for path in paths}
    assert [name for name, literals in sent.items() if any(map(pinning.search, literals))] == []


def test_what_keys_py_spells_would_be_noticed_elsewhere() -> None:
    assert len(spelt_keys(KEYS)) >= 7
