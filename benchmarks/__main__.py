"""Run every benchmark, one process each, so that none inherits another's memory."""

import pathlib
import subprocess
import sys

for path in sorted(pathlib.Path(__file__).parent.glob("bench_*.py")):
    print(f"== {path.stem}", flush=True)
    subprocess.run([sys.executable, "-m", f"benchmarks.{path.stem}", *sys.argv[1:]], check=True)
