"""Photo groups given by the user, in every format, and the errors for invalid ones."""

import json
import shlex
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pyarrow import parquet

from search.data.cache import folder as cache_folder
from search.data.given import group_numbers
from search.data.hints import OFFER
from search.data.load import load_pictures
from search.data.source import Source
from search.errors import BadInput
from tests.conftest import toy_pictures
from tests.test_decode import encoded

RNG = np.random.default_rng(0)
PEOPLE = 12  # with 8 images each; no two images are near copies
IMAGES = RNG.integers(0, 256, (96, 8, 8)).astype(np.uint8)
LABELS = np.arange(96) % 3
PERSON = np.repeat(np.arange(PEOPLE), 8)


def together(numbers):
    return numbers[:, None] == numbers[None, :]


def loaded(data, **source):
    return load_pictures(Source(str(data), **source))[0]


def save_folder(folder, rows=range(96), name="{class_name}/{person:05}_{i:05}.png"):
    """Writes images by class; returns the person of each image, sorted by file name."""
    files = {}
    for i in rows:
        path = Path(folder) / name.format(class_name="abc"[LABELS[i]], person=PERSON[i], i=i)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(IMAGES[i]).save(path)
        files[path] = PERSON[i]
    return np.array([files[path] for path in sorted(files)])


def save_csv(path, rows=range(96), column="person", values=PERSON):
    header = ",".join(["label", *([column] if column else []), *(f"pixel{i}" for i in range(64))])
    lines = [",".join(map(str, [LABELS[i], *([values[i]] if column else []), *IMAGES[i].ravel()])) for i in rows]
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text("\n".join([header, *lines]))
    return path


def save_parquet(path, rows=range(96), paths=True, **more):
    rows = list(rows)
    pngs = [encoded(Image.fromarray(IMAGES[i])) for i in rows]
    structs = [
        {"bytes": png, "path": f"{PERSON[i]}_{i}.png" if paths else None} for i, png in zip(rows, pngs, strict=True)
    ]
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.table({"image": structs, "label": LABELS[rows], **more}), path)
    return path


def test_the_first_capture_group_of_a_path_names_its_group():
    people = save_folder("photos")
    pictures = loaded("photos", groups=r"(\d+)_(\d+)\.png$")
    assert (together(pictures.train.groups) == together(people)).all()
    assert len(set(pictures.train.copies)) == 96
    assert pictures.grouping == {"groups": "given", "similarity": 0.98}


def test_expressions_match_paths_relative_to_the_data_folder():
    people = save_folder("photos/7_7", name="{class_name}/p{person}/{i}.png")
    with pytest.raises(BadInput, match=r"a and b contain folders of the same names .* or declare the subfolders"):
        loaded("photos/7_7")
    with pytest.raises(BadInput, match="a and b contain folders of the same names"):
        loaded("photos/7_7", groups=r"(\d+)\.png$")
    assert loaded("photos/7_7", groups="([^/]+)/[^/]+$").train.photos == PEOPLE
    pictures = loaded("photos/7_7", groups="^[abc]/(p[^/]+)/")
    assert (together(pictures.train.groups) == together(people)).all()
    save_folder("others/7_7")
    with pytest.raises(BadInput, match="96 of 96 paths do not match"):
        loaded("others/7_7", groups="(7_7)")


def test_equal_names_mean_one_group_in_training_and_test_pictures():
    train, test = range(0, 60), range(52, 96)  # persons 6 and 7 are in both sets
    expected = None
    save_folder("f/train", train)
    save_folder("f/test", test)
    save_csv("c/x_train.csv", train)
    save_csv("c/x_test.csv", test)
    save_parquet("p/train.parquet", train, person=[f"P{p}" for p in PERSON[train]])
    save_parquet("p/test.parquet", test, person=[f"P{p}" for p in PERSON[test]])
    arrays = {"images": IMAGES[train], "labels": LABELS[train], "groups": PERSON[train]}
    arrays |= {"test_images": IMAGES[test], "test_labels": LABELS[test], "test_groups": PERSON[test]}
    np.savez("n.npz", **arrays)
    Path("m").mkdir()
    for name, array in arrays.items():
        np.save(f"m/{name}.npy", array)
    for data, groups in (
        ("f", r"(\d+)_\d+\.png"),
        ("c", "person"),
        ("p", "person"),
        ("p", r"^(\d+)_"),
        ("n.npz", None),
        ("m", None),
    ):
        pictures = loaded(data, groups=groups)
        # The order depends on the format; sorting by pixels makes results comparable.
        order, test_order = (
            np.lexsort(part.images.reshape(len(part), -1).T) for part in (pictures.train, pictures.test)
        )
        found = np.concatenate([pictures.train.groups[order], pictures.test.groups[test_order]])
        expected = together(found) if expected is None else expected
        assert (together(found) == expected).all(), data
        assert pictures.test.photos == 6
        assert np.isin(pictures.test.groups, pictures.train.groups).sum() == 12
        assert pictures.grouping["groups"] == "given"
        shared = "12 test images of 2 groups also found in the training images: a confirmation leaves them out"
        assert shared in pictures.notes


