"""`make openapi`: the one document of the API, for people and for programs, from the functions themselves.

`python -m infra.openapi [--check]` writes docs/openapi.json, docs/api.md, README's table of routes, and the document as
the API serves it; with --check it writes nothing, and exits 1 where one of them is not what the code says.
"""

import argparse
import importlib
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from infra.openapi.page import page_of
from infra.openapi.routes import with_routes
from portfolio_twin.entrypoints.document import build_document
from portfolio_twin.entrypoints.documentation import DOCUMENT

ROOT = Path(__file__).parents[2]
NOWHERE = {
    "BUCKET": "none", "QDRANT_URL": "http://127.0.0.1:1", "DATABASE_URL": "postgresql+pg8000://nobody@127.0.0.1:1/none",
    "AWS_DEFAULT_REGION": "us-east-1",
    "POWERTOOLS_TRACE_DISABLED": "true", "POWERTOOLS_METRICS_DISABLED": "true",
}  # fmt: skip


def apps() -> dict[str, FastAPI]:
    """Every function behind the API; none of them is called."""
    os.environ |= {name: value for name, value in NOWHERE.items() if name not in os.environ}
    names = sorted(path.parent.name for path in ROOT.glob("functions/api/*/app.py"))
    return {name: importlib.import_module(f"functions.api.{name}.app").app for name in names}


def document() -> dict[str, Any]:
    return build_document(apps().values())


def files() -> Mapping[Path, str]:
    """What stands in each file."""
    made, readme = document(), ROOT / "README.md"
    return {
        readme: with_routes(readme.read_text(), made, apps()),
        ROOT / "docs/openapi.json": json.dumps(made, indent=1, ensure_ascii=False) + "\n",
        ROOT / "docs/api.md": page_of(made),
        DOCUMENT: json.dumps(made, separators=(",", ":")) + "\n",
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.openapi", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    stale = [path for path, text in files().items() if not path.exists() or path.read_text() != text]
    for path in stale:
        if not check:
            path.write_text(files()[path])
        print(f"{path.relative_to(ROOT)}: {'not what the code says; run make openapi' if check else 'written'}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
