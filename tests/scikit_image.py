"""Local thresholds of scikit-image on windows with replicated edges, and the exact sums of these windows."""

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view
from skimage import data
from skimage.filters import threshold_local, threshold_niblack, threshold_sauvola

Image = npt.NDArray[np.uint8]
Thresholds = npt.NDArray[np.float64]

ROUNDING = 1e-9  # largest error of a threshold of scikit-image on these images, in grey levels


def page() -> Image:
    """A scanned page with flat areas, from the package of scikit-image."""
    return np.ascontiguousarray(data.page()[:150, :200])


def camera() -> Image:
    """A part of a photo, from the package of scikit-image."""
    return np.ascontiguousarray(data.camera()[100:260, 150:330])


PHOTOS = {"page": page, "camera": camera}


def window_sums(image: Image, window: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The sum S and n² times the variance, V = n·Q - S², of the window around each pixel."""
    padded = np.pad(image, window // 2, "edge").astype(np.int64)
    sums, squares = (sliding_window_view(each, (window, window)).sum((2, 3)) for each in (padded, padded * padded))
    return sums, window**2 * squares - sums * sums


def adaptive_mean(image: Image, window: int, offset: float = 0) -> Thresholds:
    """The mean minus an offset."""
    return threshold_local(image, window, method="mean", offset=offset, mode="nearest")


def niblack(image: Image, window: int, k: float) -> Thresholds:
    """mean - k · sd. Mirrors edges, so it gets an image with replicated ones."""
    return threshold_niblack(np.pad(image, window, "edge"), window, k)[window:-window, window:-window]


def sauvola(image: Image, window: int, k: float, r: float | None = None) -> Thresholds:
    """mean · (1 + k·(sd / r - 1)), with replicated edges. r: None for scikit-image's default, 127.5."""
    return threshold_sauvola(np.pad(image, window, "edge"), window, k, r)[window:-window, window:-window]
