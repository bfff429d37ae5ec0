"""Malformed files of every format, made by Hypothesis for benchmarks/fuzz.py and tests/test_fuzz.py.

Files are made from valid ones by cutting, repeating and replacing bytes, and by writing headers, columns, folders and
JSON that no program would write.
"""

import gzip
import io
import json
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st
from PIL import Image
from pyarrow import parquet

from search.data.decode import FORMATS

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (24, 8, 8), dtype=np.uint8)
LABELS = np.arange(24) % 2


@dataclass(frozen=True)
class Case:
    """Files by their names, what --data says, and other flags of Source."""

    files: dict[str, bytes]
    data: str
    flags: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        files = {name: f"{len(content)} bytes" for name, content in self.files.items()}
        return f"{self.data} {self.flags} of {files}"

    def write(self, folder: Path) -> None:
        """Its files below a folder."""
        for name, content in self.files.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)


# Bytes


@st.composite
def mutated(draw: st.DrawFn, whole: bytes) -> bytes:
    """A file with one to four edits, more often near its ends, where headers and directories are."""
    data = bytearray(whole)
    for _ in range(draw(st.integers(1, 4))):
        n = len(data)
        near = st.one_of(st.integers(0, min(n, 200)), st.integers(max(0, n - 200), n), st.integers(0, n))
        start, length = draw(near), draw(st.integers(0, 40))
        edit = draw(st.sampled_from(("replace", "replace", "cut out", "cut off", "repeat")))
        if edit == "replace":
            new = draw(st.binary(min_size=1, max_size=8))
            data[start : start + len(new)] = new
        elif edit == "cut out":
            del data[start : start + length]
        elif edit == "cut off":
            del data[start:]
        else:
            data[start:start] = data[start : start + length]
    return bytes(data)


def saved(save: Callable[[io.BytesIO], object]) -> bytes:
    """What was saved to a file."""
    target = io.BytesIO()
    save(target)
    return target.getvalue()


def zipped(members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip in memory."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()


def patched(archive: bytes, flags: int, method: int | None) -> bytes:
    """A zip whose members say that they are encrypted (flags 1) or packed by another method."""
    data = bytearray(archive)
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = data.find(signature)
        while start >= 0:
            data[start + place] |= flags
            if method is not None:
                data[start + place + 2] = method
            start = data.find(signature, start + 4)
    return bytes(data)


# Arrays of NumPy's

NPY = {name: saved(lambda f, a=a: np.save(f, a)) for name, a in (("images", IMAGES), ("labels", LABELS))}
DTYPES = ("|u1", "<i8", ">i4", "<u8", "<f4", "<f8", "|b1", "<U3", "|S2", "|S0", "|V0", "|O", "<M8[s]", "<c8", "|u1,<f4")
NUMBERS = st.one_of(
    st.integers(-3, 30), st.sampled_from((2**31, 2**62, 2**64, 10**40)), st.booleans(), st.floats(allow_nan=False)
)


@st.composite
def npy(draw: st.DrawFn) -> bytes:
    """An array whose header says anything."""
    shape = draw(st.lists(NUMBERS, max_size=4).map(tuple))
    said = {
        "descr": draw(st.sampled_from(DTYPES)),
        "fortran_order": draw(st.sampled_from((False, True, 0))),
        "shape": shape,
    }
    text = draw(st.one_of(st.just(repr(said)), st.text(max_size=40), st.just("(" * 3000), st.just(repr(said)[:-9])))
    header = text.encode() + b"\n"
    version = draw(st.sampled_from((b"\x01\x00", b"\x02\x00", b"\x03\x00", b"\x09\x09")))
    length = struct.pack("<H" if version == b"\x01\x00" else "<I", len(header))
    return b"\x93NUMPY" + version + length + header + draw(st.binary(max_size=300))


def arrays() -> st.SearchStrategy[bytes]:
    """Arrays that fit, that are of other types and sizes, and that are none."""
    other = st.sampled_from(
        [
            IMAGES.astype(float),
            IMAGES / 255,
            IMAGES[:3],
            IMAGES[..., None],
            np.stack([IMAGES] * 3, -1),
            LABELS.astype(np.uint64) + 2**63,
            LABELS.astype("S1"),
            np.array([b"\xff", b"\xfe"])[LABELS],
            np.array(["a\x1b", "b"])[LABELS],
            LABELS.astype(np.int8) - 1,
            LABELS * 0,
            LABELS[:0],
            np.array(7),
        ]
    )
    whole = st.one_of(st.sampled_from(list(NPY.values())), other.map(lambda a: saved(lambda f: np.save(f, a))))
    return st.one_of(whole, whole, npy(), whole.flatmap(mutated), st.binary(max_size=20))


KEYS = ("images", "labels", "test_images", "test_labels", "groups", "test_groups", "class_names", "more")


@st.composite
def members(draw: st.DrawFn) -> dict[str, bytes]:
    """images and labels, of which one may be wrong, and perhaps others."""
    some = dict(NPY)
    for key in draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=3)):
        some[key] = draw(arrays())
    for key in draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=1)):
        some.pop(key, None)
    return some