@given(
    names=st.lists(st.integers(-3, 3) | st.integers(2**63, 2**63 + 3), min_size=1),
    test=st.lists(st.integers(-3, 3), min_size=1),
)
def test_equal_names_have_equal_numbers_for_any_type(names, test):
    dtype = np.uint64 if min(names) >= 0 else np.int64
    names = [name for name in names if dtype == np.uint64 or name < 2**63]
    sides = np.array(names, dtype), np.array(test, np.int8)
    found = np.concatenate(group_numbers(*sides, "a.npz"))
    assert found.min() == 0
    everything = [*names, *test]
    assert [[a == b for b in everything] for a in everything] == together(found).tolist()


def test_invalid_group_arrays_are_refused():
    arrays = {"images": IMAGES, "labels": LABELS}
    test = {"test_images": IMAGES, "test_labels": LABELS}
    for more, message in (
        ({"groups": PERSON[:5]}, r"groups are int64 \(5,\); give one integer or name per image"),
        ({**test, "groups": PERSON, "test_groups": PERSON[:5]}, r"test_groups are int64 \(5,\)"),
        ({**test, "test_groups": PERSON}, "test_groups without groups; give both"),
        ({"groups": PERSON, "test_groups": PERSON}, "test_groups without test_images"),
        (
            {**test, "groups": PERSON, "test_groups": PERSON.astype(str)},
            "groups are int64 and test_groups <U21; use one type",
        ),
    ):
        np.savez("a.npz", **arrays, **more)
        with pytest.raises(BadInput, match=message):
            loaded("a.npz")


def test_without_test_groups_test_pictures_are_grouped_by_near_copies_and_a_note_says_so():
    test = toy_pictures(photos=3, variants=4).train
    np.savez("a.npz", images=IMAGES, labels=LABELS, groups=PERSON, test_images=test.images, test_labels=test.labels)
    pictures = loaded("a.npz")
    assert (together(pictures.test.groups) == together(test.groups)).all()
    assert not np.isin(pictures.test.groups, pictures.train.groups).any()
    assert "the data have no test_groups: test images are grouped only by near copies" in pictures.notes


def test_near_copies_join_given_groups_and_a_note_counts_them():
    images = IMAGES.copy()
    images[15] = images[0]  # persons 1 and 0, same class
    np.savez("a.npz", images=images, labels=LABELS, groups=PERSON)
    assert loaded("a.npz").train.photos == 11
    assert "near copies join the 12 given groups of training images into 11" in loaded("a.npz").notes
    apart = loaded("a.npz", similarity=1)
    assert (apart.train.photos, apart.notes) == (12, ())
    assert apart.grouping == {"groups": "given", "similarity": 1}


def test_groups_none_makes_each_picture_a_group_and_notes_unused_groups(monkeypatch):
    toy = toy_pictures().train
    monkeypatch.setattr("search.data.groups.close_pairs", lambda *_: pytest.fail("pixels were compared"))
    test = {"test_images": toy.images[:9], "test_labels": toy.labels[:9]}
    np.savez("a.npz", images=toy.images, labels=toy.labels, groups=toy.groups, **test)
    pictures = loaded("a.npz", groups="none")
    assert (pictures.train.photos, pictures.test.photos, pictures.known_copies) == (108, 9, 0)
    assert not np.isin(pictures.test.groups, pictures.train.groups).any()
    assert pictures.grouping == {"groups": "none"}
    assert pictures.notes == (
        "the groups in the data are not used, because --groups none treats each image as a group",
    )
    assert loaded("digits", groups="none").train.photos == 1797


def test_groups_none_separates_pictures_that_share_a_frame():
    """The use case of --groups none."""
    framed = np.zeros((30, 16, 16), np.uint8)
    framed[:, 3:-3, 3:-3] = 200 + RNG.integers(0, 56, (30, 10, 10))
    np.savez("a.npz", images=framed, labels=np.arange(30) % 2)
    assert loaded("a.npz").train.photos == 2
    assert loaded("a.npz", groups="none").train.photos == 30


