"""A scikit-learn transformer that binarizes images with the cut points of a thresholds file, or with given ones."""

import math
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from search.binarization.binarization import Binarization
from search.binarization.cut_points import from_values
from search.binarization.levels import GREY, level_map
from search.data.arrays import check_images
from search.errors import BadInput

ROW = "X"  # how messages name the input


class BinarizedInput(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no type annotations
    """Turns images into binary channels: bit c of a pixel says how it compares with the cut points.

    Nothing is learned from the images. `fit` validates the parameters and remembers the size of an image.

    Parameters
    ----------
    thresholds : str or path, default=None
        A thresholds file, as `python -m search.export` and `SearchResult.to_json` write it. It contains cut points and
        encoding.
    cut_points : sequence of int, default=None
        Cut points in place of a file, strictly increasing in 1..255; for images in color three such sequences.
    levels : dict or list of dict, default=None
        The level map that `cut_points` are compared with, as a record such as ``{"map": "contrast", "window": 9}``; see
        `search.binarization.levels`. None is the grey level. With a list of level maps, `cut_points` has a sequence for
        each; with color, one level map is used for all three colors.
    encoding : str, default="thermometer"
        How the ranges between `cut_points` become channels: a name in `search.binarization.encodings.ENCODINGS`. A
        thresholds file has its own encoding, so this is used with `cut_points` only.
    flatten : bool, default=False
        Whether `transform` returns one row per image, as most estimators of scikit-learn require.
    image_shape : tuple of int, default=None
        (H, W), or (H, W, 3) for color, if the input has one row of pixels per image. None takes each such row for an
        image of one row of pixels. That differs only in the shape of the output, unless a level map depends on the
        neighborhood or the position of a pixel.

    Attributes
    ----------
    binarization_ : Binarization
        Cut points and encoding. `binarization_.titles` describes the channels.
    image_shape_ : tuple of int
        (H, W) or (H, W, 3).
    n_features_in_ : int
        Number of values per image.
    feature_names_in_ : ndarray of str
        Column names, if `fit` was given a data frame.

    Examples
    --------
    >>> import numpy as np
    >>> images = np.array([[[0, 90], [150, 255]]], np.uint8)
    >>> BinarizedInput(cut_points=(90, 200)).fit_transform(images).tolist()
    [[[[0, 1], [1, 1]], [[0, 0], [0, 1]]]]
    >>> BinarizedInput(cut_points=(90, 200), flatten=True).fit_transform(images).shape
    (1, 8)
    """

    def __init__(
        self,
        thresholds: str | PathLike[str] | None = None,
        cut_points: Sequence[Any] | None = None,
        encoding: str = "thermometer",
        levels: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
        flatten: bool = False,
        image_shape: tuple[int, ...] | None = None,
    ) -> None:
        self.thresholds = thresholds
        self.cut_points = cut_points
        self.encoding = encoding
        self.levels = levels
        self.flatten = flatten
        self.image_shape = image_shape

    def fit(self, X: npt.ArrayLike, y: object = None) -> Self:  # noqa: N803
        """Validates the parameters and the images.

        X: images as in `transform`. y: ignored.
        Raises: BadInput, which is a ValueError, for parameters or images that cannot be used; TypeError for sparse
        input.
        """
        binarization = self._binarization()
        images = self._images(X, reset=True)
        expected = binarization.colors
        if (images.shape[3] if images.ndim == 4 else 1) != expected:
            kind = "images in color, (N, H, W, 3)" if expected > 1 else "images in grey levels, (N, H, W)"
            raise BadInput(f"{ROW} has shape {images.shape}; these cut points are for {kind}")
        self.binarization_ = binarization
        self.image_shape_ = images.shape[1:]
        self.n_features_in_ = math.prod(images.shape[1:])
        return self

    def transform(self, X: npt.ArrayLike) -> npt.NDArray[np.uint8]:  # noqa: N803
        """Images to channels of 0 and 1, uint8 (N, C, H, W), or (N, C·H·W) with flatten=True.

        X: integers in 0..255 of any numeric type, (N, H, W), (N, H, W, 3), or (N, pixels) with one image per row.
        Raises: BadInput, which is a ValueError, for other input or images of another size than `fit` was given.
        """
        check_is_fitted(self)
        images = self._images(X, reset=False)
        if images.shape[1:] != self.image_shape_:
            raise BadInput(f"{ROW} has images of shape {images.shape[1:]}; fit was given {self.image_shape_}")
        channels = self.binarization_.encode(images)
        return channels.reshape(len(channels), -1) if self.flatten else channels

    @available_if(lambda self: self.flatten)  # type: ignore[untyped-decorator]
    def get_feature_names_out(self, input_features: object = None) -> npt.NDArray[np.object_]:
        """Names of the output columns, `channel0_row0_column0` and so on; only with flatten=True.

        input_features: ignored; the names follow from the size of the images.
        """
        check_is_fitted(self)
        height, width = self.image_shape_[:2]
        names = [
            f"channel{c}_row{row}_column{column}"
            for c in range(self.binarization_.channels)
            for row in range(height)
            for column in range(width)
        ]
        return np.array(names, dtype=object)

    def _binarization(self) -> Binarization:
        if (self.thresholds is None) == (self.cut_points is None):
            raise BadInput("BinarizedInput: give either thresholds, the path of a thresholds file, or cut_points")
        if self.thresholds is not None:
            from search.deploy.thresholds import read  # here, because it imports Optuna and PyTorch

            if not isinstance(self.thresholds, str | PathLike):
                raise BadInput(
                    f"BinarizedInput: thresholds {self.thresholds!r}: expected the path of a thresholds file"
                )

            return read(Path(self.thresholds))[0]
        assert self.cut_points is not None
        try:
            values = [tuple(each) if np.ndim(each) else each for each in self.cut_points]
            several = not isinstance(self.levels, Mapping | None)
            given = [self.levels or GREY.record] if isinstance(self.levels, Mapping | None) else self.levels
            maps = tuple(level_map(each) for each in given)
            return Binarization(from_values(values, combined=several), self.encoding, level_maps=maps)
        except (TypeError, ValueError) as error:
            raise BadInput(f"BinarizedInput: {error}") from error

    def _images(self, X: npt.ArrayLike, reset: bool) -> npt.NDArray[np.uint8]:  # noqa: N803
        """Images (N, H, W) or (N, H, W, 3) uint8."""
        if (X.ndim if hasattr(X, "ndim") else np.asarray(X).ndim) > 2:
            if reset and hasattr(self, "feature_names_in_"):
                del self.feature_names_in_  # of an earlier fit with a data frame
            values = check_array(X, allow_nd=True, ensure_2d=False, input_name=ROW, estimator=self)
            return check_images(values, ROW)
        values = validate_data(self, X, reset=reset)
        if np.less(values, 0).any():
            raise BadInput(f"Negative values in data passed to BinarizedInput: {ROW} must have pixels 0..255")
        shape = (1, values.shape[1]) if self.image_shape is None else self.image_shape
        if isinstance(shape, str) or not all(isinstance(side, int | np.integer) and side > 0 for side in shape):
            raise BadInput(f"image_shape {shape!r}: expected positive integers, (H, W) or (H, W, 3)")
        shape = tuple(shape)
        if math.prod(shape) != values.shape[1]:
            raise BadInput(f"image_shape {shape} has {math.prod(shape)} pixels; {ROW} has {values.shape[1]} columns")
        return check_images(values.reshape(len(values), *shape), ROW)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.positive_only = True
        tags.input_tags.categorical = True  # integers from a finite set, as for CategoricalNB
        tags.transformer_tags.preserves_dtype = []  # the output is uint8 whatever the input is
        tags.no_validation = False
        return tags