@st.composite
def npz(draw: st.DrawFn) -> Case:
    """An .npz with wrong arrays, or wrong as a zip."""
    archive = zipped({f"{key}{draw(st.sampled_from(('.npy', '.npy', '')))}": a for key, a in draw(members()).items()})
    kind = draw(st.sampled_from(("whole", "whole", "mutated", "patched")))
    if kind == "mutated":
        archive = draw(mutated(archive))
    elif kind == "patched":
        archive = patched(archive, draw(st.integers(0, 255)), draw(st.sampled_from((None, 1, 9, 12, 14, 93, 99))))
    return Case({"a.npz": archive}, "a.npz", draw(st.sampled_from(({}, {"color": "per-channel"}, {"groups": "none"}))))


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=6), st.just("\ud800")),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=6,
)
DEEP = st.sampled_from(
    ("[" * 100_000, '{"a":' * 50_000, "[" * 2000 + "]" * 2000, "9" * 5000, "1e999", "NaN", "-Infinity")
)


@st.composite
def memmaps(draw: st.DrawFn) -> Case:
    """A folder of arrays, and class names as any JSON."""
    files = {f"m/{key}.npy": array for key, array in draw(members()).items()}
    names = st.one_of(st.just('["a", "b"]'), DEEP, JSON.map(json.dumps), st.just('["a\\u0000", "a"]'))
    if draw(st.booleans()):
        files["m/class_names.json"] = draw(st.one_of(names.map(str.encode), st.binary(max_size=20)))
    return Case(files, "m")


# Other tables


@st.composite
def idx(draw: st.DrawFn) -> Case:
    """IDX files, gzipped or not, whose headers and lengths are wrong."""
    files = {}
    for name, array in (("train-images-idx3-ubyte", IMAGES), ("train-labels-idx1-ubyte", LABELS)):
        sides = draw(
            st.one_of(st.just(array.shape), st.lists(st.sampled_from((0, 1, 8, 24, 2**31, 2**32 - 1)), max_size=4))
        )
        data = struct.pack(f">4B{len(sides)}I", 0, 0, 8, len(sides), *sides) + array.astype(np.uint8).tobytes()
        data = draw(st.one_of(st.just(data), mutated(data)))
        if draw(st.booleans()):
            data = draw(st.one_of(st.just(data), mutated(gzip.compress(data, mtime=0))))
        files[f"i/{name}"] = data
    return Case(files, draw(st.sampled_from(("i", "i/train-images-idx3-ubyte"))))


def as_csv(columns: list[str], rows: list[list[object]]) -> bytes:
    """A table as text."""
    return "\n".join(",".join(map(str, row)) for row in (columns, *rows)).encode("utf-8", "surrogatepass")


