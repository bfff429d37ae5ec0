"""Signs of groups in the names of pictures."""

import re
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.data.given import captured
from search.data.hints import hint_of_column, hint_of_paths, note_on_classes, tell_groups


def of(pattern, classes="abc", groups=range(4), pictures=range(5)):
    """Paths and their classes; in the pattern c is the class's name, k its number, g the group, i the picture."""
    every = [(k, c, g, i) for k, c in enumerate(classes) for g in groups for i in pictures]
    return [pattern.format(c=c, k=k, g=g, i=i) for k, c, g, i in every], [c for _, c, _, _ in every]


def flag(sentence):
    """The last expression that a sentence names."""
    return shlex.split(re.findall(r"--groups (.*)$", sentence)[0])[0]


@pytest.mark.parametrize(
    ("pattern", "expression"),
    [
        ("{c}/{k}{g:04}_{i:05}.ppm", r"(\d+)_\d+\.ppm$"),
        ("train/{c}/{k}{g}-{i}.png", r"(\d+)-\d+\.png$"),
        ("{c}/{k}{g}.{i}.png", r"(\d+)\.\d+\.png$"),
        ("{c}/subject {k}{g} {i}.png", r"([^/]+) \d+\.png$"),
        ("{c}/P{k}{g}_left_{i}.jpg", r"([^/]+)_\d+\.jpg$"),
        ("{c}/hand{g}_{c}_bot_seg_{i}_cropped.jpeg", r"([^/]*[^/\d])\d+[^/\d]*\.jpeg$"),
        ("{c}/{c}-{g}/{i}.png", "([^/]+)/[^/]+$"),
        ("{c}/{k}{g}_jpg.rf.{i}0b1f9.jpg", r"([^/]+)\.rf\."),
    ],
)
def test_names_that_tell_groups_give_an_expression_that_finds_them(pattern, expression):
    paths, classes = of(pattern)
    (said,) = hint_of_paths(paths, classes)
    assert flag(said) == expression
    names = captured(expression, paths)
    assert len(set(names)) == 12
    assert all(len(set(names[i : i + 5])) == 1 for i in range(0, 60, 5))
    assert said.startswith(f"{paths[0]} and 4 others have ")


@pytest.mark.parametrize(
    "pattern",
    [
        "{c}/{g}{i}.png",  # numbers alone
        "{c}/{c}.{g}{i}.jpg",  # the class and a number
        "train/{c}/IMG_{k}{g}{i}.jpg",  # one name for all
        "{c}/{g}{i}_{c}.png",
        "{c}/{k}_{g}{i}.png",  # the class's number and another
    ],
)
def test_names_that_only_count_or_say_the_class_are_no_sign(pattern):
    assert hint_of_paths(*of(pattern)) == ()


def test_pictures_that_are_mostly_alone_in_their_groups_are_no_sign():
    assert hint_of_paths(*of("{c}/{k}{g}_{i}.png", groups=range(40), pictures=range(1))) == ()


def test_extensions_that_differ_are_matched_together():
    paths, classes = of("{c}/{k}{g}_{i}.png")
    paths[3] = paths[3].replace("png", "JPG")
    assert flag(*hint_of_paths(paths, classes)) == r"(\d+)_\d+\.\w+$"


def test_where_names_begin_anew_in_each_class_the_expression_with_the_folder_is_named_too():
    paths, classes = of("{c}/{g:05}_{i:05}.ppm")
    (said,) = hint_of_paths(paths, classes)
    assert r"say --groups '(\d+)_\d+\.ppm$'; where names begin anew in each class's folder, say " in said
    assert flag(said.split("; ")[1]) == r"([^/]+/\d+)_\d+\.ppm$"
    assert len(set(captured(flag(said.split("; ")[1]), paths))) == 12


def test_an_expression_whose_groups_span_classes_is_told_so_with_the_expression_that_takes_the_folder():
    paths, classes = of("{c}/{g}_{i}.ppm")
    names = captured(r"(\d+)_", paths)
    assert note_on_classes(r"(\d+)_", names, paths, classes) == (
        "4 of 4 groups have pictures of several classes, and keep them together; where names begin anew in each "
        r"class's folder, say --groups '([^/]+/\d+)_'",
    )
    assert note_on_classes(r"^[^/]+/(\d+)_", names, paths, classes) == (
        "4 of 4 groups have pictures of several classes, and keep them together",
    )
    whole = captured(r"(.+)_", paths)
    assert note_on_classes(r"(.+)_", whole, paths, classes) == ()


def test_a_column_with_the_same_value_for_several_pictures_is_named():
    _, classes = of("")
    people = [f"p{i // 5}" for i in range(60)]
    (said,) = hint_of_column("who is it", people, classes)
    assert said.startswith("5 pictures have 'p0' as 'who is it': ")
    assert flag(said) == "who is it"
    assert hint_of_column("id", list(range(60)), classes) == hint_of_column("name", classes, classes) == ()
    assert hint_of_column("some", [None, *people[1:]], classes) == ()


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1))
def test_groups_are_told_only_where_most_names_have_several_pictures(rows):
    names, classes = zip(*rows, strict=True)
    several = [name for name in set(names) if names.count(name) > 1]
    assert not tell_groups(names, classes) or len(several) > len(set(names)) / 2


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="/"), min_size=1), min_size=1, max_size=9))
def test_whatever_the_names_are_nothing_fails(names):
    hint_of_paths([f"a/{name}" for name in names], ["a"] * len(names))
