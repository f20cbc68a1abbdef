"""Sparse matrices, and matrices of which most is missing.

In the order to read it::

    sparse        csr, matvec: three arrays, and products with them
    traffic       matvec_bytes: what a product moves
    links         pagerank: the power method, one gather a link
    operators     SparsePlusLowRank, sampled_product: a dense matrix that is never formed
    lanczos       bidiagonalize, lanczos_svd: one vector at a time, and every one is kept
    nuclear       soft_impute, svt: completion by the nuclear norm
    alternating   als, implicit_als: one ridge regression a row
    stochastic    sgd: one step a rating, or one stratum at a time on many machines
    recommenders  ALSRecommender, SGDRecommender, fold_in: answers for a newcomer
    evaluation    recall_at_k, ndcg_at_k, reciprocal_rank, time_split: what a list is judged by
    imputer       SoftImpute: a table with holes in, the table filled out

Methods that iterate are generators of `Iterate`, and ``_solve`` holds their kernels.

Book: ``book/07-matrix-completion.md``. Lab: ``labs/07-matrix-completion``.
"""

from course_lib.matrix_completion._iterates import Iterate
from course_lib.matrix_completion.alternating import Factors, als, implicit_als
from course_lib.matrix_completion.evaluation import (
    ndcg_at_k,
    recall_at_k,
    reciprocal_rank,
    time_split,
    top_items,
)
from course_lib.matrix_completion.imputer import SoftImpute
from course_lib.matrix_completion.lanczos import Bidiagonal, bidiagonalize, lanczos_svd
from course_lib.matrix_completion.links import Links, PageRank, in_links, pagerank
from course_lib.matrix_completion.nuclear import soft_impute, svt
from course_lib.matrix_completion.operators import SparsePlusLowRank, sampled_product
from course_lib.matrix_completion.recommenders import ALSRecommender, SGDRecommender, fold_in
from course_lib.matrix_completion.sparse import (
    CSR,
    as_csr,
    csr,
    matvec,
    rmatvec,
    transpose,
)
from course_lib.matrix_completion.stochastic import sgd
from course_lib.matrix_completion.traffic import Traffic, matvec_bytes

__all__ = [
    "CSR",
    "ALSRecommender",
    "Bidiagonal",
    "Factors",
    "Iterate",
    "Links",
    "PageRank",
    "SGDRecommender",
    "SoftImpute",
    "SparsePlusLowRank",
    "Traffic",
    "als",
    "as_csr",
    "bidiagonalize",
    "csr",
    "fold_in",
    "implicit_als",
    "in_links",
    "lanczos_svd",
    "matvec",
    "matvec_bytes",
    "ndcg_at_k",
    "pagerank",
    "recall_at_k",
    "reciprocal_rank",
    "rmatvec",
    "sampled_product",
    "sgd",
    "soft_impute",
    "svt",
    "time_split",
    "top_items",
    "transpose",
]
