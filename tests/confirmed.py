"""Parts of findings for tests."""

from models.recipe import Recipe
from search.binarization.binarization import Input
from search.confirmation.findings import Circumstances, Comparison, Confirmed, Findings
from search.confirmation.statistics import Estimate
from search.evaluation.protocol import Protocol

PROTOCOL = Protocol("data", "split", variants=1, recipe=Recipe(), seed=0)


def circumstances(**changed) -> Circumstances:
    usual = {"readings": 1, "protocol": PROTOCOL, "versions": {}, "trained_with": ("one",), "cost": ()}
    return Circumstances(**usual | changed)


def confirmed(input: Input, **against: Comparison) -> Confirmed:
    """An entry with the same estimate everywhere."""
    half = Estimate(mean=0.5, sd=0.1, n=2, low=0.4, high=0.6)
    return Confirmed(input, (), None, None, half, half, half, against, None)


def findings(*entries: Confirmed) -> Findings:
    return Findings(entries, photos=9, pictures=9, photos_left_out=0, circumstances=circumstances())