CELLS = st.one_of(
    st.integers(-5, 300), st.floats(), st.text(max_size=4), st.sampled_from(("", "NaN", '"', "1e400", "0x1F", "9" * 40))
)
NAMES = st.one_of(
    st.one_of(st.integers(0, 70), st.integers(0, 10**10)).map("pixel{}".format),
    st.lists(st.integers(0, 10**10), min_size=2, max_size=3).map(lambda numbers: "x".join(map(str, numbers))),
    st.sampled_from(("label", "id", "1x1", "2x1", "", "7", '"')),
    st.text(max_size=4),
)


@st.composite
def csv(draw: st.DrawFn) -> Case:
    """A CSV with cells and columns that do not fit, perhaps in a damaged zip."""
    columns = ["label", *(f"pixel{i + 1}" for i in range(16))]
    rows: list[list[object]] = [[label, *image[:4, :4].ravel()] for image, label in zip(IMAGES, LABELS, strict=True)]
    for _ in range(draw(st.integers(0, 3))):
        rows[draw(st.integers(0, 23))][draw(st.integers(0, 16))] = draw(CELLS)
    for _ in range(draw(st.integers(0, 2))):
        columns[draw(st.integers(0, 16))] = draw(NAMES)
    if draw(st.booleans()):
        columns = draw(st.permutations(columns))
    if draw(st.integers(0, 4)) == 0:  # nothing but numbers, most of them far apart
        columns = ["label", *draw(st.lists(NAMES.filter(lambda name: name[-1:].isdigit()), min_size=16, max_size=16))]
    text = as_csv(columns, rows)
    text = draw(st.one_of(st.just(text), mutated(text), st.binary(max_size=60)))
    if draw(st.booleans()):
        return Case(
            {"a.csv": text},
            "a.csv",
            draw(st.sampled_from(({}, {"shape": "2x8"}, {"shape": "0x0"}, {"groups": "pixel3"}))),
        )
    archive = zipped({"a_train.csv": text, "b/a_test.csv": text})
    archive = draw(st.one_of(st.just(archive), mutated(archive), st.just(patched(archive, 1, None))))
    return Case({"a.csv.zip": archive}, "a.csv.zip")


def png(levels: np.ndarray) -> bytes:
    """A picture as a PNG."""
    return saved(lambda f: Image.fromarray(levels).save(f, "PNG"))


PNGS = [png(image) for image in IMAGES]


def nested(depth: int) -> pa.Array:
    """A column of structs in structs."""
    array = pa.array([1] * 24)
    for _ in range(depth):
        array = pa.StructArray.from_arrays([array], ["bytes"])
    return array


