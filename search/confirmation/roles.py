"""Roles of the inputs of a confirmation: why each of them is retrained."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from search.binarization.binarization import Arithmetic
from search.console.messages import plural

# The kinds of roles, and the fields that each has beside its kind.
KINDS: dict[str, tuple[str, ...]] = {
    "greyscale": (),
    "best 8-bit level map": (),  # the best of the 8-bit level maps that the study has trained, greyscale included
    "8-bit level map": (),  # the level map of a finalist, without cut points
    "best": (),
    "best of cuts": ("cuts",),  # the best with this number of cut points
    "top": ("rank",),  # the best of all by rank, from 2
    "best with arithmetic": ("arithmetic",),  # the best with these weights and activations
    "rival best": (),  # the best of the rival study
    "rival best of cuts": ("cuts",),
    "best reference": (),
    "best reference within bits": ("bits",),  # the best reference with at most so many bits per pixel
    "reference": ("name",),  # the best reference of this name
    "paper": (),  # a setting of the paper
}


@dataclass(frozen=True)
class Role:
    """Why an input is confirmed. "Best" always means by validation value: the test set chooses nothing.

    Raises: ValueError for an unknown kind, or for fields that do not belong to it.
    """

    kind: str
    cuts: int | None = None
    bits: int | None = None
    rank: int | None = None
    name: str | None = None
    arithmetic: Arithmetic | None = None

    def __post_init__(self) -> None:
        given = tuple(
            name for name in ("cuts", "bits", "rank", "name", "arithmetic") if getattr(self, name) is not None
        )
        if self.kind not in KINDS:
            raise ValueError(f"role {self.kind!r}: expected {', '.join(KINDS)}")
        if given != KINDS[self.kind]:
            raise ValueError(f"role {self.kind!r} has {given}: expected {KINDS[self.kind]}")

    @property
    def is_reference(self) -> bool:
        """Whether the input is confirmed because it is a reference."""
        return self.kind in ("best reference", "best reference within bits", "reference")

    def __str__(self) -> str:
        match self.kind:
            case "best of cuts":
                return f"best of {self.cuts}"
            case "top":
                return f"top {self.rank}"
            case "best with arithmetic":
                return f"best with {str(self.arithmetic) or 'real weights and activations'}"
            case "rival best":
                return "best of the rival study"
            case "rival best of cuts":
                return f"rival's best of {self.cuts}"
            case "best reference within bits":
                return f"best reference within {plural(self.bits or 0, 'bit')}"
            case "reference":
                return f"reference {self.name}"
            case _:
                return self.kind

    def to_dict(self) -> dict[str, Any]:
        """Plain values: the kind and its fields."""
        return {key: value for key, value in asdict(self).items() if value is not None}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Role":
        """The role that to_dict was called on. Raises: TypeError, ValueError for anything else."""
        arithmetic = values.get("arithmetic")
        return cls(**{**values, "arithmetic": None if arithmetic is None else Arithmetic(**arithmetic)})


GREYSCALE, BEST, BEST_REFERENCE = Role("greyscale"), Role("best"), Role("best reference")
RIVAL_BEST, PAPER_SETTING = Role("rival best"), Role("paper")
BEST_8_BIT, LEVEL_MAP_8_BIT = Role("best 8-bit level map"), Role("8-bit level map")


def best_of(cuts: int) -> Role:
    """The best with this number of cut points."""
    return Role("best of cuts", cuts=cuts)


def best_reference_within(bits: int) -> Role:
    """The best reference with at most this many bits per pixel."""
    return Role("best reference within bits", bits=bits)


def rival_best_of(cuts: int) -> Role:
    """The best of the rival study with this number of cut points."""
    return Role("rival best of cuts", cuts=cuts)


def main_role(roles: Sequence[Role]) -> str:
    """The role that a narrow table shows: one role of a search and the name of a reference, `best of 3, multi-otsu`."""
    names = [str(role.name) for role in roles if role.kind == "reference"]
    searched = [role for role in roles if not role.is_reference]
    first = [BEST] if BEST in searched else searched[:1]
    shown = ["rival's best" if role == RIVAL_BEST else str(role) for role in first]
    return ", ".join(shown + names[:1]) or str(BEST_REFERENCE)


def all_roles(roles: Sequence[Role]) -> str:
    """All roles as one text; those within a number of bits are joined: `best reference within 3, 4 and 8 bits`."""
    within = [int(role.bits or 0) for role in roles if role.kind == "best reference within bits"]
    shown = [str(role) for role in roles if role.kind != "best reference within bits"]
    if within:
        *first, last = map(str, within)
        several = f"{', '.join(first)} and {last}" if first else last
        shown.append(f"best reference within {several} {'bit' if several == '1' else 'bits'}")
    return ", ".join(shown)
