"""Ten methods on one budget: ``nice -n 10 python -m benchmarks.capstone``.

A strong model with an approximate solution, or a weaker model with an exact one? Every method is
written as an entry, a file, and stands in one table: error, bytes of the file, operations a digit,
passes and multiply-adds of training. Settings were chosen on 10,000 random training rows; the
model was then fitted to all, with four seeds where it is random, and the test rows were looked at
once for each file. A second table does the same for a9a.

Takes about an hour on one busy core. Each method is written to ``results/capstone.json`` as it is
done, and not run again; ``--again NAME`` runs one again, ``--again all`` everything.
"""

import argparse
import datetime
import json
import time

import threadpoolctl

from benchmarks import capstone_a9a, harness
from benchmarks import capstone_methods as methods
from benchmarks import capstone_networks as networks
from course_lib.deep_compression import entries

PATH = harness.RESULTS / "capstone.json"

STAMP_NETWORKS = (  # side of the squares, units, density, shared values
    (4, 48, 1.0, 8), (2, 24, 0.28, 8), (2, 32, 0.2, 8), (2, 40, 0.15, 8), (2, 48, 0.12, 8),
    (2, 64, 0.085, 8), (2, 64, 0.08, 8), (2, 80, 0.062, 8),
)  # fmt: skip

METHODS = {
    "class means 28": lambda: methods.class_means(1, 4),
    "class means 7": lambda: methods.class_means(4, 4),
    "logistic 14": lambda: methods.linear(2, 150, (32, 8, 4, 3)),
    "logistic 7": lambda: methods.linear(4, 150, (8, 4)),
    "features 7": lambda: methods.random_features(4, (98, 196, 400, 800), (8, 4)),
    "features 14": lambda: methods.random_features(2, (196, 400, 800, 1600, 2400, 3200), (8, 4)),
    "logistic 28": lambda: methods.linear(1, 50, (32, 8, 4)),
    "prototypes 7": lambda: methods.prototypes(4, 10, 4),
    "prototypes 14": lambda: methods.prototypes(2, 14, 4),
    "prototypes 100": lambda: methods.prototypes(2, 100, 4, seeds=(0, 1)),
    "exact 100": lambda: methods.exact_kernel(1, 100, 8, 8),
    "exact 1000": lambda: methods.exact_kernel(1, 1000, 8, 8),
    "exact 14 100": lambda: methods.exact_kernel(2, 100, 4, 8),
    "exact 14 1000": lambda: methods.exact_kernel(2, 1000, 4, 8),
    "nearest 1000": lambda: methods.nearest(1, 1000, 8),
    "nearest 14 1000": lambda: methods.nearest(2, 1000, 4),
    "nystrom 14 100": lambda: methods.landmarks(2, 100, 4, 8),
    "nystrom 14 1000": lambda: methods.landmarks(2, 1000, 4, 8),
    "compressed": lambda: networks.compressed(0.04, 8, seeds=(0, 1, 2, 3)),
    "signs": lambda: networks.binary(256),
    "pca logistic": lambda: methods.principal_linear(40, 4),
    "pca nearest 32": lambda: methods.principal_nearest(32, 4),
    "products": lambda: methods.products(64, 15, seeds=(0, 1)),
    "codes 128": lambda: methods.bit_codes(128, seeds=(0, 1)),
    "a9a": lambda: capstone_a9a.table(("logistic", "features", "machine")),
    "a9a neighbors": lambda: capstone_a9a.table(("neighbors",)),
    "a9a landmarks": lambda: capstone_a9a.table(("landmarks",)),
    "features 28": lambda: methods.random_features(1, (1024, 2048), (8, 4), seeds=(0,)),
    "exact 14 6000": lambda: methods.exact_kernel(2, 6000, 4, 8, seeds=(0,)),
    "features 14 large": lambda: methods.random_features(2, (5600,), (8, 4), seeds=(0,)),
    "pca nearest 64": lambda: methods.principal_nearest(64, 8),
    "features 7 of 3 bits": lambda: methods.random_features(4, (264,), (3,)),
    "features 7 of 2 bits": lambda: methods.random_features(4, (390,), (2,)),
    "stamp network": lambda: networks.stamps(STAMP_NETWORKS),
}


def fits(row, budget):
    """Whether a row keeps to all four meters of a budget."""
    return (
        row["bytes"] <= budget.file_bytes
        and row["total_work"] <= budget.test_work
        and row["passes"] <= budget.passes
        and row["training"] <= budget.training
    )


def winners(rows):
    """The best row in each budget, of each kind and of all: chosen on training rows."""
    found = {}
    for budget in entries.BUDGETS:
        inside = [number for number, row in enumerate(rows) if fits(row, budget)]
        by_kind = {}
        for kind in ("exact", "approximate", "learned"):
            of_kind = [number for number in inside if rows[number]["kind"] == kind]
            if of_kind:
                by_kind[kind] = min(of_kind, key=lambda number: rows[number]["validation"])
        found[budget.name] = {
            **budget._asdict(), "rows": inside, "best": by_kind,
            "winner": min(inside, key=lambda number: rows[number]["validation"], default=None),
        }  # fmt: skip
    return found


def record(done):
    """What the file holds, from the rows of each method and its processor seconds."""
    told = [
        {"method": name, **row} for name in METHODS if name in done for row in done[name]["rows"]
    ]
    rows = [row for row in told if not row["method"].startswith("a9a")]
    return {
        "date": datetime.date.today().isoformat(),
        "machine": harness.machine(),
        "data": "MNIST: choices on 10,000 random training rows, then all 60,000; 10,000 test rows",
        "rows": rows,
        "budgets": winners(rows),
        "a9a": [row for row in told if row["method"].startswith("a9a")],
        "cpu_s": {name: done[name]["cpu_s"] for name in METHODS if name in done},
    }


def kept():
    """The methods that the file has rows of, as `record` takes them."""
    if not PATH.exists():
        return {}
    told = json.loads(PATH.read_text(encoding="utf-8"))
    done = {name: {"rows": [], "cpu_s": seconds} for name, seconds in told["cpu_s"].items()}
    for row in (*told["rows"], *told["a9a"]):
        done[row.pop("method")]["rows"].append(row)
    return done


def main():
    """Run what is not yet done."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.capstone")
    parser.add_argument("--again", default="", help="a method to run again, or all")
    again = parser.parse_args().again
    done = {} if again == "all" else kept()
    done.pop(again, None)
    for name, method in METHODS.items():
        if name not in done:
            started = time.process_time()
            with threadpoolctl.threadpool_limits(1):  # small products are no work for two
                rows = list(method())
            done[name] = {"rows": rows, "cpu_s": round(time.process_time() - started, 1)}
            print(f"{name}: {done[name]['cpu_s']} s", flush=True)
            PATH.write_text(json.dumps(record(done), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
