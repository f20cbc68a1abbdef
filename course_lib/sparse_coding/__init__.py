"""Sparse codes: few of many atoms, and dictionaries learned from a stream.

In the order to read it::

    proximal            soft_threshold, ista, fista: generators of iterates
    _losses, below      SquaredLoss, LogisticLoss: what they step along
    lasso               lasso, lasso_path, the elastic net: coordinate descent with a certificate
    codes               lasso_encode: many signals, one dictionary, exact; duality_gaps
    pursuit             omp: greedy codes, all signals at once
    bounds              coherence, recovery_limit, welch_bound, ista_bound, fista_bound
    ksvd                ksvd: a dictionary from signals that stay
    online_dictionary   OnlineDictionary: a dictionary from signals that pass
    streams             TruncatedGradient, FTRLProximal: sparse weights from rows that pass
    patches             extract_patches, reassemble, psnr, denoise

``_codes`` holds what the coders share.

Book: ``book/09-sparse-coding.md``. Lab: ``labs/09-sparse-coding``.
"""

from course_lib._losses import LogisticLoss, SquaredLoss
from course_lib._spectrum import largest_eigenvalue
from course_lib.sparse_coding.bounds import (
    coherence,
    fista_bound,
    ista_bound,
    recovery_limit,
    welch_bound,
)
from course_lib.sparse_coding.codes import duality_gaps, lasso_encode
from course_lib.sparse_coding.ksvd import ksvd, update_atoms
from course_lib.sparse_coding.lasso import Lasso, LassoPath, lasso, lasso_path
from course_lib.sparse_coding.online_dictionary import OnlineDictionary
from course_lib.sparse_coding.patches import denoise, extract_patches, psnr, reassemble
from course_lib.sparse_coding.proximal import Iterate, fista, ista, soft_threshold
from course_lib.sparse_coding.pursuit import omp
from course_lib.sparse_coding.streams import FTRLProximal, TruncatedGradient

__all__ = [
    "FTRLProximal",
    "Iterate",
    "Lasso",
    "LassoPath",
    "LogisticLoss",
    "OnlineDictionary",
    "SquaredLoss",
    "TruncatedGradient",
    "coherence",
    "denoise",
    "duality_gaps",
    "extract_patches",
    "fista",
    "fista_bound",
    "ista",
    "ista_bound",
    "ksvd",
    "largest_eigenvalue",
    "lasso",
    "lasso_encode",
    "lasso_path",
    "omp",
    "psnr",
    "reassemble",
    "recovery_limit",
    "soft_threshold",
    "update_atoms",
    "welch_bound",
]