@st.composite
def tables(draw: st.DrawFn) -> Case:
    """Parquet files with columns of other types, repeated and missing ones, and damaged bytes."""
    paths = draw(st.sampled_from(("a.png", "a\0.png", "../a.png", "x" * 5000, "/etc/passwd", "a/" * 400, "")))
    images = [
        pa.array([{"bytes": each, "path": "a.png"} for each in PNGS]),
        pa.array(PNGS),
        pa.array([{"bytes": None, "path": paths}] * 24),
        pa.array([{"bytes": None, "path": each} for each in range(24)]),
        pa.array([{"bytes": None, "path": [b"a"]}] * 24),
        pa.array([{"bytes": "a", "path": b"\xff"}] * 24),
        pa.array(["a"] * 24),
        pa.array([None] * 24),
        pa.array([PNGS[:1]] * 24),
        nested(3),
        nested(98),
    ]
    labels = [
        pa.array(LABELS),
        pa.array(["a", "b\0"] * 12),
        pa.array(["a", "b"] * 12).dictionary_encode(),
        pa.array(LABELS.astype(np.uint64) + 2**63),
        pa.array(LABELS.astype(np.int8)),
        pa.array(LABELS / 2),
        pa.array(LABELS, pa.timestamp("ns")),
        pa.array([b"a", b"\xff"] * 12),
        pa.array([[1], [2]] * 12),
        pa.array([None, 1] * 12),
        pa.array(["x" * 1000, "y"] * 12),
        nested(3),
    ]
    columns = {"image": images, "label": labels, "more": labels}
    names = draw(st.one_of(st.just(["image", "label"]), st.lists(st.sampled_from(list(columns)), max_size=4)))
    right = st.integers(0, 1)
    chosen = [columns[name][0 if draw(right) else draw(st.integers(0, len(columns[name]) - 1))] for name in names]
    about = draw(
        st.sampled_from(
            (
                b"[" * 100_000,
                b'{"info": {"features": {"label": {"names": ["a", "a"]}}}}',
                b'{"info": {"features": {"label": {"names": ["a", "\\ud800"]}}}}',
                b'{"info": {"features": {"label": {"names": ["a", "b", 3]}}}}',
                b"{}",
            )
        )
    )
    table = pa.Table.from_arrays(chosen, names=names).replace_schema_metadata({b"huggingface": about})
    content = saved(lambda f: parquet.write_table(table, f, row_group_size=10))
    content = draw(st.one_of(st.just(content), mutated(content)))
    flags = draw(st.sampled_from(({}, {"skip_bad": True}, {"groups": "more"}, {"groups": "(.)"})))
    return Case({"a.parquet": content, "a.png": PNGS[0]}, "a.parquet", flags)


# Pictures

PARTS = (
    "train",
    "Train",
    "training",
    "test",
    "TEST_SET",
    "val",
    "seg_train",
    "seg_test",
    "cat",
    "dog",
    "images",
    "c\udcff",
)
BIG = np.arange(64, dtype=np.uint16).reshape(8, 8)


def encoded(form: str) -> list[bytes]:
    """Pictures of every kind in a format."""
    kinds = [
        Image.fromarray(IMAGES[0]),
        Image.fromarray(np.stack([*IMAGES[:3]], -1)),
        Image.fromarray(IMAGES[0]).convert("P"),
    ]
    kinds += [
        kinds[1].convert("RGBA"),
        Image.fromarray(IMAGES[0] > 99),
        Image.fromarray(BIG),
        Image.fromarray(BIG * 1000),
    ]
    kinds += [Image.fromarray(BIG.astype(np.int32)), Image.fromarray(BIG.astype(np.float32)), kinds[1].convert("CMYK")]
    made = []
    for kind in kinds:
        try:
            made.append(saved(lambda f, kind=kind: kind.save(f, form)))
        except (OSError, ValueError, KeyError):  # a mode that the format does not have
            continue
    return made


ENCODED = [each for form in FORMATS for each in encoded(form)]


@st.composite
def folders(draw: st.DrawFn) -> Case:
    """Folders in folders, called as parts and classes are, with pictures and other files in them."""
    contents = st.sampled_from((*PNGS[:4], png(BIG), b"", b"text"))
    names = st.sampled_from(
        ("1.png", "2.png", "x.jpg", "notes.txt", "metadata.csv", ".hidden", "Thumbs.db", "x.parquet")
    )
    files = {}
    for _ in range(draw(st.integers(0, 12))):
        below = draw(st.lists(st.sampled_from(PARTS), max_size=3))
        files["/".join(["f", *below, draw(names)])] = draw(contents)
    for i, image in enumerate(PNGS if draw(st.booleans()) else ()):
        files[f"f/{draw(st.sampled_from(('', 'train/', 'test/')))}{'ab'[i % 2]}/{i}.png"] = image
    flags = draw(st.sampled_from(({}, {"skip_bad": True}, {"size": "8x8"}, {"groups": "([^/]+)/[^/]+$"})))
    return Case({"f/.keep": b"", **files}, "f", flags)


