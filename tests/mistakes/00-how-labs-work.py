"""Wrong answers to lab 00."""

import numpy as np

from tests.mistakes import mistake


@mistake("00.1", caught_by="check", says="is there a `return`?")
def forgot_to_return(A):
    A.T @ np.ones(A.shape[0]) / A.shape[0]


@mistake("00.1", caught_by="check", says="All means are zero")
def zeros(A):
    return np.zeros(A.shape[1])


@mistake("00.1", caught_by="check", says="mean of the blocks' means")
def mean_of_means(A):
    return np.mean([block.mean(axis=0) for block in A.blocks(1000)], axis=0)


@mistake("00.1", caught_by="check", says="divide by the number of rows")
def sums(A):
    return sum(block.sum(axis=0) for block in A.blocks(500))


@mistake("00.1", caught_by="check", says="means of the rows")
def along_the_wrong_axis(A):
    return np.concatenate([block.mean(axis=1) for block in A.blocks(100)])


@mistake("00.1", caught_by="check", says="number of passes over A should be at most 1")
def reads_twice(A):
    rows = sum(len(block) for block in A.blocks(1000))
    return sum(block.sum(axis=0) for block in A.blocks(1000)) / rows


@mistake("00.1", caught_by="check", says="cannot be copied")
def copies(A):
    return np.asarray(A).mean(axis=0)


@mistake("00.1", caught_by="cost", says="mean of")
def full_blocks_only(A):
    size = 5 if A.shape[0] % 5 == 0 else 1000
    blocks = [block for block in A.blocks(size) if len(block) == size]
    return sum(block.sum(axis=0) for block in blocks) / A.shape[0]


@mistake("00.2", caught_by="check", says="take logarithms")
def without_logarithms(sizes, costs):
    return np.polyfit(sizes, costs, 1)[0]


@mistake("00.2", caught_by="check", says="exponent of a cost that doubles")
def one_logarithm(sizes, costs):
    return np.polyfit(sizes, np.log(costs), 1)[0]


@mistake("00.2", caught_by="check", says="intercept")
def intercept(sizes, costs):
    return np.polyfit(np.log(sizes), np.log(costs), 1)[1]


@mistake("00.2", caught_by="check", says="one number")
def slope_and_intercept(sizes, costs):
    return np.polyfit(np.log(sizes), np.log(costs), 1)


@mistake("00.2", caught_by="check", says="points off a line")
def last_two(sizes, costs):
    return np.log(costs[-1] / costs[-2]) / np.log(sizes[-1] / sizes[-2])


@mistake("00.2", caught_by="accuracy", says="slope of noisy costs")
def first_and_last(sizes, costs):
    return np.log(costs[-1] / costs[0]) / np.log(sizes[-1] / sizes[0])


@mistake("00.2", caught_by="check", says="write this one yourself")
def forwards(sizes, costs):
    from course_lib.cost import growth_exponent

    return growth_exponent(sizes, costs)


@mistake("00.2", caught_by="check", says="write this one yourself")
def forwards_under_another_name(sizes, costs):
    import course_lib.cost as toolbox

    slope = toolbox.growth_exponent
    return slope(sizes, costs)
