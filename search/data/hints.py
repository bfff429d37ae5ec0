"""Finds likely photo groups in the names of images: frames of a video, images of a person, variants of a photo.

Returns a message that names the --groups flag to use, or nothing. Only the user knows whether the images really
belong together.
"""

import re
import shlex
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

MOST = 0.5  # share of names that must have several images, and of classes that must have several names
OFFER = "if those are frames of one video, images of one person or variants of one photo, give"


def are_likely_groups(names: Sequence[object], classes: Sequence[object]) -> bool:
    """Returns whether names are likely groups: most have several images, and most classes have several names."""
    pictures = Counter(names)
    of_class = defaultdict(set)
    for name, label in zip(names, classes, strict=True):
        of_class[label].add(name)
    several = sum(count > 1 for count in pictures.values())
    divided = sum(len(found) > 1 for found in of_class.values())
    return None not in pictures and several > MOST * len(pictures) and divided > MOST * len(of_class)


def hint_of_paths(paths: Sequence[str], classes: Sequence[object]) -> tuple[str, ...]:
    """Returns a message about the first expression that finds likely groups in the paths, or nothing."""
    for what, stems, expression in _expressions({PurePosixPath(path).suffix for path in paths}):
        names: list[str] = []
        for path in paths:
            match = re.search(expression, path)
            if match is None or not re.search(stems, path):
                break
            names.append(match[1])
        if len(names) == len(paths) and are_likely_groups(names, classes):
            (name, count), *_ = Counter(names).most_common(1)
            said = f"{paths[names.index(name)]} and {count - 1} others have {what} in common: {OFFER} "
            return (f"{said}--groups {shlex.quote(expression)}{_or_with_folder(expression, names, paths, classes)}",)
    return ()


def hint_of_column(column: str, values: Sequence[object], classes: Sequence[object]) -> tuple[str, ...]:
    """Returns a message about a column whose values are likely groups, or nothing."""
    if not are_likely_groups(values, classes):
        return ()
    ((value, count),) = Counter(values).most_common(1)
    return (f"{count} images have {str(value)[:40]!r} as {column!r}: {OFFER} --groups {shlex.quote(column)}",)


def note_on_classes(
    expression: str, names: Sequence[str | None], paths: Sequence[str], classes: Sequence[object]
) -> tuple[str, ...]:
    """Returns a message if most groups of the user's expression contain images of several classes."""
    several = sum(len(found) > 1 for found in _classes_of(names, classes).values())
    if several <= MOST * len(set(names)):
        return ()
    said = f"{several} of {len(set(names))} groups contain images of several classes, which a split keeps together"
    return (said + _or_with_folder(expression, names, paths, classes),)


def _expressions(suffixes: set[str]) -> Iterator[tuple[str, str, str]]:
    """Yields a description of the common part, a pattern that all paths must match, and the capturing expression."""
    end = f"{re.escape(next(iter(suffixes)))}$" if len(suffixes) == 1 else r"\.\w+$"
    yield "a folder", "/.*/", "([^/]+)/[^/]+$"
    yield "the name before '.rf.'", r"\.rf\.", r"([^/]+)\.rf\."  # Roboflow's names for variants of an image
    for separator in map(re.escape, "_-. "):
        separator = separator.replace("\\ ", " ").replace("\\-", "-")
        yield "the number before the last", rf"(^|/)\d+{separator}\d+{end}", rf"(\d+){separator}\d+{end}"
        yield "the name before the last number", "", rf"([^/]+){separator}\d+{end}"
    yield "the name before the last number", "", rf"([^/]*[^/\d])\d+[^/\d]*{end}"


def _classes_of(names: Sequence[str | None], classes: Sequence[object]) -> dict[str | None, set[object]]:
    found = defaultdict(set)
    for name, label in zip(names, classes, strict=True):
        found[name].add(label)
    return found


def _or_with_folder(
    expression: str, names: Sequence[str | None], paths: Sequence[str], classes: Sequence[object]
) -> str:
    """Suggests an expression with the class folder, if most names occur in several classes and may restart in each."""
    found = _classes_of(names, classes)
    if sum(len(each) > 1 for each in found.values()) <= MOST * len(found) or not re.match(r"\((?!\?)", expression):
        return ""
    longer = f"([^/]+/{expression[1:]}"
    if not all(re.search(longer, path) for path in paths):
        return ""
    return f"; if names restart in each class folder, give --groups {shlex.quote(longer)}"
