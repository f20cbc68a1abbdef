"""``python -m benchmarks.engines``: run the engines that are installed, print, write."""

import argparse
import datetime
import importlib.metadata
import json
import subprocess
import sys

from benchmarks import engines, harness
from benchmarks.engines.servers import program


def main():
    """Print what happens, step by step, and keep it where all three engines ran whole."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engines")
    parser.add_argument("--quick", action="store_true", help="fewer records; writes nothing")
    parser.add_argument("--only", choices=engines.ENGINES, help="one engine; writes nothing")
    arguments = parser.parse_args()
    missing = engines.missing()
    if missing:
        print(f"{', '.join(missing)}: not installed here, left out; so nothing is written.")
    names = [arguments.only] if arguments.only else list(engines.ENGINES)
    names = [name for name in names if engines.ENGINES[name].PACKAGE not in missing]
    try:
        records = engines.run(names, scale=0.25 if arguments.quick else 1.0)
    except KeyboardInterrupt:
        sys.exit("\nStopped, and no server is left.")
    if not (missing or arguments.quick or arguments.only):
        write(records)


def write(records):
    """Write ``results/engines.json``."""
    report = {
        "name": "engines",
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": harness.machine(),
        "versions": {name: version(engine) for name, engine in engines.ENGINES.items()},
        "runs": records,
    }
    path = harness.RESULTS / "engines.json"
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print("wrote benchmarks/results/engines.json")


def version(engine):
    """Return the version of a package, and what its program says of itself."""
    command = [program(engine.PACKAGE, engine.PROGRAM), engine.VERSION]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout
    return {
        "package": f"{engine.PACKAGE} {importlib.metadata.version(engine.PACKAGE)}",
        "program": said.splitlines()[0],
    }


if __name__ == "__main__":
    main()
