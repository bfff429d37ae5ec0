"""Parquet files in Hugging Face's layout."""

import json
import os
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import parquet

from search.data.load import load_pictures
from search.data.source import Source
from search.errors import BadInput
from tests.conftest import toy_pictures
from tests.test_decode import encoded

PART = toy_pictures().train
PNGS = [encoded(Image.fromarray(image)) for image in PART.images]
STRUCTS = [{"bytes": png, "path": f"{i}.png"} for i, png in enumerate(PNGS)]
NAMES = {b"huggingface": json.dumps({"info": {"features": {"label": {"names": [*"xyz"], "_type": "ClassLabel"}}}})}


def save(path, images=STRUCTS, labels=PART.labels, metadata=None, store_schema=True, **more):
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table({"image": images, "label": labels, **more}).replace_schema_metadata(metadata)
    parquet.write_table(table, path, row_group_size=40, store_schema=store_schema)
    return str(path)


@pytest.mark.parametrize("images", [STRUCTS, PNGS, [{"bytes": png} for png in PNGS]], ids=["struct", "bytes", "half"])
def test_pictures_in_a_struct_or_as_bytes_are_read_in_order(images):
    pictures, _ = load_pictures(Source(save("a.parquet", images)))
    assert np.array_equal(pictures.train.images, PART.images)
    assert np.array_equal(pictures.train.labels, PART.labels)
    assert pictures.class_names == ("0", "1", "2")


@pytest.mark.parametrize("below", ["", "data/"])
def test_a_folder_may_have_training_shards_and_a_test_file(below):
    save(f"h/{below}train-00000-of-00002.parquet", STRUCTS[:60], PART.labels[:60], NAMES)
    save(f"h/{below}train-00001-of-00002.parquet", STRUCTS[60:], PART.labels[60:], NAMES)
    save(f"h/{below}test-00000-of-00001.parquet", STRUCTS[:9], PART.labels[:9], NAMES)
    pictures, _ = load_pictures(Source("h"))
    assert np.array_equal(pictures.train.images, PART.images)
    assert (len(pictures.test), pictures.known_copies) == (9, 9)
    assert pictures.class_names == ("x", "y", "z")


def test_text_labels_are_the_class_names():
    pictures, _ = load_pictures(Source(save("a.parquet", labels=np.array(["red", "green", "blue"])[PART.labels])))
    assert pictures.class_names == ("blue", "green", "red")


def test_pictures_given_by_path_must_lie_below_the_table_and_the_cache_depends_on_them():
    Path("pics").mkdir()
    for i, png in enumerate(PNGS):
        Path(f"pics/{i}.png").write_bytes(png)
    rows = [{"bytes": None, "path": f"pics/{i}.png"} for i in range(len(PNGS))]
    file = save("a.parquet", rows)
    assert np.array_equal(load_pictures(Source(file))[0].train.images, PART.images)
    Path("pics/0.png").write_bytes(encoded(Image.fromarray(255 - PART.images[0])))
    assert np.array_equal(load_pictures(Source(file))[0].train.images[0], 255 - PART.images[0])
    with pytest.raises(BadInput, match=r"row 1: \.\./1.png is not below"):
        load_pictures(Source(save("a.parquet", [rows[0], {"bytes": None, "path": "../1.png"}], [0, 1])))


