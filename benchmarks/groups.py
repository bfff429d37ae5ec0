"""Time and memory for finding photo groups, compared with a full comparison of all pairs. Prints a Markdown table.

Pictures are 28×28 in 10 classes. A photo is a mixture of the pattern of its class and its own pattern, both smooth, and
has 5 variants with different contrast, brightness and a little noise. So photos of a class are similar, and only
variants are near copies. Memory is the peak of NumPy's arrays, without the images.

    OMP_NUM_THREADS=1 python -m benchmarks.groups
    OMP_NUM_THREADS=1 python -m benchmarks.groups --pictures 300000 1000000 --methods sketches
"""

import argparse
import math
import time
import tracemalloc

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from search.data.groups import copies_of_photos
from search.data.near import SIMILARITY, standardize

SIDE, CLASSES, VARIANTS = 28, 10, 5
Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]


def generated(n: int, seed: int = 0) -> tuple[Images, Labels]:
    """Returns n images in random order, and their classes."""
    rng = np.random.default_rng(seed)
    patterns = gaussian_filter(rng.normal(size=(CLASSES, SIDE, SIDE)), (0, 3, 3))
    patterns /= patterns.std(axis=(1, 2), keepdims=True)
    images, labels = np.empty((n, SIDE, SIDE), np.uint8), rng.integers(0, CLASSES, math.ceil(n / VARIANTS))
    labels = np.repeat(labels, VARIANTS)[:n]
    for start in range(0, n, 100 * VARIANTS):
        of_photos = labels[start : start + 100 * VARIANTS : VARIANTS]
        own = gaussian_filter(rng.normal(size=(len(of_photos), SIDE, SIDE)), (0, 2, 2))
        own /= own.std(axis=(1, 2), keepdims=True)
        photos = np.repeat(patterns[of_photos] + 0.7 * own, VARIANTS, axis=0)[: n - start]
        contrast, brightness = rng.uniform(20, 40, (len(photos), 1, 1)), rng.uniform(100, 150, (len(photos), 1, 1))
        pictures = photos * contrast + brightness + rng.normal(0, 2, photos.shape)
        images[start : start + len(photos)] = pictures.clip(0, 255)
    order = rng.permutation(n)
    return images[order], labels[order]


def all_pairs(images: Images, labels: Labels) -> Labels:
    """Finds groups by full comparison of all pairs of a class, with all close pairs in memory."""
    pairs = []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        standard = standardize(images[rows])
        for start in range(0, len(rows), 2048):
            close = np.argwhere(standard[start : start + 2048] @ standard.T > SIMILARITY)
            pairs.append(np.stack([rows[close[:, 0] + start], rows[close[:, 1]]]))
    edges = np.concatenate(pairs, axis=1)
    graph = coo_array((np.ones(edges.shape[1], dtype=np.int8), (edges[0], edges[1])), shape=(len(labels),) * 2)
    found: Labels = connected_components(graph, directed=False)[1].astype(np.int64)
    return found


METHODS = {"all pairs": all_pairs, "sketches": copies_of_photos}


def main() -> None:
    """Prints a row for each number of images and method."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, nargs="+", default=[10_000, 30_000, 100_000])
    parser.add_argument("--methods", choices=METHODS, nargs="+", default=list(METHODS))
    args = parser.parse_args()
    print("| images | method | groups | seconds | MB |\n|---|---|---|---|---|")
    for n in args.pictures:
        images, labels = generated(n)
        for method in args.methods:
            tracemalloc.start()
            started = time.perf_counter()
            groups = METHODS[method](images, labels)
            seconds, (_, most) = time.perf_counter() - started, tracemalloc.get_traced_memory()
            tracemalloc.stop()
            print(f"| {n:,} | {method} | {len(np.unique(groups)):,} | {seconds:.1f} | {most / 1e6:.0f} |", flush=True)


if __name__ == "__main__":
    main()