@st.composite
def pictures(draw: st.DrawFn) -> Case:
    """Good pictures, and damaged ones of every format among them."""
    files = {f"f/{'ab'[i % 2]}/{i:02}.png": image for i, image in enumerate(PNGS)}
    for i in range(draw(st.integers(1, 3))):
        whole = draw(st.sampled_from(ENCODED))
        files[f"f/{draw(st.sampled_from('ab'))}/x{i}.png"] = draw(st.one_of(st.just(whole), mutated(whole)))
    flags = {"skip_bad": draw(st.booleans()), "size": draw(st.sampled_from((None, "8x8")))}
    return Case(files, "f", flags | {"color": draw(st.sampled_from(("gray", "per-channel", "channel:r")))})


# The thresholds file


def a_document() -> dict[str, Any]:
    """A thresholds file of no study."""
    candidate = {
        "threshold_ranges": [0, 90, 150, 255],
        "cut_points": [90, 150],
        "encoding": "thermometer",
        "weights": "real",
        "activations": "real",
        "channels": 2,
        "bits_per_pixel": 2,
        "index_bits_per_pixel": 2,
        "value": 0.9,
        "standard_error": 0.01,
        "interval": [0.88, 0.92],
        "trials": 1,
        "reference": None,
        "confirmed": None,
    }
    counts = {"complete": 1, "pruned": 0, "fail": 0, "running": 0, "waiting": 0, "stopped": 0}
    recipe = {"network": "compact", "width": 4, "epochs": 1, "batch_size": 16, "augmentation": {"shift": 0.1}}
    return {
        "schema_version": 1,
        "created_at": "2026-01-01T00:00:00+00:00",
        "pick": "best",
        **candidate,
        "comparison": "pixel >= cut_point",
        "metric": "validation accuracy",
        "confirmation": None,
        "best_by_cut_points": [candidate],
        "references": [],
        "greyscale": None,
        "data": {
            "name": "digits",
            "height": 8,
            "width": 8,
            "class_names": ["a", "b"],
            "preprocessing": {"size": [8, 8], "fit": "crop", "color": "gray"},
        },
        "study": {"name": "s", "trials": counts},
        "fingerprints": {"data": "0" * 16, "split": "0" * 16, "protocol": "0" * 8},
        "protocol": {
            "recipe": recipe,
            "metric": "accuracy",
            "seed": 0,
            "folds": 1,
            "repeats": 1,
            "variants": 0,
            "variants_of": "near copies",
            "grouping": {"groups": "automatic", "similarity": 0.98},
        },
        "versions": {"torch": "2"},
    }


def as_json(made: object) -> bytes:
    """As text that is not checked for what JSON allows."""
    return json.dumps(made).encode()


@st.composite
def thresholds(draw: st.DrawFn) -> Case:
    """A thresholds file in which values are of another type, missing, deep, or no JSON at all."""
    made = a_document()
    for _ in range(draw(st.integers(0, 3))):
        place: Any = made
        key = draw(st.sampled_from(sorted(made)))
        while isinstance(place[key], dict | list) and place[key] and draw(st.booleans()):
            place = place[key]
            key = (
                draw(st.sampled_from(sorted(place)))
                if isinstance(place, dict)
                else draw(st.integers(0, len(place) - 1))
            )
        if draw(st.integers(0, 3)):
            place[key] = draw(st.one_of(JSON, st.integers(0, 300), st.just("DEEP")))
        elif isinstance(place, dict) and len(place) > 1:
            del place[key]
        made = made if isinstance(made, dict) and made else a_document()
    text = as_json(made).replace(b'"DEEP"', draw(DEEP).encode(), 1)
    return Case({"t.json": draw(st.one_of(st.just(text), mutated(text)))}, "t.json")


READERS: dict[str, st.SearchStrategy[Case]] = {
    "npz": npz(),
    "memmaps": memmaps(),
    "idx": idx(),
    "csv": csv(),
    "parquet": tables(),
    "folders": folders(),
    "pictures": pictures(),
    "thresholds": thresholds(),
}
