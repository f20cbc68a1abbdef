"""Chapter 08, manifolds: few coordinates for many, straight and curved.

The rooms, in the order to read them::

    streaming      IncrementalPCA, FrequentDirectionsPCA, OjaPCA: principal directions in one pass
    scaling        classical_mds, landmark_mds: points from distances, all or some
    graph          neighbor_graph, geodesic_distances: distances along the surface
    isomap         Isomap: the two together
    lle            LocallyLinearEmbedding: each point a mean of its neighbors
    laplacian      LaplacianEigenmaps: coordinates that change little along the edges
    affinities     joint_affinities: neighbors as t-SNE sees them
    quadtree       repulsion: all pairs of points in n log n visits
    tsne           TSNE: the two together
    trust          trustworthiness, continuity: what a picture hides, point by point

Book: ``book/08-manifolds.md``. Lab: ``labs/08-manifolds``.
"""

from course_lib.manifolds.affinities import affinities, joint_affinities
from course_lib.manifolds.graph import (
    connect,
    geodesic_distances,
    neighbor_graph,
    residual_variance,
)
from course_lib.manifolds.isomap import Isomap, maxmin_landmarks
from course_lib.manifolds.laplacian import (
    LaplacianEigenmaps,
    SpectralMap,
    laplacian_eigenmaps,
    sweep_conductance,
)
from course_lib.manifolds.lle import LocallyLinearEmbedding, barycenter_weights
from course_lib.manifolds.quadtree import (
    QuadTree,
    Repulsion,
    exact_repulsion,
    quadtree,
    repulsion,
)
from course_lib.manifolds.scaling import (
    LandmarkMap,
    Scaling,
    classical_mds,
    landmark_mds,
    place,
)
from course_lib.manifolds.streaming import (
    FrequentDirectionsPCA,
    IncrementalPCA,
    OjaPCA,
    captured_variance,
)
from course_lib.manifolds.trust import continuity, trustworthiness
from course_lib.manifolds.tsne import TSNE, TSNEStep, kl_divergence, tsne_steps

__all__ = [
    "TSNE",
    "FrequentDirectionsPCA",
    "IncrementalPCA",
    "Isomap",
    "LandmarkMap",
    "LaplacianEigenmaps",
    "LocallyLinearEmbedding",
    "OjaPCA",
    "QuadTree",
    "Repulsion",
    "Scaling",
    "SpectralMap",
    "TSNEStep",
    "affinities",
    "barycenter_weights",
    "captured_variance",
    "classical_mds",
    "connect",
    "continuity",
    "exact_repulsion",
    "geodesic_distances",
    "joint_affinities",
    "kl_divergence",
    "landmark_mds",
    "laplacian_eigenmaps",
    "maxmin_landmarks",
    "neighbor_graph",
    "place",
    "quadtree",
    "repulsion",
    "residual_variance",
    "sweep_conductance",
    "trustworthiness",
    "tsne_steps",
]
