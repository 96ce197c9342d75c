"""What `make build` does: `sam build`, then both layers trimmed and compiled, and everything measured.

`python -m infra.deploy.build [--architecture arm64]` exits 1 when a layer or a function is over its size.
"""

import argparse
import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUILT = ROOT / ".aws-sam" / "build"
LAYERS = ("Dependencies", "Model")
LAYERS_LIMIT_MB, FUNCTION_LIMIT_KB = 125.0, 50.0
LIMITS_KB = {"Explorer": 350.0, "ImportData": 80_000.0}  # it brings its page along; it brings DuckDB along

# What a wheel brings along and no handler ever imports. botocore has a folder for each of AWS's services.
DEAD_WEIGHT = (
    "**/tests", "**/*.pyi", "**/*.pyx", "**/*.pxd", "**/*.c", "**/*.h", "**/*.a", "bin",
    "numpy/f2py", "sqlalchemy/testing", "sqlalchemy/dialects/[mos]*",
    "aws_lambda_powertools/event_handler/[!o]*", "aws_lambda_powertools/event_handler/openapi/[!s]*",  # /docs stays
    *(f"aws_lambda_powertools/utilities/{name}" for name in ("data_classes", "idempotency", "kafka", "parser")),
    "sqlalchemy/**/*.so",  # 10 MB of debug symbols; the same modules in Python stand beside them, and rows are few here
)  # fmt: skip
AWS_SERVICES = ("s3", "secretsmanager", "sts", "xray")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.deploy.build", description=__doc__)
    parser.add_argument("--architecture", default="arm64", choices=["arm64", "x86_64"])
    parser.add_argument("--python", default=os.environ.get("PYTHON313"), help="Lambda's Python, to compile with")
    options = parser.parse_args()
    subprocess.run(
        [ROOT / "infra/deploy/sam.sh", "build", "--parameter-overrides", f"Architecture={options.architecture}"],
        check=True, cwd=ROOT,
    )  # fmt: skip
    for layer in LAYERS:
        packages = BUILT / layer / "python"
        trim(packages)
        compile_to_bytecode(packages, options.python)
    return report()


def trim(packages: Path) -> None:
    """Takes the dead weight out of a layer."""
    services = [folder for folder in packages.glob("botocore/data/*/") if folder.name not in AWS_SERVICES]
    weights = [path for pattern in DEAD_WEIGHT for path in packages.glob(pattern)]
    for path in services + weights:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def compile_to_bytecode(packages: Path, python: str) -> None:
    """Lambda's disk is read-only, so without .pyc files every cold start would compile; zip loses mtimes: by hash."""
    subprocess.run(
        [python, "-m", "compileall", "-q", "-j", "2", "--invalidation-mode", "unchecked-hash",
         "-s", packages, "-p", "/opt/python", packages],
        check=True,
    )  # fmt: skip


def report() -> int:
    """Prints every unzipped size; 1 when one is over its limit."""
    layers = {layer: _bytes(BUILT / layer) / 1e6 for layer in LAYERS}
    functions = {app.parent.name: _bytes(app.parent) / 1e3 for app in sorted(BUILT.glob("*/app.py"))}
    for name, size in layers.items():
        print(f"  layer     {name:<16}{size:8.1f} MB")
    total = sum(layers.values())
    print(f"  layers    {'in sum':<16}{total:8.1f} MB   at most {LAYERS_LIMIT_MB:.0f}")
    for name, size in functions.items():
        print(f"  function  {name:<16}{size:8.1f} kB   at most {LIMITS_KB.get(name, FUNCTION_LIMIT_KB):.0f}")
    too_big = [name for name, size in functions.items() if size > LIMITS_KB.get(name, FUNCTION_LIMIT_KB)]
    return int(total > LAYERS_LIMIT_MB or bool(too_big))


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    raise SystemExit(main())
