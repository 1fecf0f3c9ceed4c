"""Keep the colours of the photo.

Both ways are of Gatys et al. 2016, "Preserving color in neural artistic style transfer".
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from workflows.engine.arrays import Pixels

# ITU-R BT.601, full range, as in JPEG.
_LUMA: Final = np.array([0.299, 0.587, 0.114], np.float32)

#: Added to the covariances: a picture in one colour has none to divide by.
_REGULARIZATION: Final = 1e-5


def match_colors(picture: Pixels, reference: Pixels) -> Pixels:
    """Give a picture the mean colour and the colour covariance of another.

    Parameters
    ----------
    picture, reference
        Height x width x 3 in [0, 1].

    Returns
    -------
    Pixels
        `picture` under the linear map with which the optimal transport between the two
        distributions, were they normal ones, would move colours; clipped to [0, 1].
    """
    colors = picture.reshape(-1, 3).astype(np.float64)
    wanted = reference.reshape(-1, 3).astype(np.float64)
    have = np.cov(colors, rowvar=False) + _REGULARIZATION * np.eye(3)
    want = np.cov(wanted, rowvar=False) + _REGULARIZATION * np.eye(3)
    root = _square_root(have)
    inverse = np.linalg.inv(root)
    transport = inverse @ _square_root(root @ want @ root) @ inverse
    moved = (colors - colors.mean(axis=0)) @ transport + wanted.mean(axis=0)
    matched: Pixels = np.clip(moved, 0, 1).reshape(picture.shape).astype(np.float32)
    return matched


def with_chroma_of(picture: Pixels, photo: Pixels) -> Pixels:
    """Take the luma of one picture and the chroma of another of the same size.

    Parameters
    ----------
    picture
        Where light and dark come from.
    photo
        Where colour comes from.

    Returns
    -------
    Pixels
        Clipped to [0, 1].
    """
    luma = picture @ _LUMA
    chroma = photo - (photo @ _LUMA)[:, :, np.newaxis]
    combined: Pixels = np.clip(luma[:, :, np.newaxis] + chroma, 0, 1)
    return combined


def _square_root(matrix: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    values, vectors = np.linalg.eigh(matrix)
    root: npt.NDArray[np.float64] = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    return root
