"""The benchmarks that a laptop runs in 20 minutes, or those that are named: `python -m tests.benchmarks serving`."""

import argparse
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
LONG = HERE / "long"


def found(folder: Path) -> list[str]:
    return sorted(path.stem.removeprefix("bench_") for path in folder.glob("bench_*.py"))


def module_of(name: str) -> str:
    return f"tests.benchmarks.{'long.' if name in found(LONG) else ''}bench_{name}"


def run(name: str) -> bool:
    """In a process of its own: what one sets in its environment, or leaves in its memory, is nothing to the next."""
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-m", module_of(name)], check=False).returncode == 0
    print(f"{name}: {time.monotonic() - started:.0f} s{'' if done else ', failed'}", flush=True)
    return done


def main() -> None:
    ordinary, long = found(HERE), found(LONG)
    parser = argparse.ArgumentParser(description=__doc__)
    there_are = f"{' '.join(ordinary)} (all of them); only when named: {' '.join(long)}"
    parser.add_argument("names", nargs="*", metavar="NAME", help=there_are)
    names = parser.parse_args().names or ordinary
    if unknown := set(names) - {*ordinary, *long}:
        parser.error(f"no such benchmark: {' '.join(sorted(unknown))}; there are {there_are}")
    failed = [name for name in names if not run(name)]
    if failed:
        sys.exit(f"failed: {' '.join(failed)}")


if __name__ == "__main__":
    main()
