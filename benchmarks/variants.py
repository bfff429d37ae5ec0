"""Which variants of a photo are recognized as near copies, by kind of change and similarity. Prints a Markdown table.

Takes one image of each of some photos, changes it, and counts how many changed images are near copies of the
original. The last row counts pairs of different photos of one class that are near copies, which a lower similarity
joins wrongly.

    OMP_NUM_THREADS=1 python -m benchmarks.variants --data sign-mnist gtsrb-32.npz
"""

import argparse
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter, ImageOps

from search.data.load import load_pictures
from search.data.near import close_pairs, sketch
from search.data.pictures import Pictures
from search.data.source import Source

SIMILARITIES = (0.98, 0.95, 0.9)
Images = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]
Change = Callable[[Image.Image, np.random.Generator], Image.Image]


def light(gain: float, offset: float) -> Change:
    """x * gain + offset, rounded and clipped to 0..255."""
    return lambda picture, _: picture.point(lambda x: round(x * gain + offset))


def gamma(power: float) -> Change:
    """255 (x / 255) ** power."""
    return lambda picture, _: picture.point(lambda x: round(255 * (x / 255) ** power))


def noise(sigma: float) -> Change:
    """Gaussian noise with a standard deviation in grey levels."""

    def changed(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
        levels = np.asarray(picture) + rng.normal(0, sigma, picture.size[::-1])
        return Image.fromarray(levels.round().clip(0, 255).astype(np.uint8))

    return changed


def jpeg(quality: int) -> Change:
    """Compression as JPEG."""

    def changed(picture: Image.Image, _: np.random.Generator) -> Image.Image:
        picture.save(buffer := BytesIO(), "JPEG", quality=quality)
        return Image.open(buffer)

    return changed


def crop(share: float) -> Change:
    """The center without this share of each side, resized to the original size."""

    def changed(picture: Image.Image, _: np.random.Generator) -> Image.Image:
        width, height = picture.size
        box = (share * width, share * height, width - share * width, height - share * height)
        return picture.resize(picture.size, Image.Resampling.BILINEAR, box)

    return changed


def shift(pixels: int) -> Change:
    """Shift to the right; the left column is repeated."""

    def changed(picture: Image.Image, _: np.random.Generator) -> Image.Image:
        levels = np.asarray(picture)
        return Image.fromarray(np.pad(levels, ((0, 0), (pixels, 0)), "edge")[:, : levels.shape[1]].copy())

    return changed


def rotation(degrees: float) -> Change:
    """Rotation about the center; corners are filled with the mean of the image."""
    return lambda picture, _: picture.rotate(
        degrees, Image.Resampling.BILINEAR, fillcolor=round(float(np.asarray(picture).mean()))
    )


CHANGES: dict[str, Change] = {
    "brightness +30": light(1, 30),
    "contrast × 0.6": light(0.6, 50),
    "gamma 0.7": gamma(0.7),
    "noise, σ = 5 levels": noise(5),
    "noise, σ = 15 levels": noise(15),
    "JPEG, quality 75": jpeg(75),
    "JPEG, quality 20": jpeg(20),
    "Gaussian blur, radius 0.5": lambda picture, _: picture.filter(ImageFilter.GaussianBlur(0.5)),
    "Gaussian blur, radius 1": lambda picture, _: picture.filter(ImageFilter.GaussianBlur(1)),
    "crop 3.5 % of each side": crop(0.035),
    "crop 7 % of each side": crop(0.07),
    "shift by 1 pixel": shift(1),
    "rotation by 3°": rotation(3),
    "mirror": lambda picture, _: ImageOps.mirror(picture),
}


def photos_of(pictures: Pictures, most: int) -> tuple[Images, Numbers]:
    """Returns one image of each of at most `most` random photos, and their classes."""
    part = pictures.train
    first = np.unique(part.groups, return_index=True)[1]
    rows = np.sort(np.random.default_rng(0).permutation(first)[:most])
    return part[rows].images, part.labels[rows]


def recognized(images: Images, change: Change, similarity: float) -> float:
    """Returns the share of images that are near copies of their changed version."""
    rng, found = np.random.default_rng(0), 0
    for image in images:
        both = np.stack([image, np.asarray(change(Image.fromarray(image), rng).convert("L"))])
        found += near_pairs(both, similarity)
    return found / len(images)


def joined(images: Images, labels: Numbers, similarity: float) -> float:
    """Returns the share of pairs of different photos of one class that are near copies."""
    found, pairs = 0, 0
    for label in np.unique(labels):
        of_class = images[labels == label]
        found += near_pairs(of_class, similarity)
        pairs += len(of_class) * (len(of_class) - 1) // 2
    return found / pairs


def near_pairs(images: Images, similarity: float) -> int:
    """Returns the number of pairs of images that are near copies."""
    sketches = sketch(images, np.arange(len(images)))
    every = close_pairs(
        sketches, sketches, lambda i, j: np.ones(np.broadcast_shapes(i.shape, j.shape), bool), similarity
    )
    return sum(len(i) for i, _ in every)


def main() -> None:
    """Prints a row for each change."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", nargs="+", default=["sign-mnist"], help="data sets, as for search.study")
    parser.add_argument("--photos", type=int, default=1000)
    args = parser.parse_args()
    sets = {Path(data).stem: photos_of(load_pictures(Source(data))[0], args.photos) for data in args.data}
    columns = [(name, similarity) for name in sets for similarity in SIMILARITIES]
    print(f"| change | {' | '.join(f'{name}, > {similarity}' for name, similarity in columns)} |")
    print(f"|---|{'---|' * len(columns)}")
    for change, apply in CHANGES.items():
        shares = [f"{recognized(sets[name][0], apply, similarity):.0%}" for name, similarity in columns]
        print(f"| {change} | {' | '.join(shares)} |", flush=True)
    shares = [f"{joined(*sets[name], similarity):.2%}" for name, similarity in columns]
    print(f"| *pairs of different photos of a class* | {' | '.join(shares)} |")
    print(f"\nOf {', '.join(f'{len(images):,} photos of {name}' for name, (images, _) in sets.items())}.")


if __name__ == "__main__":
    main()
