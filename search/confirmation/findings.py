"""The findings of a confirmation as values: accuracies on test photos, and comparisons between inputs.

They are stored as JSON (`to_dict`, `from_dict`) with a version; storage/migrations converts those of earlier versions.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from search.binarization.binarization import Binarization, Greyscale, Input, input_of
from search.binarization.levels import GREY
from search.confirmation.roles import BEST_8_BIT, BEST_REFERENCE, Role
from search.confirmation.statistics import Estimate
from search.evaluation.protocol import Protocol
from storage.results import Results

VERSION = 3
READABLE = (2, VERSION)  # version 2 has no comparison with the best 8-bit level map, and no roles of 8-bit level maps
# What an input is compared with, where the confirmation has it: greyscale, the best 8-bit level map, the best
# reference, the rival's best, the best reference of no more bits, the rival's best with as many cut points.
COMPARISONS = ("greyscale", "best_8_bit", "best_reference", "rival", "reference_within_bits", "rival_same_cuts")


@dataclass(frozen=True)
class Comparison:
    """The accuracy of one input minus that of another, -1..1, with a 95 % interval over photos and seeds.

    p: of the paired permutation test. p_adjusted, verdict: what verdicts.py makes of all comparisons together; None and
    empty before.
    """

    to: Input
    mean: float
    low: float
    high: float
    p: float
    p_adjusted: float | None = None
    verdict: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "to": self.to.record}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Comparison":
        """The inverse of to_dict."""
        return cls(**{**values, "to": input_of(values["to"])})


@dataclass(frozen=True)
class Confirmed:
    """The test results of one input.

    trial, validation: its first trial in the study and its value there; None for an input without a trial.
    accuracy: on images of independent photos. photo_accuracy: by majority of each photo's images.
    all_photos: the accuracy on the whole test set. against: by COMPARISONS, those that apply.
    within_bits: the best reference of no more bits, which may be this input itself.
    """

    input: Input
    roles: tuple[Role, ...]
    trial: int | None
    validation: float | None
    accuracy: Estimate
    photo_accuracy: Estimate
    all_photos: Estimate
    against: Mapping[str, Comparison]
    within_bits: Input | None

    @property
    def is_greyscale(self) -> bool:
        """Whether this is greyscale, or full color: the grey levels without cut points."""
        return isinstance(self.input, Greyscale) and self.input.level_map == GREY

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "input": self.input.record,
            "roles": [role.to_dict() for role in self.roles],
            "trial": self.trial,
            "validation": self.validation,
            "accuracy": asdict(self.accuracy),
            "photo_accuracy": asdict(self.photo_accuracy),
            "all_photos": asdict(self.all_photos),
            "against": {name: each.to_dict() for name, each in self.against.items()},
            "within_bits": None if self.within_bits is None else self.within_bits.record,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Confirmed":
        """The inverse of to_dict."""
        within = values["within_bits"]
        return cls(
            input=input_of(values["input"]),
            roles=tuple(Role.from_dict(role) for role in values["roles"]),
            trial=values["trial"],
            validation=values["validation"],
            accuracy=Estimate(**values["accuracy"]),
            photo_accuracy=Estimate(**values["photo_accuracy"]),
            all_photos=Estimate(**values["all_photos"]),
            against={name: Comparison.from_dict(each) for name, each in values["against"].items()},
            within_bits=None if within is None else input_of(within),
        )


@dataclass(frozen=True)
class SearchCost:
    """What the trials of a study cost: how many were trained, and their seconds of training."""

    study: str
    trials: int
    seconds: float


@dataclass(frozen=True)
class Circumstances:
    """How a confirmation was made.

    readings: how often these test photos were read in this database, this reading included.
    cost: of the study and of the rival study; empty for the paper's settings. trained_with: versions and devices.
    """

    readings: int
    protocol: Protocol
    versions: Mapping[str, str]
    trained_with: tuple[str, ...]
    cost: tuple[SearchCost, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "readings": self.readings,
            "protocol": self.protocol.as_dict(),
            "versions": dict(self.versions),
            "trained_with": list(self.trained_with),
            "cost": [asdict(each) for each in self.cost],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Circumstances":
        """The inverse of to_dict."""
        return cls(
            values["readings"],
            Protocol.from_dict(values["protocol"]),
            values["versions"],
            tuple(values["trained_with"]),
            tuple(SearchCost(**each) for each in values["cost"]),
        )


@dataclass(frozen=True)
class Findings:
    """All findings of one reading of the test set.

    photos, images: independent test photos and their images. photos_left_out: near copies of training photos.
    margin: a difference in accuracy, 0..1, that does not matter; None where none was given.
    """

    entries: tuple[Confirmed, ...]
    photos: int
    pictures: int
    photos_left_out: int
    circumstances: Circumstances
    margin: float | None = None

    @property
    def greyscale(self) -> Confirmed:
        """The entry of greyscale, or of full color."""
        return next(entry for entry in self.entries if entry.is_greyscale)

    @property
    def best_reference(self) -> Input | None:
        """The best reference by validation value, None where none was confirmed."""
        return next((entry.input for entry in self.entries if BEST_REFERENCE in entry.roles), None)

    @property
    def best_8_bit(self) -> Confirmed | None:
        """The best 8-bit level map by validation value, None where the study has trained greyscale only."""
        return next((entry for entry in self.entries if BEST_8_BIT in entry.roles), None)

    def of(self, input: Input) -> Confirmed | None:
        """The entry of this input, None where it was not confirmed."""
        return next((entry for entry in self.entries if entry.input == input), None)

    @property
    def has_rival(self) -> bool:
        """Whether a rival study was confirmed beside."""
        return len(self.circumstances.cost) > 1

    def to_dict(self) -> dict[str, Any]:
        """Plain values, with the version of this form."""
        return {
            "version": VERSION,
            "entries": [entry.to_dict() for entry in self.entries],
            "photos": self.photos,
            "pictures": self.pictures,
            "photos_left_out": self.photos_left_out,
            "circumstances": self.circumstances.to_dict(),
            "margin": self.margin,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Findings":
        """The inverse of to_dict. Raises: ValueError for a version that is not READABLE."""
        if values.get("version") not in READABLE:
            known = ", ".join(map(str, READABLE))
            raise ValueError(f"findings of version {values.get('version')}; expected one of {known}")
        return cls(
            tuple(Confirmed.from_dict(entry) for entry in values["entries"]),
            values["photos"],
            values["pictures"],
            values["photos_left_out"],
            Circumstances.from_dict(values["circumstances"]),
            values["margin"],
        )


def findings_of(results: Results) -> Findings | None:
    """The findings of a study's strongest confirmation; None before the first."""
    return None if results.confirmation is None else Findings.from_dict(results.confirmation)


def cuts_of(input: Input) -> int:
    """The number of cut points of an input; 0 for 8-bit inputs."""
    return len(input.cut_points) if isinstance(input, Binarization) else 0
