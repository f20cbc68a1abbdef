"""One rank that `mpi_run` starts: call the function, write down what it returned."""

import faulthandler
import pathlib
import pickle
import sys
import traceback

__all__ = ["main"]


def main(folder, deadline_s):
    """Call the function of a folder on this rank, and end the process at the deadline."""
    faulthandler.dump_traceback_later(float(deadline_s), exit=True)
    from mpi4py import MPI  # initializes MPI: nothing but a rank may import it

    comm = MPI.COMM_WORLD
    folder = pathlib.Path(folder)
    try:
        function, args = pickle.loads((folder / "call.pkl").read_bytes())
        result = pickle.dumps(function(comm, *args))
    except Exception:
        traceback.print_exc()
        sys.stderr.flush()
        comm.Abort(1)
    (folder / f"result-{comm.rank}.pkl").write_bytes(result)


if __name__ == "__main__":
    main(*sys.argv[1:])