def test_bad_pictures_are_an_error_or_skipped_and_pictures_can_be_resized():
    images = [*STRUCTS[:-2], {"bytes": b"x", "path": "x"}, None]
    file = save("a.parquet", images)
    with pytest.raises(BadInput, match=r"a.parquet, row 106 is not an image in a supported format"):
        load_pictures(Source(file))
    pictures, _ = load_pictures(Source(file, skip_bad=True, size="6x6"))
    assert np.array_equal(pictures.train.labels, PART.labels[:-2])
    assert pictures.shape == (6, 6)
    assert pictures.notes[0].startswith("2 bad images skipped: a.parquet, row 106")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: save("a.parquet", more=PART.labels) and rename("a.parquet", "label", "target"), "no column 'label',"),
        (lambda: save("a.parquet", labels=[None, *PART.labels[1:]]), "row 0: the label is missing"),
        (
            lambda: save("a.parquet", labels=PART.labels + 0.5),
            "labels such as 0.5 are not allowed; use integers or text",
        ),
        (lambda: save("a.parquet", labels=PART.labels - 1, metadata=NAMES), "labels -1..1 do not fit 3 class_names"),
        (lambda: save("a.parquet", images=[*map(str, range(108))]), "row 0: the image is str"),
        (lambda: save("a.parquet", STRUCTS[:0], PART.labels[:0]), "no rows; add images"),
        (lambda: Path("a.parquet").write_bytes(b"x" * 99) and "a.parquet", "not a parquet file, or damaged"),
        (lambda: cut("a.parquet"), "not a parquet file, or damaged"),
        (lambda: save("h/validation.parquet") and "h", r"h: it has validation.parquet; it needs .*\*train\*.parquet"),
        (
            lambda: save("h/train.parquet") and save("h/test.parquet", labels=[*map(str, PART.labels)]) and "h",
            "labels are numbers in one file and text in another",
        ),
        (
            lambda: save("h/train.parquet") and save("h/test.parquet", labels=PART.labels + 1) and "h",
            "the test set has label 3, which no training image has",
        ),
    ],
)
def test_bad_tables_are_refused(make, message):
    with pytest.raises(BadInput, match=message):
        load_pictures(Source(make()))


def rename(file, old, new):
    table = parquet.read_table(file)
    parquet.write_table(table.rename_columns([new if name == old else name for name in table.column_names]), file)
    return file


def cut(file):
    """Saves a file that is damaged in the middle, so that its footer can still be read."""
    data = bytearray(Path(save(file)).read_bytes())
    data[4:3000] = bytes(2996)
    Path(file).write_bytes(bytes(data))
    return file


def test_without_pyarrow_one_line_names_the_extra(monkeypatch):
    file = save("a.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(
        BadInput, match=r"a.parquet: parquet files need pyarrow; run pip install 'cutpoints\[parquet\]'"
    ):
        load_pictures(Source(file))


def structs(path):
    return [{"bytes": None, "path": path} for _ in PNGS]


def about(text):
    return {b"huggingface": text}


def columns(*names):
    known = {"image": pa.array(STRUCTS), "label": pa.array(PART.labels)}
    parquet.write_table(pa.Table.from_arrays([known[name] for name in names], names=names), "a.parquet")
    return "a.parquet"


