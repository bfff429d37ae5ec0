"""CSV files in Kaggle's form, and the errors for other files."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.data.csv_files import parse_csv, read_bytes, read_csv_files
from search.errors import BadInput
from tests.test_npz_files import patched

HEADER = "label,pixel1,pixel2,pixel3,pixel4\n"


def test_pictures_and_labels_are_read_in_order():
    images, labels = parse_csv(f"{HEADER}3,0,1,2,255\n7,9,8,7,6\n".encode(), "a.csv", None)
    assert images.dtype == np.uint8
    assert images.tolist() == [[[0, 1], [2, 255]], [[9, 8], [7, 6]]]
    assert labels.tolist() == [3, 7]


def test_text_labels_and_a_given_shape_are_read():
    images, labels = parse_csv(f"{HEADER}cat,0,1,2,3\n".encode(), "a.csv", (1, 4))
    assert (images.shape, labels.tolist()) == ((1, 1, 4), ["cat"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("class,pixel1\n1,2\n", "no column 'label' in the header"),
        ("label\n1\n", "no pixel columns, only 'label'"),
        (HEADER, "a header but no rows"),
        (f"{HEADER}1,1,2,3,4\n1,1,2,3\n", "row 3, column pixel4: is empty"),
        (f"{HEADER}1,1,2,3,4,5\n", "more fields than the header"),
        (
            f"{HEADER}1,1,2,3,4\n1,1,2,3,4,5\n",
            r"rows of different length \(Expected 5 fields in line 3, saw 6\)|more fields",
        ),
        (f"{HEADER}1,1,2,x,4\n", "row 2, column pixel3: 'x' is not an integer"),
        (f"{HEADER}1,1,2,3,4\n1,1,NaN,3,4\n", "row 3, column pixel2: is empty or NaN"),
        (f"{HEADER}1,1,,3,4\n", "row 2, column pixel2: is empty"),
        (f"{HEADER}\n\n1,1,2,x,4\n", "row 2: the label is empty"),
        (f"{HEADER}0.5,1,2,3,4\n", "labels are float64, such as 0.5"),
        ("label,label,pixel2,pixel3,pixel4\n1,1,2,3,4\n", "column 'label' appears twice"),
        (HEADER.replace(",", ";") + "1;1;2;3;4\n", "separate with commas"),
        (f"{HEADER}1,1,2,3,256\n", "row 2, column pixel4: 256 is not an integer in 0..255"),
        (f"{HEADER}1,-1,2,3,4\n", "row 2, column pixel1: -1"),
        (f"{HEADER}1,0.5,2,3,4\n", "row 2, column pixel1: 0.5"),
        (f"{HEADER}1,99999999999999999999999,2,3,4\n", "row 2, column pixel1: .* is not an integer in 0..255"),
        (f"{HEADER}1,18446744073709551615,2,3,4\n1,-1,2,3,4\n", "column pixel1: .* is not an integer in 0..255"),
        (f"{HEADER}1,True,2,3,4\n", "row 2, column pixel1: 'True' is not an integer"),
        (f"{HEADER},1,2,3,4\n", "row 2: the label is empty"),
        ("1,10,20,30,40\n0,1,2,3,4\n", "no header: the first line is all numbers"),
        ("label,id,pixel1,pixel2\n1,7,1,2\n", "column 'id' is not a pixel column such as 'pixel1'; remove it"),
        (
            ",label,pixel1,pixel2,pixel3,pixel4\n0,1,1,2,3,4\n",
            r"column 'Unnamed: 0' is not a pixel column.*index=False",
        ),
        ("label,a,b,c\n1,1,2,3\n", "3 pixel columns do not form a square image; give --shape"),
        ("\xff\xfe\x00l", "not UTF-8 text|no column 'label'"),
    ],
)
def test_errors_in_a_file_name_the_position_and_the_remedy(text, message):
    with pytest.raises(BadInput, match=message) as caught:
        parse_csv(text.encode("latin-1"), "hands.csv", None)
    assert str(caught.value).startswith("hands.csv: ")


def test_classes_may_be_called_na_and_trailing_blank_lines_are_ignored():
    _, labels = parse_csv(f"{HEADER}NA,0,1,2,3\r\nNone,0,1,2,3\r\n\r\n\n".encode(), "a.csv", None)
    assert labels.tolist() == ["NA", "None"]


def test_a_shape_that_does_not_fit_is_refused():
    with pytest.raises(BadInput, match="4 pixel columns cannot form 3x3 images; correct --shape"):
        parse_csv(f"{HEADER}1,1,2,3,4\n".encode(), "a.csv", (3, 3))


def write_zip(path: Path, **members: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "."), text)
    return path


def test_csvs_in_a_zip_are_read_without_unpacking(tmp_path):
    path = write_zip(tmp_path / "a.zip", a_train__csv="x", a_test__csv="y", readme__txt="z")
    assert read_bytes(path) == {"a_train.csv": b"x", "a_test.csv": b"y"}
    assert sorted(tmp_path.glob("*.csv")) == []


def test_a_truncated_zip_is_refused(tmp_path):
    whole = write_zip(tmp_path / "a.zip", a__csv=HEADER + "1,1,2,3,4\n" * 5000).read_bytes()
    for cut in (whole[: len(whole) // 2], whole[:-10], b""):
        (tmp_path / "cut.zip").write_bytes(cut)
        with pytest.raises(BadInput, match=r"cut\.zip: damaged zip"):
            read_bytes(tmp_path / "cut.zip")


def test_a_zip_with_damaged_contents_is_refused(tmp_path):
    text = "".join(f"{i % 9},{i % 256},{i % 7},3,4\n" for i in range(3000))
    data = bytearray(write_zip(tmp_path / "a.zip", a__csv=HEADER + text).read_bytes())
    data[200:260] = bytes(60)
    (tmp_path / "bad.zip").write_bytes(bytes(data))
    with pytest.raises(BadInput, match=r"bad\.zip: damaged zip"):
        read_bytes(tmp_path / "bad.zip")


def test_a_zip_without_csv_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"no \.csv file"):
        read_bytes(write_zip(tmp_path / "a.zip", readme__txt="hello"))


def test_pictures_round_trip_through_a_csv(tmp_path):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (20, 5, 5), dtype=np.uint8)
    text = io.StringIO()
    text.write("label," + ",".join(f"pixel{i + 1}" for i in range(25)) + "\n")
    for i, image in enumerate(images):
        text.write(f"{i % 3}," + ",".join(map(str, image.ravel())) + "\n")
    read, labels = parse_csv(text.getvalue().encode(), "a.csv", None)
    assert (read == images).all()
    assert labels.tolist() == [i % 3 for i in range(20)]


NUMBERED = [f"pixel{i}" for i in range(1, 65)]


def table(columns, rows):
    return "\n".join(",".join(map(str, row)) for row in (("label", *columns), *rows)).encode()


def test_columns_sorted_as_text_are_reordered_by_number():
    images = np.arange(128).reshape(2, 64)
    order = sorted(range(64), key=NUMBERED.__getitem__)
    assert NUMBERED[order[1]] == "pixel10"
    text = table([NUMBERED[i] for i in order], [(i, *image[order]) for i, image in enumerate(images)])
    assert parse_csv(text, "a.csv", None)[0].reshape(2, 64).tolist() == images.tolist()


@given(st.permutations(range(9)), st.sampled_from([0, 1]), st.sampled_from(["pixel", "", "px_", "0"]))
def test_any_order_of_numbered_columns_gives_the_same_picture(order, start, prefix):
    text = table([f"{prefix}{i + start}" for i in order], [("a", *order)])
    assert parse_csv(text, "a.csv", None)[0].ravel().tolist() == list(range(9))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            ["pixel1", "pixel2", "pixel4", "pixel5"],
            "no column pixel3, although there is pixel5; .* numbered from 0 or 1",
        ),
        (["pixel2", "pixel3", "pixel4", "pixel5"], "no column pixel1, although there is pixel5"),
        (["pixel0", "pixel1", "pixel2", "pixel9"], "no column pixel3, although there is pixel9"),
        (["pixel1", "pixel01", "pixel2", "pixel3"], "two columns have the number of pixel1; remove one"),
        (["1x1", "1x2", "2x1", "2x3"], "no column 1x3, although there is 2x3"),
        (["1x1", "1x2", "1", "2x1"], "some columns such as 1x1 have more numbers"),
        (["r1", "g1", "r2", "g2"], r"mixed kinds of pixel columns \(r1, g1\); use one name with numbers, or"),
        (["r1", "r3", "g1", "g2", "b1", "b2"], "no column r2, although there is r3"),
        (["r1", "r2", "g1", "g2", "b1"], "no column b2, although other colors have it; add it"),
        (
            ["pixel0", "pixel1", "pixel2", "id1"],
            "column 'id1' is not a pixel column such as 'pixel0'; .* --groups id1 if it",
        ),
        (["pixel1", "pixel999999999"], "no column pixel2, although there is pixel999999999"),
        (["1x1", "999999999x999999999"], "no column 1x2, although there is 999999999x999999999"),
        (["pixel1", "pixel" + "9" * 4000], "no column pixel2, although there is pixel9"),
        (["r0", "r1", "g0", "g1", "b0", "b1"], "the column names imply three colors; give --shape"),
        (
            [f"{c}x{y}x{x}" for c in range(3) for y in range(2) for x in range(2)],
            "the column names imply the shape 3x2x2; number columns by row",
        ),
    ],
)
def test_column_numbers_with_gaps_or_without_order_are_refused(columns, message):
    with pytest.raises(BadInput, match=f"a.csv: {message}"):
        parse_csv(table(columns, [range(len(columns) + 1)]), "a.csv", None)


GRID = np.arange(15).reshape(5, 3)


@pytest.mark.parametrize("name", ["{}x{}", "r{}c{}", "pixel_{}_{}", "{},{}"])
@given(order=st.permutations([(row, column) for row in range(5) for column in range(3)]), start=st.sampled_from([0, 1]))
def test_row_and_column_numbers_determine_shape_and_order(name, order, start):
    columns = ['"' + name.format(row + start, column + start) + '"' for row, column in order]
    text = table(columns, [("a", *(GRID[place] for place in order))])
    for shape in (None, (5, 3)):
        assert parse_csv(text, "a.csv", shape)[0].tolist() == [GRID.tolist()]
    with pytest.raises(BadInput, match=r"a.csv: the column names imply 5x3, not --shape 3x5; remove the flag"):
        parse_csv(text, "a.csv", (3, 5))


@pytest.mark.parametrize("name", ["x{}y{}", "pixel_x{}_y{}", "C{}R{}", "col_{}_row_{}"])
def test_a_name_can_declare_its_first_number_as_the_column(name):
    columns = [name.format(column, row) for column in range(3) for row in range(5)]
    text = table(columns, [("a", *GRID.T.ravel())])
    assert parse_csv(text, "a.csv", None)[0].tolist() == [GRID.tolist()]


@pytest.mark.parametrize("names", ["rgb", "RGB", ("red_", "green_", "blue_"), ("px_r_", "px_g_", "px_b_")])
@pytest.mark.parametrize("planar", [True, False])
def test_colors_are_combined_from_planar_and_interleaved_columns(names, planar):
    image = np.arange(45).reshape(5, 3, 3)
    pairs = [(pixel, color) for pixel in range(15) for color in range(3)]
    pairs = sorted(pairs, key=lambda pair: pair[::-1]) if planar else pairs
    columns = [f"{names[color]}{pixel}" for pixel, color in pairs]
    text = table(columns, [("a", *(image.reshape(15, 3)[pair] for pair in pairs))])
    assert parse_csv(text, "a.csv", (5, 3, 3))[0].tolist() == [image.tolist()]
    with pytest.raises(BadInput, match="the column names imply three colors"):
        parse_csv(text, "a.csv", (5, 9))


def test_names_with_a_color_number_fit_a_shape_in_color():
    image = np.arange(45).reshape(5, 3, 3)
    for columns in (
        [f"p{pixel}_{color}" for pixel in range(15) for color in range(3)],
        [f"{row}_{column}_{color}" for row in range(5) for column in range(3) for color in range(3)],
    ):
        assert parse_csv(table(columns, [("a", *range(45))]), "a.csv", (5, 3, 3))[0].tolist() == [image.tolist()]


def test_names_without_numbers_keep_the_order_of_the_file():
    assert parse_csv(table("dbca", [(0, 1, 2, 3, 4)]), "a.csv", None)[0].ravel().tolist() == [1, 2, 3, 4]


def test_names_without_numbers_must_have_the_same_order_in_both_tables(tmp_path):
    files = [tmp_path / "x_train.csv", tmp_path / "x_test.csv"]
    files[0].write_bytes(table("abcd", [(0, 1, 2, 3, 4)]))
    for columns, message in (("abdc", "'d' in place of 'c'"), (NUMBERED[:4], "'pixel1' in place of 'a'|'numbered'")):
        files[1].write_bytes(table(columns, [(0, 1, 2, 3, 4)]))
        with pytest.raises(
            BadInput, match=rf"x_test.csv: the pixel columns differ from those of .*x_train.csv \({message}"
        ):
            read_csv_files(tmp_path, files, None)
    files[1].write_bytes(b"a,b,c,d,label\n4,3,2,1,0")
    assert read_csv_files(tmp_path, files, None).test_images.tolist() == [[[4, 3], [2, 1]]]


def test_an_encrypted_zip_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"a.zip: .*encrypted.*compress it again with deflate and no password"):
        read_bytes(patched(write_zip(tmp_path / "a.zip", a__csv=HEADER), _6=1))
