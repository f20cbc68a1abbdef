"""Nearest neighbors by trees: space cut in two, again and again, and searched with counted work.

Each index is built by one function, held in flat arrays, and queried by another, which returns
`Neighbors`. Book: ``book/10-trees.md``.
"""

from course_lib._neighbors import Neighbors
from course_lib.trees.ball import BallTree, ball_query, ball_tree
from course_lib.trees.brute import brute_force
from course_lib.trees.forest import rp_query
from course_lib.trees.kd import KDTree, kd_tree
from course_lib.trees.kd_search import best_bin_first, kd_query
from course_lib.trees.learner import TreeNeighborsTransformer
from course_lib.trees.measures import (
    cells,
    contrast,
    expected_leaves,
    intrinsic_dimension,
    potential,
    recall,
    spill_copies,
)
from course_lib.trees.projections import RPForest, rp_forest, rp_tree
from course_lib.trees.spill import spill_tree

__all__ = [
    "BallTree",
    "KDTree",
    "Neighbors",
    "RPForest",
    "TreeNeighborsTransformer",
    "ball_query",
    "ball_tree",
    "best_bin_first",
    "brute_force",
    "cells",
    "contrast",
    "expected_leaves",
    "intrinsic_dimension",
    "kd_query",
    "kd_tree",
    "potential",
    "recall",
    "rp_forest",
    "rp_query",
    "rp_tree",
    "spill_copies",
    "spill_tree",
]
