"""All figures, or those that are named: `python -m tests.benchmarks [predict imports train index …]`."""

import argparse
import importlib

BENCHMARKS = ("imports", "predict", "index", "train")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="default: all of them")
    for name in parser.parse_args().names or BENCHMARKS:
        importlib.import_module(f"tests.benchmarks.bench_{name}").main()


if __name__ == "__main__":
    main()
