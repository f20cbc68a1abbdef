r"""Patches of pictures: cut out, put back, clean, compare.

A picture of :math:`h \times w` pixels has :math:`(h - s + 1)(w - s + 1)` patches of side
:math:`s`; every inner pixel lies in :math:`s^2` of them, so that putting patches back averages
:math:`s^2` opinions.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from course_lib._validation import (
    check_array,
    check_count,
    check_finite,
    check_matrix,
    check_number,
)
from course_lib.sparse_coding.pursuit import omp

__all__ = ["denoise", "extract_patches", "psnr", "reassemble"]

BAND = 32  # rows of patches that are in memory at once


def extract_patches(picture, side=8, *, stride=1):
    """Return the square patches of a picture, one a row.

    Parameters
    ----------
    picture : array, shape (h, w)
        Gray values; integers become float64.
    side : int, default 8
        Side of a patch in pixels, at most ``min(h, w)``.
    stride : int, default 1
        Step from one patch to the next, down and to the right.

    Returns
    -------
    array, shape (n_down * n_right, side**2)
        Row by row, from the top left; ``n_down = (h - side) // stride + 1``.

    Raises
    ------
    ValueError, TypeError
        If the picture is not a finite real matrix, or a count is out of range.

    Examples
    --------
    >>> extract_patches([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], 2)
    array([[1., 2., 4., 5.],
           [2., 3., 5., 6.]])
    """
    picture = _check(picture, "picture")
    side = check_count(side, "side", low=1, high=min(picture.shape), high_name="min(h, w)")
    stride = check_count(stride, "stride", low=1)
    windows = sliding_window_view(picture, (side, side))[::stride, ::stride]
    return windows.reshape(-1, side * side)  # a copy: the windows overlap


def reassemble(patches, shape, *, stride=1):
    """Return the picture in which every pixel is the mean of the patches that cover it.

    Parameters
    ----------
    patches : array, shape (n_down * n_right, side**2)
        In the order of `extract_patches`.
    shape : tuple of two ints
        ``(h, w)`` of the picture.
    stride : int, default 1
        That of `extract_patches`.

    Returns
    -------
    array, shape (h, w)
        NaN where no patch reaches, as strides above 1 may leave at the lower and right edge.

    Raises
    ------
    ValueError, TypeError
        If the patches are not finite, not square, or not as many as ``shape`` has.

    Examples
    --------
    >>> reassemble([[1.0, 2.0, 4.0, 5.0], [4.0, 3.0, 5.0, 6.0]], (2, 3))
    array([[1., 3., 3.],
           [4., 5., 6.]])
    """
    patches = _check(patches, "patches")
    stride = check_count(stride, "stride", low=1)
    if not hasattr(shape, "__len__") or len(shape) != 2:
        raise ValueError(f"shape must be two integers, height and width; got {shape!r}.")
    height, width = (check_count(size, "shape", low=1) for size in shape)
    side = round(patches.shape[1] ** 0.5)
    down, right = (max(0, size - side) // stride + 1 for size in (height, width))
    if side**2 != patches.shape[1] or side > min(height, width) or down * right != len(patches):
        raise ValueError(
            f"patches must be {down * right} squares, as shape {(height, width)} has with side "
            f"{side} and stride {stride}; got an array of shape {patches.shape}."
        )
    total, count = np.zeros((2, height, width))
    _add(total, count, patches.reshape(down, right, side, side), stride)
    with np.errstate(invalid="ignore"):
        return (total / count).astype(patches.dtype)


def _check(A, name):
    """Return a dense finite matrix."""
    return check_finite(check_matrix(A, name, sparse=False, operator=False), name)


def _add(total, count, patches, stride):
    """Add patches (down, right, side, side) to the pixels that they cover: side**2 additions."""
    down, right, side, _ = patches.shape
    for y in range(side):
        for x in range(side):
            place = np.s_[y : y + stride * down : stride, x : x + stride * right : stride]
            total[place] += patches[:, :, y, x]
            count[place] += 1


def psnr(picture, reference, *, peak=255.0):
    r"""Return the peak signal-to-noise ratio in decibels.

    Parameters
    ----------
    picture, reference : array, of one shape
    peak : float, default 255
        The largest value that a pixel can have.

    Returns
    -------
    float
        Ten times the decimal logarithm of ``peak**2`` over the mean squared difference; infinite
        if equal.

    Raises
    ------
    ValueError, TypeError
        If the shapes differ, there is no pixel, a pixel is not finite, or ``peak`` is not a
        positive number.

    Examples
    --------
    >>> round(psnr(np.full((2, 2), 25.0), np.zeros((2, 2))), 2)     # sigma 25: 20.17 dB
    20.17
    """
    with np.errstate(over="ignore"):
        picture = check_finite(check_array(picture, "picture", dtype=np.float64), "picture")
        reference = check_finite(check_array(reference, "reference", dtype=np.float64), "reference")
    if picture.shape != reference.shape:
        raise ValueError(f"shapes must be equal; got {picture.shape} and {reference.shape}.")
    if not picture.size:
        raise ValueError("picture must have a pixel at least; got none.")
    peak = check_number(peak, "peak", low=0, open_low=True, open_high=True)
    with np.errstate(over="ignore"):
        difference = check_finite(picture - reference, "picture - reference")
    largest = np.abs(difference).max()
    if largest == 0:
        return np.inf
    share = np.sqrt(np.mean((difference / largest) ** 2))  # no square overflows or vanishes
    return float(20 * (np.log10(peak) - np.log10(largest) - np.log10(share)))


def denoise(picture, D, sigma, *, gain=1.15, order_recursive=False):
    r"""Return a picture without its noise: each patch by as few atoms as the noise allows.

    Parameters
    ----------
    picture : array, shape (h, w)
        A picture plus independent noise.
    D : array, shape (n_atoms, side**2)
        A dictionary of patches whose mean is zero; the mean of a patch is kept as it is.
    sigma : float
        Standard deviation of the noise, positive, in the units of the picture.
    gain : float, default 1.15
        A patch is coded until its residual is at most ``gain * sigma * side`` long, 1.15 times
        what the noise alone would be.
    order_recursive : bool, default False
        As for `omp`.

    Returns
    -------
    array, shape (h, w)

    Raises
    ------
    ValueError, TypeError
        If atoms are not squares, a number is out of range, or the data are not finite.

    Notes
    -----
    **Cost.** One `omp` for each of the :math:`(h - s + 1)(w - s + 1)` patches: smooth ones
    take no atom at all.

    References
    ----------
    .. [1] M. Elad, M. Aharon, "Image denoising via sparse and redundant representations over
       learned dictionaries", IEEE Trans. Image Process. 15(12), 2006, with the same gain.

    Examples
    --------
    >>> flat = np.full((8, 8), 7.0)
    >>> bool(np.allclose(denoise(flat, np.eye(4), 1.0), flat))
    True
    """
    picture, D = _check(picture, "picture"), _check(D, "D")
    sigma = check_number(sigma, "sigma", low=0, open_low=True)
    gain = check_number(gain, "gain", low=0, open_low=True)
    side = round(D.shape[1] ** 0.5)
    if side**2 != D.shape[1] or side > min(picture.shape):
        raise ValueError(
            f"atoms must be squares that fit into the picture {picture.shape}; "
            f"got {D.shape[1]} pixels."
        )
    total, count = np.zeros((2, *picture.shape))
    for top in range(0, picture.shape[0] - side + 1, BAND):
        band = picture[top : top + BAND + side - 1]
        patches = extract_patches(band, side)
        mean = patches.mean(axis=1, keepdims=True)
        codes = omp(patches - mean, D, tol=gain * sigma * side, order_recursive=order_recursive)
        clean = (codes @ D + mean).reshape(len(band) - side + 1, -1, side, side)
        rows = np.s_[top : top + len(band)]
        _add(total[rows], count[rows], clean, 1)
    return (total / count).astype(picture.dtype)
