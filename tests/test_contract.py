"""One contract for every input of the library: see `tests.contract`.

By day each public function meets a fixed sample of the zoo in this process, by night all of it,
in processes of their own, so that a hang or a crash is a verdict too.
"""

import inspect

import pytest

import course_lib
from tests.contract import zoo
from tests.contract.calls import CALLS, NOT_CALLED
from tests.contract.judge import BAD, judge, judge_apart
from tests.sample import NIGHTLY

MODULES = [
    "batch_optimization",
    "binary_embeddings",
    "binary_networks",
    "cost",
    "dataflow",
    "deep_compression",
    "distinct",
    "hashing",
    "heavy_hitters",
    "kernel_features",
    "kernel_training",
    "low_rank",
    "lsh",
    "manifolds",
    "matrix_completion",
    "online_optimization",
    "parallel_optimization",
    "placement",
    "randomness",
    "sparse_coding",
    "storage",
    "trees",
]
COMPILES = ("float16", "float32", "longdouble")  # kernels for another dtype, seconds each
EVERY = 9  # of the cases by day


def by_day(call):
    """A fixed sample of a call's cases, another one for each call."""
    kept = [case for case in zoo.cases(call) if not case[2].startswith(COMPILES)]
    return kept[len(call.name) % EVERY :: EVERY]


@pytest.mark.parametrize("call", CALLS, ids=repr)
def test_awkward_input_gives_the_same_answer_or_a_sentence(call):
    found = judge_apart(call, zoo.cases(call)) if NIGHTLY else judge(call, by_day(call))
    bad = [" ".join(map(str, verdict)) for verdict in found if verdict[2] in BAD]
    assert bad == []


@pytest.mark.parametrize("name", MODULES)
def test_every_public_function_is_tried(name):
    module = __import__(f"{course_lib.__name__}.{name}", fromlist=["__all__"])
    tried = {call.name.split()[0].split(".")[1] for call in CALLS if call.name.startswith(name)}
    public = {thing for thing in module.__all__ if inspect.isroutine(getattr(module, thing))}
    classes = {
        thing
        for thing in module.__all__
        if inspect.isclass(kind := getattr(module, thing)) and not issubclass(kind, tuple)
    }
    assert public | classes <= tried | set(NOT_CALLED)
