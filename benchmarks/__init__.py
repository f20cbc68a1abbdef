"""Speed and accuracy of course_lib against the libraries that people use.

How to run::

    python -m benchmarks                            # all of them, as `make bench` does
    python -m benchmarks.bench_low_rank             # one; writes benchmarks/results/low_rank.json
    python -m benchmarks.bench_low_rank --quick     # 20 seconds, small sizes, writes nothing

``harness`` says how it is measured. Run on a machine that does nothing else.
"""

import os
import sys

# Before NumPy is imported: BLAS chooses its own kernels and the harness the number of threads.
# Afterwards it would reach only the children, of tests among others, whose one thread is meant.
if "numpy" not in sys.modules:
    for _variable in (
        "OPENBLAS_CORETYPE",
        "OPENBLAS_L2_SIZE",
        "OPENBLAS_NUM_THREADS",
        "OMP_NUM_THREADS",
        "MKL_NUM_THREADS",
    ):
        os.environ.pop(_variable, None)
