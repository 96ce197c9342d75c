"""What `make deploy` hands to CloudFormation: the parameters of samconfig.toml, over them $PARAMETERS, and a Release.

`python infra/deploy/release/parameters.py CONFIG` writes them as JSON to standard output; with `--stack` the stack's
name instead.
"""

import json
import os
import shlex
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]


def section(config: str, name: str, root: Path = ROOT) -> dict[str, Any]:
    """A command's settings in samconfig.toml, over those of all commands."""
    sections: dict[str, Any] = tomllib.loads((root / "samconfig.toml").read_text()).get(config, {})
    parts: list[dict[str, Any]] = [sections.get(part, {}).get("parameters", {}) for part in ("global", name)]
    return parts[0] | parts[1]


def overrides(kept: str | list[str], given: str) -> dict[str, str]:
    """`kept` and `given` as `sam` takes them, NAME=VALUE NAME="VALUE"; the given ones win. Raises ValueError."""
    words = shlex.split(kept if isinstance(kept, str) else " ".join(kept)) + shlex.split(given)
    return dict(word.split("=", 1) for word in words)


def new_release(commit: str, seconds: int) -> str:
    """Ten digits of the time, which are all that SAM looks at, then the commit, for who reads it."""
    return f"{seconds:010d}{commit}"


def main() -> None:
    deploy = section(sys.argv[1], "deploy")
    if "--stack" in sys.argv:
        print(deploy["stack_name"])
        return
    git = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True)
    release = new_release(git.stdout.strip(), int(time.time()))
    parameters = overrides(deploy.get("parameter_overrides", ""), os.environ.get("PARAMETERS", ""))
    print(json.dumps(parameters | {"Release": release}))


if __name__ == "__main__":
    main()
