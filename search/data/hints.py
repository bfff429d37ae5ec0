"""Signs of groups in the names of pictures: frames of one video, pictures of one person, variants of one photo.

Enters: paths, or a column's values, and classes beside them. Leaves: one sentence that names the flag that would use
what was found, or nothing. Whether the pictures really belong together only their owner knows.
"""

import re
import shlex
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

MOST = 0.5  # of the names have several pictures, of the classes several names
OFFER = "if those are frames of one video, pictures of one person or variants of one photo, say"


def tell_groups(names: Sequence[object], classes: Sequence[object]) -> bool:
    """Whether names divide most classes, and most of the names have several pictures."""
    pictures = Counter(names)
    of_class = defaultdict(set)
    for name, label in zip(names, classes, strict=True):
        of_class[label].add(name)
    several = sum(count > 1 for count in pictures.values())
    divided = sum(len(found) > 1 for found in of_class.values())
    return None not in pictures and several > MOST * len(pictures) and divided > MOST * len(of_class)


def hint_of_paths(paths: Sequence[str], classes: Sequence[object]) -> tuple[str, ...]:
    """A sentence on the first expression by which the paths tell groups, or none."""
    for what, stems, expression in _expressions({PurePosixPath(path).suffix for path in paths}):
        names: list[str] = []
        for path in paths:
            match = re.search(expression, path)
            if match is None or not re.search(stems, path):
                break
            names.append(match[1])
        if len(names) == len(paths) and tell_groups(names, classes):
            (name, count), *_ = Counter(names).most_common(1)
            said = f"{paths[names.index(name)]} and {count - 1} others have {what} in common: {OFFER} "
            return (f"{said}--groups {shlex.quote(expression)}{_or_with_folder(expression, names, paths, classes)}",)
    return ()


def hint_of_column(column: str, values: Sequence[object], classes: Sequence[object]) -> tuple[str, ...]:
    """A sentence on a column whose values tell groups, or none."""
    if not tell_groups(values, classes):
        return ()
    ((value, count),) = Counter(values).most_common(1)
    return (f"{count} pictures have {str(value)[:40]!r} as {column!r}: {OFFER} --groups {shlex.quote(column)}",)


def note_on_classes(
    expression: str, names: Sequence[str | None], paths: Sequence[str], classes: Sequence[object]
) -> tuple[str, ...]:
    """What is to be said of an expression that was given: that most of its groups have pictures of several classes."""
    several = sum(len(found) > 1 for found in _classes_of(names, classes).values())
    if several <= MOST * len(set(names)):
        return ()
    said = f"{several} of {len(set(names))} groups have pictures of several classes, and keep them together"
    return (said + _or_with_folder(expression, names, paths, classes),)


def _expressions(suffixes: set[str]) -> Iterator[tuple[str, str, str]]:
    """What pictures have in common, what all paths match, and the expression that captures it."""
    end = f"{re.escape(next(iter(suffixes)))}$" if len(suffixes) == 1 else r"\.\w+$"
    yield "a folder", "/.*/", "([^/]+)/[^/]+$"
    yield "the name before '.rf.'", r"\.rf\.", r"([^/]+)\.rf\."  # how Roboflow calls its variants of a picture
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
    """The expression that takes the folder along, where most names come in several classes: they may count anew."""
    found = _classes_of(names, classes)
    if sum(len(each) > 1 for each in found.values()) <= MOST * len(found) or not re.match(r"\((?!\?)", expression):
        return ""
    longer = f"([^/]+/{expression[1:]}"
    if not all(re.search(longer, path) for path in paths):
        return ""
    return f"; where names begin anew in each class's folder, say --groups {shlex.quote(longer)}"
