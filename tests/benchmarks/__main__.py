"""All figures, or those that are named: `python -m tests.benchmarks [predict imports train index …]`."""

import argparse
import subprocess
import sys

BENCHMARKS = ("imports", "predict", "index", "train")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="default: all of them")
    for name in parser.parse_args().names or BENCHMARKS:
        # A process of its own: what one sets in its environment, or leaves in its memory, is nothing to the next.
        subprocess.run([sys.executable, "-m", f"tests.benchmarks.bench_{name}"], check=True)


if __name__ == "__main__":
    main()
