"""Likely photo groups found in the names of images."""

import re
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.data.given import captured
from search.data.hints import are_likely_groups, hint_of_column, hint_of_paths, note_on_classes


def of(pattern, classes="abc", groups=range(4), pictures=range(5)):
    """Paths and their classes. In the pattern, c is the class name, k its number, g the group and i the image."""
    every = [(k, c, g, i) for k, c in enumerate(classes) for g in groups for i in pictures]
    return [pattern.format(c=c, k=k, g=g, i=i) for k, c, g, i in every], [c for _, c, _, _ in every]


def flag(sentence):
    """Returns the last expression in a message."""
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
def test_names_with_groups_give_an_expression_that_captures_them(pattern, expression):
    paths, classes = of(pattern)
    (message,) = hint_of_paths(paths, classes)
    assert flag(message) == expression
    names = captured(expression, paths)
    assert len(set(names)) == 12
    assert all(len(set(names[i : i + 5])) == 1 for i in range(0, 60, 5))
    assert message.startswith(f"{paths[0]} and 4 others have ")


@pytest.mark.parametrize(
    "pattern",
    [
        "{c}/{g}{i}.png",  # only numbers
        "{c}/{c}.{g}{i}.jpg",  # the class and a number
        "train/{c}/IMG_{k}{g}{i}.jpg",  # the same name for all
        "{c}/{g}{i}_{c}.png",
        "{c}/{k}_{g}{i}.png",  # the number of the class and of the image
    ],
)
def test_names_with_only_a_number_or_the_class_give_no_hint(pattern):
    assert hint_of_paths(*of(pattern)) == ()


def test_groups_of_mostly_single_pictures_give_no_hint():
    assert hint_of_paths(*of("{c}/{k}{g}_{i}.png", groups=range(40), pictures=range(1))) == ()


def test_different_extensions_are_matched_by_one_expression():
    paths, classes = of("{c}/{k}{g}_{i}.png")
    paths[3] = paths[3].replace("png", "JPG")
    assert flag(*hint_of_paths(paths, classes)) == r"(\d+)_\d+\.\w+$"


def test_if_names_restart_in_each_class_an_expression_with_the_folder_is_suggested():
    paths, classes = of("{c}/{g:05}_{i:05}.ppm")
    (message,) = hint_of_paths(paths, classes)
    assert r"give --groups '(\d+)_\d+\.ppm$'; if names restart in each class folder, give " in message
    assert flag(message.split("; ")[1]) == r"([^/]+/\d+)_\d+\.ppm$"
    assert len(set(captured(flag(message.split("; ")[1]), paths))) == 12


def test_a_note_warns_of_given_groups_that_span_classes():
    paths, classes = of("{c}/{g}_{i}.ppm")
    names = captured(r"(\d+)_", paths)
    assert note_on_classes(r"(\d+)_", names, paths, classes) == (
        "4 of 4 groups contain images of several classes, which a split keeps together; if names restart in each "
        r"class folder, give --groups '([^/]+/\d+)_'",
    )
    assert note_on_classes(r"^[^/]+/(\d+)_", names, paths, classes) == (
        "4 of 4 groups contain images of several classes, which a split keeps together",
    )
    whole = captured(r"(.+)_", paths)
    assert note_on_classes(r"(.+)_", whole, paths, classes) == ()


def test_a_column_with_recurring_values_gives_a_hint():
    _, classes = of("")
    people = [f"p{i // 5}" for i in range(60)]
    (message,) = hint_of_column("who is it", people, classes)
    assert message.startswith("5 images have 'p0' as 'who is it': ")
    assert flag(message) == "who is it"
    assert hint_of_column("id", list(range(60)), classes) == hint_of_column("name", classes, classes) == ()
    assert hint_of_column("some", [None, *people[1:]], classes) == ()


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1))
def test_groups_are_likely_only_if_most_names_have_several_pictures(rows):
    names, classes = zip(*rows, strict=True)
    several = [name for name in set(names) if names.count(name) > 1]
    assert not are_likely_groups(names, classes) or len(several) > len(set(names)) / 2


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="/"), min_size=1), min_size=1, max_size=9))
def test_hints_accept_any_names(names):
    hint_of_paths([f"a/{name}" for name in names], ["a"] * len(names))
