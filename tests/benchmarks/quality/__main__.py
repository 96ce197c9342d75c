"""The comparison of the twin with everything an engineer could pick instead, on any folder of canonical CSVs.

python -m tests.benchmarks.quality --data FOLDER [--seeds 5] [--models …] [--hold-out-properties] [--out FILE]
python -m tests.benchmarks.quality --simulate harborview mesa [--seeds 5] [--out FILE]

A model named twin:SETTING=VALUE,… is the twin with other settings, for ablations: twin:recent_activity=false.
"""

import argparse
import shlex
import sys
from pathlib import Path

from infra.simulator import MARKETS
from tests.benchmarks.quality.frozen_data import read_market
from tests.benchmarks.quality.models import DISCOVER, NAMES
from tests.benchmarks.quality.output import RESULTS, Teller, write
from tests.benchmarks.quality.runs import on_folder, on_new_half
from tests.benchmarks.quality.studies.simulated import on_simulation


def main() -> None:
    asked = _arguments()
    out: Path = asked.out or RESULTS / f"{_name(asked)}.json"
    tell = Teller()
    if asked.simulate:
        results = on_simulation(asked.models, asked.simulate, asked.seeds, tell)
    elif asked.hold_out_properties:
        results = on_new_half(asked.models, read_market(asked.data), tell)
    else:
        market, with_slices = read_market(asked.data), not asked.no_slices
        results = on_folder(asked.models, market, seeds=asked.seeds, with_slices=with_slices, out=out, tell=tell)
    command = f"python -m tests.benchmarks.quality {shlex.join(sys.argv[1:])}"
    write(out, {"command": command, **results})
    tell.say(f"wrote {out}")


def _name(asked: argparse.Namespace) -> str:
    """Of the file of results, unless one was asked for."""
    if asked.simulate:
        return "simulated"
    return f"{asked.data.name}_new_half" if asked.hold_out_properties else str(asked.data.name)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--data", type=Path, help="a folder with properties.csv[.gz] and interactions.csv[.gz]")
    source.add_argument("--simulate", nargs="+", choices=sorted(MARKETS), help="markets whose truth is known")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument(
        "--models", nargs="+", type=_model, default=list(NAMES), metavar="MODEL", help=" ".join((*NAMES, DISCOVER))
    )
    parser.add_argument("--hold-out-properties", action="store_true", help="rank new properties only")
    parser.add_argument("--no-slices", action="store_true", help="the table alone: slices train some ten models more")
    parser.add_argument("--out", type=Path, help=f"default: {RESULTS}/, named after the data")
    asked = parser.parse_args()
    if asked.seeds < 1:
        parser.error("--seeds must be at least 1")
    return asked


def _model(name: str) -> str:
    if name not in (*NAMES, DISCOVER) and not name.startswith("twin:"):
        raise argparse.ArgumentTypeError(f"unknown model {name}: choose among {' '.join(NAMES)}")
    return name


if __name__ == "__main__":
    main()
