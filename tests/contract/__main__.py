"""Print what is bad: ``python -m tests.contract [--here] [low_rank.cur ...]``.

See `tests.contract`.
"""

import collections
import sys

from tests.contract import zoo
from tests.contract.calls import CALLS
from tests.contract.judge import BAD, judge, judge_apart


def main(arguments):
    """Judge the calls whose names begin as asked, and print a line for each bad verdict."""
    how = judge if "--here" in arguments else judge_apart
    wanted = tuple(name for name in arguments if not name.startswith("-"))
    counts = collections.Counter()
    for call in CALLS:
        if wanted and not call.name.startswith(wanted):
            continue
        for argument, form, verdict, words in how(call, zoo.cases(call)):
            counts[verdict] += 1
            if verdict in BAD:
                print(f"{verdict:11} {call}({argument}) {form}: {words}", flush=True)
    print(dict(counts))


if __name__ == "__main__":
    main(sys.argv[1:])
