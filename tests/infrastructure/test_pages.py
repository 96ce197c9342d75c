"""The pages in Markdown: what they name is there, and a line is one that a person can read."""

import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from portfolio_twin.domain.readiness import POSITIVES_NEEDED, PROPERTIES_NEEDED, USERS_NEEDED
from portfolio_twin.domain.split import TARGETS_NEEDED
from tests.infrastructure.resources import ROOT

PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
WIDTH = 120
CODE_BLOCK = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)
NAMED_PATH = re.compile(r"(?<![\w./-])(?:shared|functions|infra|tests|docs)/[\w./*<>-]*")

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def slug(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


@every_page
def test_lines_are_wrapped_but_for_tables_code_and_links(page: Path) -> None:
    lines = CODE_BLOCK.sub("", page.read_text()).splitlines()
    exempt = re.compile(r"\||!?\[[^]]*\]\([^)]*\)$")
    assert [line for line in lines if len(line) > WIDTH and not exempt.match(line.strip())] == []


@every_page
def test_every_path_on_a_page_is_in_the_tree(page: Path) -> None:
    paths = {re.sub(r"<\w+>", "*", path).rstrip(".") for path in NAMED_PATH.findall(page.read_text())}
    assert [path for path in sorted(paths) if not any(ROOT.glob(path.rstrip("/")))] == []


@every_page
def test_every_link_within_the_pages_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", page.read_text()):
        path, _, anchor = target.partition("#")
        linked = page.parent / path if path else page
        assert linked.exists(), target
        assert not anchor or anchor in map(slug, re.findall(r"^#+ (.+)$", linked.read_text(), re.MULTILINE)), target


@every_page
def test_every_target_module_and_name_that_a_command_uses_exists(page: Path) -> None:
    text = page.read_text()
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"(?:^|`|&& |\$ )make ([a-z]\w*)", text, re.MULTILINE)) <= set(targets)
    assert all(find_spec(module) for module in re.findall(r"python -m ([\w.]+\w)", text))
    for module, name in re.findall(r"from ((?:portfolio_twin|functions|infra|tests)[\w.]*) import (\w+)", text):
        assert hasattr(import_module(module), name), f"{module}.{name}"


def test_the_readme_says_how_much_a_twin_needs() -> None:
    text = " ".join((ROOT / "README.md").read_text().split())
    assert f"{POSITIVES_NEEDED} deals or likes, {PROPERTIES_NEEDED} properties and {USERS_NEEDED} users" in text
    assert f"one user having {TARGETS_NEEDED} distinct deals or likes" in text