def test_a_lower_similarity_joins_more_pictures():
    toy = toy_pictures().train
    noisy = (toy.images + RNG.normal(0, 12, toy.images.shape)).clip(0, 255).astype(np.uint8)
    np.savez("a.npz", images=noisy, labels=toy.labels)
    found = [loaded("a.npz", similarity=similarity) for similarity in (0.999, 0.9)]
    assert [pictures.train.photos for pictures in found] == [108, 36]
    assert found[1].grouping == {"groups": "automatic", "similarity": 0.9}


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"groups": "("}, r"--groups '\(': invalid regular expression \(missing \), unterminated"),
        ({"groups": r"\d+_"}, r"no capture group; put the part that names a group in parentheses"),
        ({"groups": r"(\d+)x_"}, r"96 of 96 paths do not match, the first is a/00000_00000.png; change the expression"),
        ({"groups": r"(0000[1-9])_"}, r"24 of 96 paths do not match, the first is a/00000_00000.png"),
        ({"groups": r"(q?)"}, r"96 of 96 paths do not match"),
        ({"groups": r"0(q)?"}, r"96 of 96 paths do not match"),
        ({"groups": "  "}, "--groups is empty"),
        (
            {"similarity": -0.1},
            r"--similarity -0.1: expected a correlation of 0 to 0.9999, or 1 to compare no images",
        ),
        ({"similarity": float("nan")}, "--similarity nan: expected"),
        ({"similarity": 0.99999}, "--similarity 0.99999: expected"),
        ({"groups": "none", "similarity": 0.9}, "--similarity 0.9: --groups none compares no images; remove one"),
    ],
)
def test_invalid_expressions_and_similarities_are_refused_in_one_line(flags, message):
    save_folder("photos")
    with pytest.raises(BadInput, match=message) as caught:
        loaded("photos", **flags)
    assert "\n" not in str(caught.value)


def test_skipped_pictures_need_no_group():
    people = save_folder("photos")
    Path("photos/a/readme.txt").write_text("no image")
    with pytest.raises(BadInput, match=r"1 of 97 paths do not match, the first is a/readme\.txt"):
        loaded("photos", groups=r"(\d+)_\d+\.png$")
    pictures = loaded("photos", groups=r"(\d+)_\d+\.png$", skip_bad=True)
    assert (together(pictures.train.groups) == together(people)).all()


def test_a_csv_column_of_numbers_or_text_names_the_groups():
    for values in (PERSON, [f"Jo {p}" for p in PERSON]):
        pictures = loaded(save_csv("a.csv", values=values), groups="person")
        assert (together(pictures.train.groups) == together(PERSON)).all()
        assert np.array_equal(pictures.train.images, IMAGES)


@pytest.mark.parametrize(
    ("table", "groups", "message"),
    [
        ({}, "persom", r"--groups persom: no column of that name; did you mean person\?"),
        ({}, "zzz", r"--groups zzz: no column of that name; the columns are person$"),
        ({"column": None}, "zzz", r"--groups zzz: no column of that name; there are no other columns$"),
        ({}, "label", "that column does not hold groups"),
        ({"values": [""] * 96}, "person", "row 2: the group is empty"),
        ({"values": [0.5] * 96}, "person", "groups are float64, such as 0.5; use integers or text"),
        ({}, None, "column 'person' is not a pixel column .* or give --groups person if it names photo groups"),
    ],
)
def test_invalid_group_columns_of_a_csv_are_refused(table, groups, message):
    save_csv("a.csv", **table)
    with pytest.raises(BadInput, match=message):
        loaded("a.csv", groups=groups)


def test_a_group_column_missing_in_the_test_table_is_refused():
    save_csv("c/x_train.csv")
    save_csv("c/x_test.csv", column=None)
    with pytest.raises(BadInput, match=r"x_test\.csv: --groups person: no column of that name"):
        loaded("c", groups="person")