def nested(depth):
    array = pa.array(PART.labels)
    for _ in range(depth):
        array = pa.StructArray.from_arrays([array], ["bytes"])
    return array


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: save("a.parquet", labels=PART.labels.astype(np.uint64) + 2**63),
            "label 9223372036854775810 is too large; use integers",
        ),
        (lambda: save("a.parquet", structs("a\0b.png")), r"row 0: 'a\\x00b.png' is not a valid file name"),
        (lambda: save("a.parquet", structs("x" * 5000)), "row 0: 'xxxx.*' is not a valid file name"),
        (lambda: save("a.parquet", structs(7)), "row 0: '7' is not a valid file name; store the image's bytes"),
        (lambda: save("a.parquet", structs(b"7.png")), "is not a valid file name"),
        (lambda: save("a.parquet", structs(["7.png"])), "is not a valid file name"),
        (lambda: columns("image", "label", "label"), "two columns 'label'; remove one"),
        (lambda: columns("image", "image", "label"), "two columns 'image'; remove one"),
        (lambda: save("a.parquet", nested(3)), "row 0: the image is dict, not an encoded image's bytes"),
        (lambda: save("a.parquet", nested(120)), "too deeply nested"),
        (
            lambda: save("a.parquet", labels=nested(2)),
            r"labels such as \{'bytes': \{'bytes': 0\}\} are not allowed; use integers",
        ),
        (lambda: save("a.parquet", labels=nested(120)), "too deeply nested"),
        (lambda: save("a.parquet", labels=["a\0" if i else "a" for i in PART.labels]), "has control characters"),
        (lambda: save("a.parquet", labels=["a" * 300, *["b"] * 107]), "class name 'aaaa.* has 300 characters"),
        (
            lambda: save("a.parquet", labels=[b"a", *[b"b"] * 107]),
            "labels such as b'a' are not allowed; use integers or text",
        ),
        (lambda: save("a.parquet", labels=PART.labels * 0), "only one class"),
        (
            lambda: save("a.parquet", metadata=about('{"info": {"features": {"label": {"names": ["a", "a", "b"]}}}}')),
            "class_names contains a name twice",
        ),
        (
            lambda: save(
                "a.parquet", metadata=about('{"info": {"features": {"label": {"names": ["a\\ud800", "b", "c"]}}}}')
            ),
            "class names: the class name .* has control characters",
        ),
    ],
)
def test_tables_with_unexpected_contents_are_refused(make, message):
    with pytest.raises(BadInput, match=f"a.parquet.*{message}") as caught:
        load_pictures(Source(make()))
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("text", ["[" * 100_000, '{"info": {"features": {"label": {"names": "xyz"}}}}', "[1]", "NaN"])
def test_metadata_without_class_names_is_ignored(text):
    assert load_pictures(Source(save("a.parquet", metadata=about(text))))[0].class_names == ("0", "1", "2")


def test_labels_are_checked_before_pictures_are_decoded(monkeypatch):
    monkeypatch.setattr("search.data.stack.decode", None)
    file = save("a.parquet", metadata=about('{"info": {"features": {"label": {"names": ["x", "y"]}}}}'))
    with pytest.raises(BadInput, match=r"labels 0\.\.2 do not fit 2 class_names"):
        load_pictures(Source(file))


def repeated(values, rows):
    """A dictionary-encoded column, which stores each value once."""
    return pa.DictionaryArray.from_arrays(pa.array([i % len(values) for i in range(rows)]), pa.array(values))


@pytest.fixture
def read_batches(monkeypatch):
    """Records column, rows and bytes of each batch that pyarrow reads."""
    read = []
    batches = parquet.ParquetFile.iter_batches

    def watched(table, rows, columns, **more):
        for batch in batches(table, rows, columns=columns, **more):
            read.append((columns[0], len(batch), batch.nbytes))
            yield batch

    monkeypatch.setattr(parquet.ParquetFile, "iter_batches", watched)
    return read


def test_large_pictures_are_read_in_small_batches(monkeypatch, read_batches):
    monkeypatch.setattr("search.data.parquet_columns.IN_MEMORY", 5000)
    pictures, _ = load_pictures(Source(save("a.parquet")))
    assert np.array_equal(pictures.train.images, PART.images)
    assert 0 < max(size for column, _, size in read_batches if column == "image") <= 5000


def test_a_recurring_picture_is_read_in_small_batches(monkeypatch, read_batches):
    monkeypatch.setattr("search.data.parquet_columns.IN_MEMORY", 300_000)
    big = [png + bytes(100_000) for png in PNGS[:2]]
    file = save("a.parquet", repeated(big, 120), [0, 1] * 60, store_schema=False)
    assert len(load_pictures(Source(file))[0].train) == 120
    assert max(size for column, _, size in read_batches if column == "image") <= 300_000
    monkeypatch.setattr("search.data.bounded.ALWAYS_ALLOWED", 1)
    del read_batches[:]
    with pytest.raises(BadInput, match=r"a.parquet: \d+ bytes expand to 3\d{6}, more than 100 times as many"):
        load_pictures(Source(file, size="9x9"))
    assert sum(size for column, _, size in read_batches if column == "image") < 3_200_000


