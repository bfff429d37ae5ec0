"""How a confirmation trains, and the test photos that it needs."""

from dataclasses import replace

import numpy as np

from search.confirmation.findings import photos_without_copies
from search.console.messages import plural
from search.data.split import Fold, Split, by_appearance, digest
from search.errors import BadInput
from search.evaluation.budgets import AUGMENTATIONS, BUDGETS
from search.evaluation.protocol import FIRST_SEED, Protocol, make_protocol
from storage.results import Results


def confirmation_protocol(
    split: Split, budget: str, precision: str | None = None, results: Results | None = None
) -> Protocol:
    """All photos that are not test photos train, test photos are predicted, by the budget's recipe.

    A study without augmentation is confirmed without: it knew why. The network, what of it stays real, and where none
    is given the precision are the study's.
    """
    whole = replace(split, folds=(Fold(split.development, split.test),))
    recipe = BUDGETS[budget].recipe
    if results is not None:
        if not any(results.protocol["recipe"]["augmentation"].values()):
            recipe = replace(recipe, augmentation=AUGMENTATIONS["none"])
        precision = precision or str(results.protocol["recipe"]["precision"])
        kept = {name: results.protocol["recipe"].get(name, getattr(recipe, name)) for name in OF_THE_STUDY}
        recipe = replace(recipe, **kept)
    if precision is not None:
        recipe = replace(recipe, precision=precision)
    made = make_protocol(whole, replace(BUDGETS[budget], recipe=recipe), FIRST_SEED)
    sides = by_appearance(split.development.groups), by_appearance(split.test.groups)
    return replace(made, photos="test", split_fingerprint=digest(*sides))


OF_THE_STUDY = ("network", "real_layers", "gradient")  # settings of a recipe that a confirmation takes over


def check_test_photos(split: Split) -> None:
    """Raises: BadInput when too few test photos are left to say anything, before anything is trained."""
    kept = photos_without_copies(split.test, split.development, split.pictures.similarity)
    photos = split.test[np.flatnonzero(kept)].photos
    if photos < FEWEST_PHOTOS:
        raise BadInput(
            f"{split.pictures.origin}: {plural(photos, 'test photo')} without near copies or pictures of its "
            f"group among the training photos; at least {FEWEST_PHOTOS} are needed to say anything"
        )


FEWEST_PHOTOS = 2