@pytest.mark.parametrize(
    ("table", "groups", "message"),
    [
        ({"person": PERSON}, "persom", r"--groups persom: no column of that name; did you mean person\?"),
        ({}, "zzz", "no column of that name; there are no other columns"),
        ({}, "image", "that column does not hold groups"),
        ({"person": [None, *PERSON[1:].tolist()]}, "person", "row 0: the person is missing"),
        ({"person": PERSON / 2}, "person", "persons such as 0.0 are not allowed; use integers or text"),
        ({}, r"(\d+)x", "96 of 96 paths do not match, the first is 0_0.png"),
        ({"paths": False}, r"(\d+)_", "row 0: no path for the expression of --groups; give a group column"),
    ],
)
def test_invalid_group_columns_and_paths_of_parquet_are_refused(table, groups, message):
    save_parquet("a.parquet", **table)
    with pytest.raises(BadInput, match=message):
        loaded("a.parquet", groups=groups)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("digits", "the named data sets have no names for groups"),
        ("a.npz", "an .npz's arrays have no names for groups; its arrays groups and test_groups are used without"),
        ("m", "memmaps have no names for groups; groups.npy and test_groups.npy are used without a flag"),
        (
            "train-images-idx3-ubyte",
            "IDX files have no names for groups; save the data as .npz with the arrays groups and",
        ),
    ],
)
def test_formats_without_names_refuse_groups_and_suggest_an_alternative(data, message):
    np.savez("a.npz", images=IMAGES, labels=LABELS)
    Path("m").mkdir()
    for name, array in (("images", IMAGES), ("labels", LABELS)):
        np.save(f"m/{name}.npy", array)
    Path("train-images-idx3-ubyte").write_bytes(b"")
    with pytest.raises(BadInput, match=message):
        loaded(data, groups="(x)")


OWN = "every image is a separate group; if some are frames of one video or show one person, name the groups "


def test_a_note_says_if_every_picture_is_a_separate_group_and_how_to_name_groups():
    save_folder("photos", name="{class_name}/{i}.png")
    save_csv("a.csv", column=None)
    save_parquet("a.parquet", paths=False)
    np.savez("a.npz", images=IMAGES, labels=LABELS)
    remedies = {
        "photos": "--groups REGEX",
        "a.csv": "--groups COLUMN",
        "a.parquet": "--groups COLUMN or REGEX",
        "a.npz": "the array groups",
    }
    for data, remedy in remedies.items():
        assert loaded(data).notes == (f"{OWN}with {remedy}",)
        assert loaded(data, groups="none").notes == ()
    toy = toy_pictures().train
    np.savez("b.npz", images=toy.images, labels=toy.labels)
    assert loaded("b.npz").notes == ()


def test_likely_groups_are_suggested_unless_groups_are_given():
    save_folder("photos")
    save_parquet("a.parquet", person=PERSON)
    save_parquet("b.parquet", number=np.arange(96))
    for data, flag in (("photos", r"'(\d+)_\d+\.png$'"), ("a.parquet", "person"), ("b.parquet", r"'(\d+)_\d+\.png$'")):
        hint = loaded(data).notes[0]
        assert f"others have the number before the last in common: {OFFER} --groups {flag}" in hint or (
            f"8 images have '0' as 'person': {OFFER} --groups {flag}" == hint
        )
        for groups in (shlex.split(flag)[0], "none"):
            assert not any(OFFER in note for note in loaded(data, groups=groups).notes)


def test_the_cache_depends_on_groups_and_similarity_and_stores_copies_grouping_and_notes():
    save_folder("photos")
    for each in ({}, {"groups": r"(\d+)_"}, {"groups": "none"}, {"similarity": 0.5}):
        first, again = loaded("photos", **each), loaded("photos", **each)
        assert (first.grouping, first.notes) == (again.grouping, again.notes)
        assert np.array_equal(first.train.groups, again.train.groups)
        assert np.array_equal(first.train.copies, again.train.copies)
    assert len(list((cache_folder() / "pictures").iterdir())) == 4


def test_groups_of_memmaps_are_cached_with_their_copies():
    Path("m").mkdir()
    toy = toy_pictures().train
    arrays = {"images": toy.images, "labels": toy.labels, "groups": toy.groups // 2}
    arrays |= {"test_images": toy.images[:9], "test_labels": toy.labels[:9], "test_groups": toy.groups[:9] // 2}
    for name, array in arrays.items():
        np.save(f"m/{name}.npy", array)
    Path("m/class_names.json").write_text(json.dumps(["x", "y", "z"]))
    first, again = loaded("m"), loaded("m")
    for found in (first, again):
        assert (together(found.train.copies) == together(toy.groups)).all()
        assert (together(found.train.groups) == together(toy.groups // 2)).all()
        assert (together(found.test.copies) == together(toy.groups[:9])).all()
    assert (first.notes, first.known_copies) == (again.notes, 9)