@pytest.mark.parametrize(
    "labels", [["a" * 60_000, "b" * 60_000], [b"a" * 60_000, b"b" * 60_000]], ids=["text", "bytes"]
)
def test_overlong_labels_are_refused_in_the_first_batch(read_batches, labels):
    file = save("a.parquet", repeated(PNGS[:2], 2000), repeated(labels, 2000), store_schema=False)
    with pytest.raises(BadInput, match=r"class name '[ab]+'… has 60000 characters|labels such as b'aaa"):
        load_pictures(Source(file))
    assert [column for column, _, _ in read_batches] == ["label"]


def test_labels_that_expand_to_far_more_than_the_file_are_refused(monkeypatch):
    monkeypatch.setattr("search.data.bounded.ALWAYS_ALLOWED", 200_000)
    file = save("a.parquet", repeated(PNGS[:2], 3000), repeated(["a" * 150, "b"], 3000))
    monkeypatch.setattr("search.data.bounded.MAX_RATIO", 1)
    with pytest.raises(BadInput, match="bytes expand to"):
        load_pictures(Source(file))


def test_a_column_of_long_texts_gives_no_hint_and_is_not_read_further(read_batches):
    file = save("a.parquet", more=repeated(["x" * 5000, "y" * 5000], 108))
    assert load_pictures(Source(file))[0].notes == ()
    assert sum(size for column, _, size in read_batches if column == "more") < 500_000


@pytest.mark.parametrize("above", ["", "images/", "/data/2024/"])
def test_paths_in_tables_are_matched_below_their_common_part_folder(above):
    for part, rows in (("train", range(80)), ("test", range(60, 108))):
        images = [{"bytes": PNGS[i], "path": f"{above}{part}/{PART.labels[i]}/{i // 3}_{i % 3}.png"} for i in rows]
        save(f"h/{part}.parquet", images, PART.labels[rows])
    pictures, _ = load_pictures(Source("h", groups=r"^(.*)_\d+\.png$", similarity=0.9999))
    names = {(i // 3, PART.labels[i]) for i in range(80)} & {(i // 3, PART.labels[i]) for i in range(60, 108)}
    assert len(set(pictures.train.groups) & set(pictures.test.groups)) == len(names) > 0


def test_a_path_that_is_not_a_regular_file_is_refused():
    os.mkfifo("pipe.png")
    Path("folder.png").mkdir()
    for name in ("pipe.png", "folder.png"):
        file = save("a.parquet", [{"bytes": None, "path": name}] * 108)
        with pytest.raises(BadInput, match=f"a.parquet, row 0: {name} is not a file; store the image's bytes in the"):
            load_pictures(Source(file))


def test_parts_are_recognized_by_whole_words_and_other_files_are_noted():
    save("h/train-0.parquet")
    for name in ("latest", "unconstrained", "validation-0"):
        save(f"h/{name}.parquet")
    pictures, _ = load_pictures(Source("h"))
    assert (len(pictures.train), pictures.test) == (108, None)
    message = "h/latest.parquet, h/unconstrained.parquet, h/validation-0.parquet"
    message = f"3 parquet files not read, because the name contains neither train nor test: {message}"
    assert pictures.notes == (message,)
    save("h/data/my_TEST2.parquet")
    assert len(load_pictures(Source("h"))[0].test) == 108


def test_an_expression_without_a_group_is_not_mistaken_for_a_column():
    file = save("a.parquet")
    with pytest.raises(
        BadInput, match=r"--groups '\\d\+_': no capture group; put the part that names a group in parentheses"
    ):
        load_pictures(Source(file, groups=r"\d+_"))
    with pytest.raises(BadInput, match="--groups patient: no column of that name"):
        load_pictures(Source(file, groups="patient"))
